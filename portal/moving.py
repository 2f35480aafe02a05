"""Every table of one database, row by row, into another; on either side SQLite or PostgreSQL.

Both sides are counted and digested by the same code over the same typed values, in an order that is the same
on both. What a killed run left in the target is recognised by its digest and not copied again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, Table, collate, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from portal import sqlite_files
from portal.migrations import migrate
from portal.models import PRACTICE_ID, Base
from portal.sqlite_files import InUse
from portal.store import engine_at, prepare
from portal.vault import Vault

BATCH: Final = 1_000
_TELL_EVERY: Final = 100_000
_LETTERS: Final[dict[type, int]] = {str: ord("s"), bytes: ord("b"), int: ord("i")}

#: A transaction on the target: a new one for every batch, or one for all.
Opening = Callable[[], AbstractContextManager[Connection]]
Say = Callable[[str], None]


class Different(Exception):
    """A table did not arrive as it was sent; the text names it."""


class Unwanted(Exception):
    """The target does not take it; the text says why."""


class Stale(Exception):
    """What the target holds of an earlier run is not what the source holds now."""


@dataclass
class Sum:
    """How many rows a table has, and the digest over every value of every one of them."""

    rows: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, row: Sequence[Any]) -> None:
        """Count a row in."""
        self.rows += 1
        self._digest.update(b"".join(map(_told, row)) + b"\n")

    @property
    def told(self) -> tuple[int, str]:
        """Count and digest, to be compared."""
        return self.rows, self._digest.hexdigest()


def _told(value: Any) -> bytes:
    """A value with its type and length: nothing and empty, 1 and true and "1" are all different."""
    if value is None:
        return b"-"
    if isinstance(value, bool):
        return b"y" if value else b"n"
    if isinstance(value, datetime):
        return b"t" + value.isoformat().encode()
    raw: bytes = value if isinstance(value, bytes) else str(value).encode()
    return b"%c%d:" % (_LETTERS[type(value)], len(raw)) + raw


def practice(vault: Vault) -> str:
    """What tells a practice from another: known to whoever holds its keys, and saying nothing."""
    return vault.mac("practice", PRACTICE_ID.encode())


def tables() -> Sequence[Table]:
    """Every table, a row's parents before the row."""
    return Base.metadata.sorted_tables


def rows(connection: Connection, table: Table) -> Generator[Row[Any]]:
    """All rows as a stream, by primary key: by its bytes, whatever language the database sorts in."""
    key = list(table.primary_key.columns)
    by_bytes = [collate(column, "C") for column in key] if _is_postgres(connection) else key
    chosen: Select[Any] = select(table).order_by(*by_bytes)
    with closing(connection.execute(chosen, execution_options={"yield_per": BATCH})) as found:
        yield from found


def _is_postgres(one: Connection | Engine) -> bool:
    return one.dialect.name == "postgresql"


def summed(connection: Connection, table: Table) -> Sum:
    """What a table holds."""
    total = Sum()
    for row in rows(connection, table):
        total.add(row)
    return total


def copy_all(source: Connection, opening: Opening, say: Say) -> int:
    """Copy and compare every table; how many rows there are.

    Raises Stale where an earlier run left something else, Unwanted, Different.
    """
    return sum(_copy(source, opening, table, say) for table in tables())


def _copy(source: Connection, opening: Opening, table: Table, say: Say) -> int:
    with opening() as target:
        held = summed(target, table)
    sent = Sum()
    with closing(rows(source, table)) as found:
        stream = _summing(found, sent)
        for _ in islice(stream, held.rows):
            """It is there already."""
        if sent.told != held.told:
            raise Stale(table.name)
        for batch in _batches(stream):
            _put(opening, table, batch)
            if sent.rows % _TELL_EVERY == 0:
                say(f"{table.name}: {sent.rows} rows so far")
    with opening() as target:
        if summed(target, table).told != sent.told:
            raise Different(table.name)
    say(f"{table.name}: {sent.rows} rows" + (f", {held.rows} of them there already" if held.rows else ""))
    return sent.rows


def _summing(stream: Iterable[Row[Any]], total: Sum) -> Iterator[Row[Any]]:
    for row in stream:
        total.add(row)
        yield row


def _batches(stream: Iterator[Row[Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := [dict(row._mapping) for row in islice(stream, BATCH)]:
        yield batch


def _put(opening: Opening, table: Table, batch: list[dict[str, Any]]) -> None:
    try:
        with opening() as target:
            target.execute(insert(table), batch)
    except DBAPIError as error:
        raise Unwanted(f"{table.name}: the database refuses a row ({type(error.orig).__name__})") from error


@contextmanager
def held(path: Path) -> Iterator[Connection]:
    """A SQLite practice in a transaction that lets nobody else in, not even to read. Raises InUse."""
    sqlite_files.settle(path)
    engine = engine_at(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            try:
                connection.exec_driver_sql("BEGIN EXCLUSIVE")
            except DBAPIError as error:
                raise InUse from error
            # Whoever came in between has turned the write-ahead log on again.
            if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "delete":
                raise InUse
            yield connection
    finally:
        engine.dispose()


def arrive(source: Connection, target: Engine, say: Say) -> int:
    """Fill a claimed target; how many rows there are. Raises Unwanted and Different."""
    try:
        return copy_all(source, _each(target), say)
    except Stale:
        say("The practice has changed since the last run: starting anew.")
        clear(target)
    return copy_all(source, _each(target), say)


def _each(target: Engine) -> Opening:
    return target.execution_options(begin="IMMEDIATE").begin


def claim(target: Engine, mark: str, *, may_clear: bool = False) -> None:
    """Migrate an empty database and mark it as being filled; no portal starts on it until that is done.

    One that bears this very mark is gone on with. Raises Unwanted for any other that holds anything.
    """
    try:
        if migrate.current(target) == mark:
            return
        strange = set(inspect(target).get_table_names()) - {*Base.metadata.tables, "alembic_version"}
        if strange:
            raise Unwanted("the target holds other tables; make a database for this practice alone")
        migrate.to_head(target)
        if may_clear:
            clear(target)
        with _each(target)() as connection:
            if any(connection.scalar(select(table).limit(1)) is not None for table in tables()):
                raise Unwanted("the target is not empty; make a new database for this practice alone")
            migrate.stamp(connection, mark)
    except migrate.NotServed as other:
        raise Unwanted("another practice, or another version, is being put into the target") from other
    except DBAPIError as error:
        raise Unwanted(f"the target cannot be used ({type(error.orig).__name__})") from error


def clear(target: Engine) -> None:
    """Empty every table of a PostgreSQL practice."""
    names = ", ".join(table.name for table in tables())
    with _each(target)() as connection:
        connection.execute(text(f"TRUNCATE {names}"))


def holds_nobody(target: Engine) -> bool:
    """Whether no partner, no case and nobody of the staff who set an account up is in it."""
    known = Base.metadata.tables
    there = set(inspect(target).get_table_names())
    if not {"account", "case_file", "staff_account"} <= there:
        return True
    staff = known["staff_account"].c
    asked = (
        select(func.count()).select_from(known["account"]),
        select(func.count()).select_from(known["case_file"]),
        select(func.count()).where(staff.set_up_at.is_not(None)),
    )
    with target.connect() as connection:
        return not any(connection.scalar(question) for question in asked)


def others(target: Engine) -> int:
    """How many other connections to a PostgreSQL database there are: of a portal that runs on it."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with target.connect() as connection:
        return int(connection.scalar(text(asked)) or 0)


def snapshot(source: Connection, path: Path) -> None:
    """One moment of a practice as a SQLite file of its own. The source's transaction must be of one moment.

    Raises Different.
    """
    if _is_postgres(source):
        # It waits while a long table is compared in the file.
        source.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    path.touch(mode=0o600)
    engine = prepare(engine_at(f"sqlite:///{path}"), is_partner=False)
    try:
        migrate.to_head(engine)
        with engine.begin() as connection:
            copy_all(source, lambda: nullcontext(connection), lambda _line: None)
    finally:
        engine.dispose()
    sqlite_files.settle(path)
