"""SQLite's connections: how each begins, and those of the hot way, taken and given back without SQLAlchemy.

Those are made by an engine too, so that they have its pragmas and the partners' guard, and kept here from
then on (decision 0105). What fails fails with one of SQLAlchemy's errors.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Protocol
from weakref import WeakSet

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.exc import DBAPIError

from portal.models import partner_door

#: So many stay open while nobody has them, as in an engine's pool.
KEPT: Final = 5


def told(error: sqlite3.Error, statement: str | None, dialect: Dialect) -> DBAPIError:
    """An error of the driver as SQLAlchemy tells it, without values."""
    found: Any = DBAPIError.instance(
        statement, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect
    )
    return found  # type: ignore[no-any-return]


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


#: KiB of pages that a connection of staff keeps: a filter of the caseload looks at a thousand cases, which
#: lie far apart where there are many. SQLite's own 2,000 hold a third of them.
_STAFF_CACHE = 4000


def _on_staff_connect(dbapi: sqlite3.Connection, _record: object) -> None:
    dbapi.execute(f"PRAGMA cache_size=-{_STAFF_CACHE}")


def _on_partner_connect(dbapi: sqlite3.Connection, _record: object) -> None:
    partner_door.install(dbapi)


def _before_partner_statement(_connection: Connection, _cursor: Any, statement: str, *_rest: object) -> None:
    partner_door.require_judged(statement)


#: A single statement that reads is a moment of its own: SQLite needs no transaction around it.
AT_ONCE = "AT ONCE"


def _on_begin(connection: Connection) -> None:
    """Past SQLAlchemy's own way to run a statement, which costs more than all the rest of a transaction."""
    begin = connection.get_execution_options().get("begin")
    if begin == AT_ONCE:
        return
    statement = "BEGIN DEFERRED" if begin is None else "BEGIN IMMEDIATE"
    raw: Any = connection.connection.driver_connection
    try:
        raw.execute(statement)
    except sqlite3.Error as error:  # locked or full
        raise told(error, statement, connection.dialect) from error


def prepare(engine: Engine, *, is_partner: bool) -> Engine:
    """Set up a fresh engine of SQLite: pragmas, explicit BEGIN and, for partners, the guard. Returns it."""
    event.listen(engine, "connect", _on_connect)
    if is_partner:
        event.listen(engine, "connect", _on_partner_connect)
        event.listen(engine, "before_cursor_execute", _before_partner_statement)
    else:
        event.listen(engine, "connect", _on_staff_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


class Handle:
    """One connection, while somebody has it: what a driven statement needs, and no more."""

    __slots__ = ("dialect", "engine", "raw")

    def __init__(self, engine: Engine) -> None:
        made = engine.raw_connection()
        raw: Any = made.driver_connection
        made.detach()
        self.raw: sqlite3.Connection = raw
        self.engine, self.dialect = engine, engine.dialect

    def in_transaction(self) -> bool:
        """Whether a transaction has begun."""
        return self.raw.in_transaction

    def begin(self) -> None:
        """Take the writer lock."""
        try:
            self.raw.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:  # locked or full
            raise told(error, "BEGIN IMMEDIATE", self.dialect) from error

    def commit(self) -> None:
        """Keep what was written, on the disk when this returns."""
        self.engine.dispatch.commit(self)
        try:
            self.raw.commit()
        except sqlite3.Error as error:
            raise told(error, "COMMIT", self.dialect) from error

    def close(self) -> None:
        """For good; what was not committed is as if it had never been written."""
        with suppress(sqlite3.Error):
            self.raw.rollback()
        self.raw.close()


class Handles:
    """The connections of one engine. The one used last comes first: it knows most pages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Handle] = deque()
        _ALL.add(self)

    def take(self) -> Handle:
        """One for oneself alone; made where none is free."""
        try:
            return self._idle.pop()
        except IndexError:
            return Handle(self._engine)

    def give_back(self, handle: Handle) -> None:
        """For the next one; nothing may stand open in it."""
        if len(self._idle) < KEPT:
            self._idle.append(handle)
        else:
            handle.close()

    def close(self) -> None:
        """Close those that nobody has."""
        while self._idle:
            self._idle.pop().close()

    def begin_afresh(self) -> None:
        """In a forked process: the parent's connections are neither used here nor closed."""
        _OTHERS.append(self._idle)
        self._idle = deque()


class Line(Protocol):
    """Where writers wait for one another."""

    def take(self) -> None:
        """Wait for one's turn."""

    def hand_over(self) -> None:
        """Let the next one in."""


class Reading:
    """A handle for statements that read, each a moment of its own."""

    def __init__(self, handles: Handles) -> None:
        self._handles = handles

    def __enter__(self) -> Handle:
        self._handle = self._handles.take()
        return self._handle

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._handles.give_back(self._handle)
        else:
            self._handle.close()


class Writing:
    """A handle that holds the writer lock in its turn; ``check`` may refuse the commit. Commits, or keeps
    nothing of all."""

    def __init__(self, handles: Handles, turns: Line, check: Callable[[], None]) -> None:
        self._handles, self._turns, self._check = handles, turns, check

    def __enter__(self) -> Handle:
        self._turns.take()
        try:
            self._handle = self._begun()
        except BaseException:
            self._turns.hand_over()
            raise
        return self._handle

    def _begun(self) -> Handle:
        handle = self._handles.take()
        try:
            handle.begin()
        except BaseException:
            handle.close()
            raise
        return handle

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        is_kept = False
        try:
            if kind is None:
                self._check()
                self._handle.commit()
                is_kept = True
        finally:
            try:
                self._end(is_kept=is_kept)
            finally:
                self._turns.hand_over()

    def _end(self, *, is_kept: bool) -> None:
        if is_kept:
            self._handles.give_back(self._handle)
        else:
            self._handle.close()


_ALL: WeakSet[Handles] = WeakSet()
#: Of the process that this one was forked from: let go, each would be closed.
_OTHERS: list[deque[Handle]] = []


def _begin_all_afresh() -> None:
    for handles in list(_ALL):
        handles.begin_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_afresh)
