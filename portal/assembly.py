"""Puts the house together: settings, keys, database doors, tools. The only place that knows all rooms."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, ProgrammingError
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import content_reader, keyfiles, postgres, sqlite_files
from portal.config import MAX_BODY, ConfigError, Settings
from portal.migrations import migrate
from portal.models import PRACTICE_ID, Base
from portal.services.tools import Passwords, Tools
from portal.store import Pool, Store, engine_options

#: Seconds within which a mail to a partner goes out in production, besides the minute between two looks.
MAIL_SPREAD = 120
ROOT = Path(__file__).resolve().parent.parent


class NotYet(ConfigError):
    """Another process will bring about what is missing: worth another try."""


class House:
    """Keys, database and tools, made ready on first use: commands that need none never touch them."""

    def __init__(self, settings: Settings, store: Store, overrides: dict[str, Any]) -> None:
        self._settings = settings
        self._store = store
        self._overrides = overrides
        self._lock = threading.Lock()
        self._tools: Tools | None = None
        self._newest: str | None = None
        #: What kept it from opening when that was tried last.
        self.closed_by: DBAPIError | OSError | None = None

    @property
    def tools(self) -> Tools:
        """The tools, after everything an empty instance lacks was created and migrated."""
        opened = self._tools
        if opened is not None:
            return opened
        with self._lock:
            if self._tools is None:
                try:
                    self._tools = self._open()
                except (DBAPIError, OSError) as error:
                    self.closed_by = error
                    raise
            return self._tools

    @property
    def nickname(self) -> str:
        """Tells this practice from others by its keys, and says nothing; "" without keys. Asks nobody."""
        try:
            tools = self._tools or self._overrides.get("tools") or tools_for(self._settings)
        except keyfiles.KeyFileError:
            return ""
        return str(tools.vault.mac("nickname", PRACTICE_ID.encode())[:16])

    def why_closed(self, error: DBAPIError | OSError) -> str:
        """What kept it from opening, in one line: the file, or the setting of the door that does not open."""
        if isinstance(error, OSError):
            return ": ".join(str(word) for word in (error.filename, error.strerror) if word)
        is_partners = _is_partners_alone(self._settings) or _does_open(self._store.staff.engine)
        setting = "PARTNER_DATABASE_URL" if is_partners else "DATABASE_URL"
        return f"{setting}: the database does not open ({str(error.orig).strip().partition(chr(10))[0]})"

    @property
    def store(self) -> Store:
        """Both doors to a migrated database."""
        self.tools  # noqa: B018  (opens the house)
        return self._store

    def _prepare_tables(self) -> None:
        """Newest tables, and the partners' own role in them; a process of the partners finds both."""
        if not _is_partners_alone(self._settings):
            migrate.to_head(self._store.staff.engine)
        elif not _is_newest(self._store.staff.engine):
            raise NotYet("the tables are not those of this version: start a process of the staff first")
        faults = self._store.partner_faults()
        if faults and self._settings.is_production:
            raise ConfigError("\n".join(faults))
        if not faults:
            self._store.admit_partners()

    def is_ready(self) -> bool:
        """Whether the keys are there, and the database answers and stands at the newest revision."""
        try:
            newest = self._newest = self._newest or migrate.head()
            return migrate.current(self.store.staff.engine) == newest
        except (DBAPIError, keyfiles.KeyFileError, OSError, ConfigError, migrate.NotServed):
            return False

    def close(self) -> None:
        """Close every pooled connection (tests, end of a command)."""
        self._store.dispose()

    def _open(self) -> Tools:
        settings = self._settings
        # Before anything else is made: bad content stops the start, and not a partner's evening.
        content_reader.require_sound()
        settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not settings.is_production:
            keyfiles.make_missing(
                keys=settings.keys, private=settings.private_key, secret=settings.secret_file
            )
        tools = self._overrides.get("tools") or tools_for(settings)
        _make_private(self._store.staff.engine)
        self._prepare_tables()
        self._store = self._store.checked(tools.vault.require_honoured)
        return cast(Tools, tools)


def _is_newest(engine: Engine) -> bool:
    """Whether the partners' role finds the tables of this code; it may not look before staff let it in."""
    try:
        return migrate.current(engine) == migrate.head()
    except ProgrammingError:
        return False


def _does_open(engine: Engine) -> bool:
    try:
        engine.connect().close()
    except DBAPIError:
        return False
    return True


def _is_partners_alone(settings: Settings) -> bool:
    """Whether this process knows the partners' role on PostgreSQL and no other: it changes no table."""
    is_one = settings.database_url == settings.partner_database_url
    return settings.role == "partner" and is_one and postgres.is_at(settings.database_url)


def furnish(app: Flask, settings: Settings, overrides: dict[str, Any]) -> None:
    """Hang settings and the house on the application; nothing is opened yet."""
    pool = Pool(**asdict(settings.connections))
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=2000,
        TRUSTED_HOSTS=_hosts(settings),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url, pool),
        SQLALCHEMY_BINDS={
            "partner": {
                "url": settings.partner_database_url,
                **engine_options(settings.partner_database_url, pool),
            }
        },
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
    )
    if settings.trusted_proxies:
        # Who asks is what the outermost trusted proxy saw; the throttle counts by it.
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    database = SQLAlchemy(metadata=Base.metadata)
    database.init_app(app)
    with app.app_context():
        engines = database.engines
        store = Store.over(staff=engines[None], partner=engines["partner"], pool=pool)
    app.extensions["portal.settings"] = settings
    app.extensions["portal.house"] = House(settings, store, overrides)


def _hosts(settings: Settings) -> list[str]:
    """Host names answered to. Unset in development: this machine's own, so that no other name leads here."""
    named = urlsplit(settings.base_url).hostname or "localhost"
    return list(settings.trusted_hosts) or ["localhost", "127.0.0.1", "[::1]", named]


def tools_for(settings: Settings) -> Tools:
    """Tools over the key files that are there. Raises KeyFileError."""
    vault = keyfiles.load_vault(keys=settings.keys, private=settings.private_key, role=settings.role)
    # OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
    hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
    spread = MAIL_SPREAD if settings.is_production else 0
    return Tools(vault=vault, passwords=Passwords(hasher), base_url=settings.base_url, mail_spread=spread)


def _make_private(engine: Engine) -> None:
    """SQLite's file is for this account alone before anything stands in it; what SQLite puts beside it takes
    the same mode. Where it cannot be made SQLite itself says why.

    A file that is there is never opened: to close it again would give away every lock that a connection of
    this process holds on it (POSIX), and another process would then throw away what was just written.
    """
    path = sqlite_files.path_of(engine)
    if path is None:
        return
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for file in path.parent.glob(path.name + "*"):
        with suppress(FileNotFoundError):  # whoever used the database last takes them away
            file.chmod(0o600)
