"""SQLite databases as files: a copy while others write, whether it is sound, whether somebody has it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine


class InUse(Exception):
    """Another process has the database open."""


def path_of(engine: Engine) -> Path | None:
    """The file behind an engine; None for another kind of database."""
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name else None


def copy(engine: Engine, target: Path) -> None:
    """One moment of the database, while others read and write (SQLite's backup API), into a private file."""
    target.touch(mode=0o600)
    with (
        closing(engine.raw_connection()) as connection,
        closing(sqlite3.connect(target)) as copied,
    ):
        source: Any = connection.driver_connection
        source.backup(copied)
        # A file of its own, without a write-ahead log beside it.
        copied.execute("PRAGMA journal_mode=DELETE")


def fault_of(path: Path) -> str | None:
    """What SQLite finds wrong with a file; None if it is sound."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            stray = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError:
        return "it is not a database"
    if found != "ok":
        return "its pages are damaged"
    return None if stray is None else f"a row of {stray[0]} refers to nothing"


def settle(path: Path) -> None:
    """Fold the write-ahead log into the file and be the only one who has it open. Raises InUse."""
    try:
        with closing(sqlite3.connect(path, timeout=1)) as connection:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise InUse from error
    if mode != "delete":
        raise InUse


def is_empty(path: Path) -> bool:
    """Whether a practice's database holds nobody: no partner, no case, no staff who set their account up."""
    asked = (
        "SELECT count(*) FROM account",
        "SELECT count(*) FROM case_file",
        "SELECT count(*) FROM staff_account WHERE set_up_at IS NOT NULL",
    )
    with closing(sqlite3.connect(path)) as connection:
        has_tables = "SELECT count(*) FROM sqlite_master WHERE name = 'staff_account'"
        if not connection.execute(has_tables).fetchone()[0]:
            return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return not any(connection.execute(question).fetchone()[0] for question in asked)


def discard(path: Path) -> None:
    """Remove a database file and its companions."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
