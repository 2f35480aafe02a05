"""The doors to the database: two engines, four kinds of transaction.

Staff and worker share one engine; partners (and sign-in, begin, join, reset) have their own, which
cannot read what they must never see. Writers on SQLite take the lock first (BEGIN IMMEDIATE): a
transaction that reads and then writes would otherwise fail under load (security.md §4.2).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from portal import postgres
from portal.models import partner_door

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "secure_delete=ON",
    "trusted_schema=OFF",
)


def _on_connect(dbapi: Any, _record: object) -> None:
    dbapi.isolation_level = None
    for pragma in _PRAGMAS:
        dbapi.execute(f"PRAGMA {pragma}")


def _on_partner_connect(dbapi: sqlite3.Connection, _record: object) -> None:
    partner_door.install(dbapi)


def _before_partner_statement(_connection: Connection, _cursor: Any, statement: str, *_rest: object) -> None:
    partner_door.require_judged(statement)


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


#: Engines of this process; a fork begins with connections of its own.
_ENGINES: WeakSet[Engine] = WeakSet()


def _begin_afresh() -> None:
    """In a forked process: two processes on one connection would read each other's answers."""
    for engine in list(_ENGINES):
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_afresh)


def engine_at(url: str) -> Engine:
    """An engine as the application makes it: an error's text, wherever it ends up, names no bound value."""
    return create_engine(url, hide_parameters=True)


def prepare(engine: Engine, *, is_partner: bool) -> Engine:
    """Set up a fresh engine: pragmas, explicit BEGIN and, for partners, the guard. Returns it."""
    _ENGINES.add(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        if is_partner:
            event.listen(engine, "connect", _on_partner_connect)
            event.listen(engine, "before_cursor_execute", _before_partner_statement)
        event.listen(engine, "begin", _on_begin)
        return engine
    return postgres.prepare(engine, is_partner=is_partner)


#: One moment for everything a page reads, as SQLite gives it; PostgreSQL refuses to write in it.
_READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _nothing() -> None:
    """No check."""


@dataclass(frozen=True)
class Door:
    """One engine's two kinds of transaction. ``check`` runs before every commit and may refuse it."""

    engine: Engine
    check: Callable[[], None] = _nothing

    @property
    def is_postgres(self) -> bool:
        """Whether this door leads to PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it did is rolled back."""
        engine = self.engine.execution_options(**_READING) if self.is_postgres else self.engine
        with Session(engine, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the writer lock from its first statement; commits, or rolls all back.

        Keep it short: everybody else waits. Hash passwords and seal before you enter.
        """
        engine = self.engine.execution_options(begin="IMMEDIATE")
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
            self.check()


@dataclass(frozen=True)
class Store:
    """Both doors. ``web`` chooses which one a request goes through."""

    staff: Door
    partner: Door

    @classmethod
    def over(cls, *, staff: Engine, partner: Engine) -> Store:
        """A store over two fresh engines."""
        return cls(
            staff=Door(prepare(staff, is_partner=False)), partner=Door(prepare(partner, is_partner=True))
        )

    def checked(self, check: Callable[[], None]) -> Store:
        """The same doors, with a check before every commit."""
        return Store(staff=replace(self.staff, check=check), partner=replace(self.partner, check=check))

    def admit_partners(self) -> None:
        """On PostgreSQL: let the partners' own role in, if it is another than the owner's."""
        staff, partner = self.staff.engine, self.partner.engine
        role = partner.url.username
        if self.staff.is_postgres and role and role != staff.url.username:
            postgres.admit_partners(staff, role)

    def clean(self) -> bool:
        """Take what was deleted off the disk: empty SQLite's write-ahead log. False while somebody reads.

        The pages themselves are overwritten as they are freed (``secure_delete``).
        """
        engine = self.staff.engine
        if engine.dialect.name != "sqlite":
            return True
        with closing(engine.raw_connection()) as connection:
            raw: Any = connection.driver_connection
            busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.staff.engine.dispose()
        self.partner.engine.dispose()
