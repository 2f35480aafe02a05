"""Statements of the hot way, handed to SQLite's driver itself (decision 0092).

SQLAlchemy writes each of them once and is told of each as of its own: whoever listens for statements (the
partners' guard, what tests count) hears of these too, and what fails fails with one of its errors. Left out
is what it does anew each time: to look the text up, to make a context and a result that knows names. On
PostgreSQL, and in a session of the ORM, all goes SQLAlchemy's own way.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CompoundSelect, Connection, Dialect, Insert, LargeBinary, Select, Update
from sqlalchemy.types import TypeEngine

from portal import handles
from portal.handles import Handle
from portal.store import Hot, Transaction

_Turn = Callable[[Any], Any]
_Shape = tuple[Callable[[list[Any]], Any], tuple[tuple[int, _Turn], ...]]


@dataclass(frozen=True)
class _Text:
    """What the driver is given. ``binds``: name, value where none is handed in, way to the driver; each once,
    however often the statement names it."""

    sql: str
    binds: tuple[tuple[str, Any, _Turn | None], ...]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(
            [
                values.get(name, held) if turn is None else turn(values.get(name, held))
                for name, held, turn in self.binds
            ]
        )


class Driven:
    """One statement, built once; written anew only for other names of values."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any] | Update | Insert) -> None:
        self.statement = statement
        self._texts: dict[frozenset[str], _Text] = {}
        self._shape: _Shape | None = None

    def one(self, session: Hot, values: Mapping[str, Any]) -> Any | None:
        """The row of a statement that finds at most one, its columns by name and by place; None without."""
        connection = _driven(session)
        if connection is None:
            return _slow(session).execute(self.statement, dict(values)).one_or_none()
        cursor = self._run(connection, values)
        found = cursor.fetchone()
        cursor.close()
        return None if found is None else _turned(*self._shaped(connection.dialect), found)

    def all(self, session: Hot, values: Mapping[str, Any]) -> list[Any]:
        """Every row of a statement, its columns by name and by place."""
        connection = _driven(session)
        if connection is None:
            return list(_slow(session).execute(self.statement, dict(values)).all())
        cursor = self._run(connection, values)
        found = cursor.fetchall()
        cursor.close()
        make, turns = self._shaped(connection.dialect)
        return [make(row) for row in found] if not turns else [_turned(make, turns, row) for row in found]

    def rows(self, session: Hot, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row, its columns by place alone: for those whose names nobody asks for."""
        connection = _driven(session)
        if connection is None:
            return [tuple(row) for row in _slow(session).execute(self.statement, dict(values))]
        cursor = self._run(connection, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.close()
        _, turns = self._shaped(connection.dialect)
        return found if not turns else [_turned(tuple, turns, row) for row in found]

    def change(self, session: Hot, values: Mapping[str, Any]) -> int:
        """How many rows a change met; inside a transaction that has begun."""
        connection = _driven(session)
        if connection is None:
            done: Any = _slow(session).execute(self.statement, dict(values))
            return int(done.rowcount)
        if not connection.in_transaction():
            raise RuntimeError("a change needs a transaction")
        cursor = self._run(connection, values)
        count: int = cursor.rowcount
        cursor.close()
        return count

    def _run(self, connection: Connection | Handle, values: Mapping[str, Any]) -> Any:
        text = self._text(connection.dialect, values)
        sql: str = text.sql
        bound: Any = text.bound(values)
        raw: Any = connection.raw if isinstance(connection, Handle) else connection.connection
        cursor = raw.cursor()
        # The engine's: a connection's own are put together anew for each connection, and nobody has any.
        dispatch = connection.engine.dispatch
        for listener in dispatch.before_cursor_execute:
            sql, bound = listener(connection, cursor, sql, bound, None, False)
        try:
            cursor.execute(sql, bound)
        except sqlite3.Error as error:
            raise handles.told(error, sql, connection.dialect) from error
        dispatch.after_cursor_execute(connection, cursor, sql, bound, None, False)
        return cursor

    def _text(self, dialect: Dialect, values: Mapping[str, Any]) -> _Text:
        names = frozenset(values)
        found = self._texts.get(names)
        if found is None:
            found = self._texts[names] = _written(self.statement, dialect, sorted(names))
        return found

    def _shaped(self, dialect: Dialect) -> _Shape:
        if self._shape is None:
            self._shape = _shape(self.statement, dialect)
        return self._shape


def _turned(make: Callable[[Any], Any], turns: tuple[tuple[int, _Turn], ...], found: tuple[Any, ...]) -> Any:
    whole = list(found)
    for at, turn in turns:
        whole[at] = turn(whole[at])
    return make(whole)


def _driven(session: Hot) -> Connection | Handle | None:
    """Where the driver itself can be had; None where all goes SQLAlchemy's own way."""
    if isinstance(session, Handle):
        return session
    return session if isinstance(session, Connection) and session.dialect.name == "sqlite" else None


def _slow(session: Hot) -> Transaction:
    return cast(Transaction, session)


def _written(statement: Any, dialect: Dialect, names: list[str]) -> _Text:
    compiled: Any = statement.compile(dialect=dialect, column_keys=names)
    if compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError("a driven statement holds neither lists nor values that are made up for it")
    held = {name: compiled.binds[name] for name in compiled.positiontup}
    missing = {bind.key for bind in held.values() if bind.required} - set(names)
    if missing:
        raise TypeError(f"values are missing: {sorted(missing)}")
    turns = {name: _turn_to(bind.type, dialect) for name, bind in held.items()}
    binds = {name: (bind.key, bind.value, turns[name]) for name, bind in held.items()}
    return _Text(_numbered(str(compiled), compiled.positiontup, list(binds)), tuple(binds.values()))


def _numbered(sql: str, places: list[str], names: list[str]) -> str:
    """The statement with its values by number: one that it names twenty times is bound once."""
    between = sql.split("?")
    if len(between) != len(places) + 1:
        raise TypeError("a driven statement has no question mark but for its values")
    at = {name: number for number, name in enumerate(names, 1)}
    whole = [f"{text}?{at[name]}" for text, name in zip(between, places, strict=False)]
    return "".join([*whole, between[-1]])


def _turn_to(kind: TypeEngine[Any], dialect: Dialect) -> _Turn | None:
    """None for what the driver takes as it is: bytes among it, which SQLAlchemy would wrap."""
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)


def _shape(statement: Any, dialect: Dialect) -> _Shape:
    """How a row is made, and which of its places have to be turned into what Python calls them."""
    columns = statement.selected_columns
    turns = [_turn_of(column.type, dialect) for column in columns]
    row: Any = namedtuple("Row", columns.keys())  # type: ignore[misc]
    return row._make, tuple((at, turn) for at, turn in enumerate(turns) if turn is not None)


def _turn_of(kind: TypeEngine[Any], dialect: Dialect) -> _Turn | None:
    """None for what the driver gives as it is wanted: bytes among it, which SQLAlchemy copies once more."""
    is_bytes = isinstance(kind, LargeBinary)
    return None if is_bytes else kind.dialect_impl(dialect).result_processor(dialect, None)
