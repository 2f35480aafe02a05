"""What A can observe of a request: answer, headers, cookies, and the statements behind it with their rows.

The statements stand in for time: two requests that run the same statements over the same number of rows
take the same time, and a test that counts them is red every time, not now and then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from typing import Any

import psycopg
from sqlalchemy import Engine, event

_TRACE: ContextVar[list[list[Any]] | None] = ContextVar("trace", default=None)


class _Cursor(sqlite3.Cursor):
    """Notes each statement, and how many rows it changed or gave."""

    _line: list[Any] | None = None

    def execute(self, sql: str, *rest: Any) -> _Cursor:
        self._open(sql)
        super().execute(sql, *rest)
        self._close()
        return self

    def executemany(self, sql: str, *rest: Any) -> _Cursor:
        self._open(sql)
        super().executemany(sql, *rest)
        self._close()
        return self

    def fetchall(self) -> list[Any]:
        return self._count(super().fetchall())

    def fetchmany(self, *size: int) -> list[Any]:
        return self._count(super().fetchmany(*size))

    def fetchone(self) -> Any:
        row = super().fetchone()
        self._count([] if row is None else [row])
        return row

    def _open(self, sql: str) -> None:
        trace = _TRACE.get()
        # What a connection says of itself when it is opened hangs on the pool, not on the request.
        if trace is None or sql.startswith("PRAGMA"):
            self._line = None
            return
        self._line = [" ".join(sql.split()), 0]
        trace.append(self._line)

    def _close(self) -> None:
        if self._line is not None and self.rowcount > 0:
            self._line[1] += self.rowcount

    def _count(self, rows: list[Any]) -> list[Any]:
        if self._line is not None:
            self._line[1] += len(rows)
        return rows


class _Connection(sqlite3.Connection):
    def cursor(self, *_factory: Any) -> _Cursor:  # type: ignore[override]
        return super().cursor(_Cursor)

    def execute(self, sql: str, *rest: Any) -> _Cursor:
        return self.cursor().execute(sql, *rest)


class _PostgresCursor(psycopg.Cursor[Any]):
    """The same for PostgreSQL, whose driver knows the number of rows when the statement has run."""

    def execute(self, query: Any, *rest: Any, **options: Any) -> _PostgresCursor:
        return self._noted(query, super().execute, *rest, **options)

    def executemany(self, query: Any, *rest: Any, **options: Any) -> None:
        self._noted(query, super().executemany, *rest, **options)

    def _noted(self, query: Any, run: Any, *rest: Any, **options: Any) -> _PostgresCursor:
        trace, sql = _TRACE.get(), " ".join(str(query).split())
        line = [sql, 0]
        # As above: what is said once, when a connection is opened.
        if trace is not None and not sql.startswith(("SET ", "select pg_catalog", "show ")):
            trace.append(line)
        run(query, *rest, **options)
        line[1] += max(self.rowcount, 0)
        return self


def watch(engine: Engine) -> None:
    """Have every connection of this engine note its statements."""

    def connect(dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        if dialect.name == "postgresql":
            options["cursor_factory"] = _PostgresCursor
        else:
            options["factory"] = _Connection

    event.listen(engine, "do_connect", connect)


@contextmanager
def tracing() -> Iterator[list[list[Any]]]:
    """The statements that run inside."""
    trace: list[list[Any]] = []
    token = _TRACE.set(trace)
    try:
        yield trace
    finally:
        _TRACE.reset(token)


@dataclass(frozen=True)
class Seen:
    """One request as A sees it; ``label`` says which one of A's script it was."""

    label: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cookies: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, int], ...]


def differences(
    one: Sequence[Any], other: Sequence[Any], *, besides: frozenset[str] = frozenset()
) -> list[str]:
    """What differs between two runs of the same script, in words; ``besides``: parts not compared."""
    found = [f"{len(one)} things seen, not {len(other)}"] if len(one) != len(other) else []
    for left, right in zip(one, other, strict=False):
        if type(left) is not type(right):
            found.append(f"{left!r:.300} is not {right!r:.300}")
            continue
        for part in fields(left):
            a, b = getattr(left, part.name), getattr(right, part.name)
            if part.name not in besides and a != b:
                found.append(f"{left.label}: {part.name}: {_first(a, b)}")
    return found


def _first(a: Any, b: Any) -> str:
    """Where two values part."""
    if isinstance(a, bytes) and isinstance(b, bytes):
        at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        return f"{a[max(0, at - 60) : at + 60]!r} / {b[max(0, at - 60) : at + 60]!r}"
    if isinstance(a, tuple) and isinstance(b, tuple):
        pair = next(((x, y) for x, y in zip(a, b, strict=False) if x != y), (len(a), len(b)))
        return f"{pair[0]!r:.400} / {pair[1]!r:.400}"
    return f"{a!r} / {b!r}"
