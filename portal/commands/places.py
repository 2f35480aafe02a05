"""Where a backup is put back: a SQLite file that is replaced whole, or an empty PostgreSQL database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from portal import keyfiles, moving, sqlite_files
from portal.config import Settings
from portal.migrations import migrate
from portal.moving import Different, Unwanted
from portal.services.tools import Tools
from portal.sqlite_files import InUse
from portal.store import Store, engine_at


class RestoreRefused(Exception):
    """It cannot be done here or with these keys; the text says what to do."""


class TrailBroken(Exception):
    """The backup or its audit trail is not what was written."""


_PATIENCE: Final = 1.0
_RUNNING = "the portal is running here; stop it first"
_NOT_EMPTY = "this practice is not empty; a backup never replaces one"


class Place(Protocol):
    """Somewhere a practice can be put."""

    def require_free(self) -> None:
        """Whatever is there holds nobody, and nobody has it open. Raises RestoreRefused."""

    def take(self, half: Path, tools: Tools) -> None:
        """Put a finished SQLite file in place. Raises RestoreRefused and TrailBroken."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class FilePlace:
    """The practice's SQLite file."""

    path: Path

    def require_free(self) -> None:
        """Whatever is there holds nobody, and nobody has it open. Raises RestoreRefused."""
        if not self.path.exists():
            return
        if not sqlite_files.is_empty(self.path):
            raise RestoreRefused(_NOT_EMPTY)
        self._require_closed()

    def _require_closed(self) -> None:
        try:
            sqlite_files.settle(self.path)
        except InUse as error:
            raise RestoreRefused(_RUNNING) from error

    def take(self, half: Path, tools: Tools) -> None:
        """In one rename."""
        if self.path.exists():
            self._require_closed()
        half.chmod(0o600)
        half.replace(self.path)
        keyfiles.sync_folder(self.path.parent)

    def close(self) -> None:
        """Nothing is held."""


def _is_left_alone(engine: Engine) -> bool:
    """Whether nobody else is connected; a connection that is closing is given a moment."""
    give_up = time.monotonic() + _PATIENCE
    while moving.others(engine):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


@dataclass(frozen=True)
class ServerPlace:
    """A PostgreSQL database. It bears a mark while it is filled, so that no portal starts on it.

    A run after a kill finds the mark and fills it anew.
    """

    store: Store

    @classmethod
    def of(cls, settings: Settings) -> ServerPlace:
        """The one that the settings name."""
        staff, partner = engine_at(settings.database_url), engine_at(settings.partner_database_url)
        return cls(Store.over(staff=staff, partner=partner))

    def require_free(self) -> None:
        """Whatever is there holds nobody, and nobody is connected to it. Raises RestoreRefused."""
        engine = self.store.staff.engine
        try:
            if migrate.is_marked(engine):
                return  # by a run that was killed, or it will be refused
            if not moving.holds_nobody(engine):
                raise RestoreRefused(_NOT_EMPTY)
            if not _is_left_alone(engine):
                raise RestoreRefused(_RUNNING)
        except DBAPIError as error:
            raise RestoreRefused(f"the database cannot be used ({type(error.orig).__name__})") from error

    def take(self, half: Path, tools: Tools) -> None:
        """Table by table, compared on both sides; opened to portals at the end."""
        engine = self.store.staff.engine
        self.require_free()
        try:
            moving.claim(engine, migrate.moving(moving.practice(tools.vault)), may_clear=True)
            with moving.held(half) as source:
                moving.arrive(source, engine, lambda _line: None)
        except Unwanted as refused:
            raise RestoreRefused(str(refused)) from refused
        except Different as fault:
            raise TrailBroken(f"the database did not keep {fault} as it was sent") from fault
        self.store.admit_partners()
        with self.store.staff.write() as session:
            migrate.stamp(session.connection(), migrate.head())

    def close(self) -> None:
        """End every connection."""
        self.store.dispose()
