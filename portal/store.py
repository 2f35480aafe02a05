"""The doors to the database: two engines, four kinds of transaction.

Staff and worker share one engine; partners (and sign-in, begin, join, reset) have their own, which
cannot read what they must never see. Writers on SQLite take the lock first (BEGIN IMMEDIATE): a
transaction that reads and then writes would otherwise fail under load (security.md §4.2).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, Select, create_engine
from sqlalchemy.orm import Session

from portal import handles, partner_role, postgres
from portal.handles import Handle, Handles
from portal.turns import Turns

#: Engines of this process; a fork begins with connections of its own.
_ENGINES: WeakSet[Engine] = WeakSet()


def _begin_afresh() -> None:
    """In a forked process: two processes on one connection would read each other's answers."""
    for engine in list(_ENGINES):
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_afresh)


@dataclass(frozen=True)
class Pool:
    """How many connections a process keeps to PostgreSQL, through each door, and for how long."""

    size: int = 5
    overflow: int = 10
    #: Seconds until a connection is replaced by a new one.
    recycle: int = 1800
    #: Seconds that one statement may take; 0 without an end.
    longest: int = 0


def engine_options(url: str, pool: Pool = Pool()) -> dict[str, Any]:
    """How the application makes an engine: an error's text, wherever it ends up, names no bound value.

    A connection to PostgreSQL is tried before it is used, so that a server that was restarted is not noticed.
    """
    options: dict[str, Any] = {"hide_parameters": True}
    if postgres.is_at(url):
        return options | {
            "pool_size": pool.size,
            "max_overflow": pool.overflow,
            "pool_recycle": pool.recycle,
            "pool_timeout": 10,
            "pool_pre_ping": True,
        }
    # The one used last comes first: what others have written since empties the pages that a connection keeps.
    return options | {"pool_use_lifo": True}


def engine_at(url: str, pool: Pool = Pool()) -> Engine:
    """An engine as the application makes it."""
    return create_engine(url, **engine_options(url, pool))


def prepare(engine: Engine, *, is_partner: bool, pool: Pool = Pool()) -> Engine:
    """Set up a fresh engine: pragmas, explicit BEGIN and, for partners, the guard. Returns it."""
    _ENGINES.add(engine)
    if engine.dialect.name == "sqlite":
        return handles.prepare(engine, is_partner=is_partner)
    return postgres.prepare(engine, is_partner=is_partner, longest=pool.longest * 1000)


#: What the verbs of nearly every request take: the ORM's session, or the bare connection, which costs less.
Transaction = Session | Connection
#: What is enough for ``Driven`` statements alone.
Hot = Transaction | Handle


def is_postgres(session: Hot) -> bool:
    """Whether a verb runs on PostgreSQL, where one statement for both engines does not do."""
    bind = session.get_bind() if isinstance(session, Session) else session
    return bind.dialect.name == "postgresql"


#: One moment for everything a page reads, as SQLite gives it; PostgreSQL refuses to write in it.
_READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _nothing() -> None:
    """No check."""


@dataclass(frozen=True)
class Door:
    """One engine's two kinds of transaction. ``check`` runs before every commit and may refuse it.

    ``turns``: where writers of this process wait for one another; None where the server sees to it.
    ``handles``: SQLite's own connections for the hot way; None on PostgreSQL.
    """

    engine: Engine
    check: Callable[[], None] = _nothing
    turns: Turns | None = None
    handles: Handles | None = None

    @classmethod
    def over(cls, engine: Engine, turns: Turns | None) -> Door:
        """A door over a prepared engine."""
        return cls(engine, turns=turns, handles=None if turns is None else Handles(engine))

    @property
    def is_postgres(self) -> bool:
        """Whether this door leads to PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it did is rolled back."""
        with Session(self._for_reading, autoflush=False) as session:
            yield session

    def glance(self) -> AbstractContextManager[Connection]:
        """A connection for one statement that reads, without the ORM: what every request runs."""
        return self._for_glances.connect()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the writer lock from its first statement; commits, or rolls all back.

        Keep it short: everybody else waits. Hash passwords and seal before you enter.
        """
        with self._turn(), Session(self._alone, expire_on_commit=False) as session, session.begin():
            yield session
            self.check()

    @contextmanager
    def write_beside(self, rows: Select[Any]) -> Iterator[Session]:
        """A session for a verb of the worker that a few rows decide, beside what other rows decide.

        PostgreSQL locks what ``rows`` names first; whoever writes alone is kept out as by a save. Held so
        that a row which refers to one of them may still be added: two looks of one couple add rows about both
        partners, and would else wait for one another.
        """
        with self._turn(), Session(self._shared, expire_on_commit=False) as session, session.begin():
            if self.is_postgres:
                session.execute(rows.with_for_update(key_share=True))
            yield session
            self.check()

    @contextmanager
    def write_row(self, row: Callable[[], Select[Any]] | None = None) -> Iterator[Connection]:
        """The same for a verb that one row decides: PostgreSQL lets others of its kind write at once.

        Never beside ``write``. What ``row`` names is locked first, so that of two for one row the second sees
        what the first wrote; none where the verb is a single statement, which locks what it changes. Without
        the ORM, as these are the writes that come by the minute.
        """
        with self._turn(), self._shared.connect() as connection, connection.begin():
            if row is not None and self.is_postgres:
                connection.execute(row().with_for_update())
            yield connection
            self.check()

    def hot_read(self) -> AbstractContextManager[Connection | Handle]:
        """What ``glance`` gives, for driven statements alone: on SQLite without SQLAlchemy."""
        return self.glance() if self.handles is None else handles.Reading(self.handles)

    def hot_write(
        self, row: Callable[[], Select[Any]] | None = None
    ) -> AbstractContextManager[Connection | Handle]:
        """What ``write_row`` gives, likewise."""
        if self.handles is None or self.turns is None:
            return self.write_row(row)
        return handles.Writing(self.handles, self.turns, self.check)

    def _turn(self) -> AbstractContextManager[None]:
        return nullcontext() if self.turns is None else self.turns.taken()

    # An engine for each way to begin, made once: making one costs as much as a statement.
    @cached_property
    def _for_reading(self) -> Engine:
        return self.engine.execution_options(**_READING) if self.is_postgres else self.engine

    @cached_property
    def _for_glances(self) -> Engine:
        return self._for_reading if self.is_postgres else self.engine.execution_options(begin=handles.AT_ONCE)

    @cached_property
    def _shared(self) -> Engine:
        return self.engine.execution_options(begin=postgres.SHARED)

    @cached_property
    def _alone(self) -> Engine:
        return self.engine.execution_options(begin=postgres.ALONE)


@dataclass(frozen=True)
class Store:
    """Both doors. ``web`` chooses which one a request goes through."""

    staff: Door
    partner: Door

    @classmethod
    def over(cls, *, staff: Engine, partner: Engine, pool: Pool = Pool()) -> Store:
        """A store over two fresh engines."""
        turns = Turns() if staff.dialect.name == "sqlite" else None
        one, other = prepare(staff, is_partner=False, pool=pool), prepare(partner, is_partner=True, pool=pool)
        return cls(staff=Door.over(one, turns), partner=Door.over(other, turns))

    def checked(self, check: Callable[[], None]) -> Store:
        """The same doors, with a check before every commit."""
        return Store(staff=replace(self.staff, check=check), partner=replace(self.partner, check=check))

    def partner_faults(self) -> list[str]:
        """On PostgreSQL: why the role that partners come as would see more than its own rows."""
        if not self.partner.is_postgres:
            return []
        return partner_role.faults(self.partner.engine, postgres.role_in(self.partner.engine.url))

    def admit_partners(self) -> None:
        """On PostgreSQL: let the partners' own role in, where this process knows the owner's."""
        role, owner = (postgres.role_in(door.engine.url) for door in (self.partner, self.staff))
        if self.staff.is_postgres and role != owner:
            partner_role.admit(self.staff.engine, role)

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
        """Close every connection that is kept."""
        for door in (self.staff, self.partner):
            door.engine.dispose()
            if door.handles is not None:
                door.handles.close()
