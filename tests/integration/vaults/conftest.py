from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bare_databases import ODD, Bare, Instance
from sqlalchemy import Boolean, insert

import sealed_practice
from cast import Cast
from databases import OWNER, PostgresDatabases
from moving_clock import Clock
from portal.models import Absence, Base, ConflictBlock, StaffCode, UtcDateTime, table_of
from portal.services.tools import Passwords, Tools
from portal.store import Store
from sealed_practice import Filled


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, migrated: Path, passwords: Passwords) -> Path:
    """Built once; copied by whoever needs one."""
    folder = tmp_path_factory.mktemp("model") / "instance"
    folder.mkdir(mode=0o700)
    shutil.copy(migrated, folder / "portal.sqlite3")
    with sealed_practice.opened(folder, Clock(), passwords) as filled:
        sealed_practice.build(filled.store, filled.tools, filled.clock, folder / "exports")
    return folder


@pytest.fixture
def filled(model: Path, tmp_path: Path, passwords: Passwords) -> Iterator[Filled]:
    """A copy of the practice of one's own."""
    folder = Path(shutil.copytree(model, tmp_path / "instance"))
    with sealed_practice.opened(folder, Clock(), passwords) as filled:
        yield filled


@pytest.fixture
def blank(postgres: PostgresDatabases) -> Iterator[Bare]:
    """A database on it as somebody makes one for a practice: without a table."""
    yield from _made(postgres, "template0")


@pytest.fixture
def bare(postgres: PostgresDatabases) -> Iterator[Bare]:
    """The same after its first migration: empty tables."""
    yield from _made(postgres, "template_practice")


@pytest.fixture
def other_bare(postgres: PostgresDatabases) -> Iterator[Bare]:
    """One more of them."""
    yield from _made(postgres, "template_practice")


def _made(postgres: PostgresDatabases, template: str) -> Iterator[Bare]:
    name = f"bare_{secrets.token_hex(4)}"
    postgres.sql(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    yield Bare(postgres, name)
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def full(model: Path, tmp_path_factory: pytest.TempPathFactory, passwords: Passwords) -> Path:
    """A practice with something in every table, odd words and bare edges among it."""
    folder = Path(shutil.copytree(model, tmp_path_factory.mktemp("full") / "instance"))
    with sealed_practice.opened(folder, Clock(), passwords) as filled:
        _fill_the_rest(filled)
    return folder


def _fill_the_rest(filled: Filled) -> None:
    at = datetime(2026, 3, 1, 23, 59, 59, 7, tzinfo=UTC)
    with closing(sqlite3.connect(filled.folder / "portal.sqlite3")) as database:
        (staff,) = database.execute("select id from staff_account").fetchone()
        (case,) = database.execute("select id from case_file").fetchone()
    with filled.store.staff.write() as session:
        # In an order that a database with a language of its own would turn around.
        away = [
            _whole(Absence, {"id": name, "staff_id": staff, "ends_at": at}) for name in ("0-z", "0A", "0a")
        ]
        session.execute(insert(table_of(Absence)), away)
        session.execute(insert(table_of(StaffCode)), [_whole(StaffCode, {"id": "1", "staff_id": staff})])
        block = {"id": "1", "case_id": case, "staff_id": staff}
        session.execute(insert(table_of(ConflictBlock)), [_whole(ConflictBlock, block)])
    with closing(sqlite3.connect(filled.folder / "portal.sqlite3")) as database, database:
        database.execute("update practice set public_texts = ?, name = ''", [ODD])


def _whole(model: type[Base], given: dict[str, Any]) -> dict[str, Any]:
    """A row: what is given, nothing where nothing may be, and else something of the type."""
    row = {}
    for column in table_of(model).columns:
        some: Any = ODD[:8]
        if isinstance(column.type, UtcDateTime):
            some = datetime(2026, 1, 2, tzinfo=UTC)
        elif isinstance(column.type, Boolean):
            some = False
        elif column.type.python_type is bytes:
            some = bytes(range(256))
        elif column.type.python_type is int:
            some = 0
        row[column.name] = given.get(column.name, None if column.nullable else some)
    return row


@pytest.fixture
def here(full: Path, tmp_path: Path) -> Instance:
    """A copy of that practice of one's own."""
    return Instance(Path(shutil.copytree(full, tmp_path / "full")))


@pytest.fixture
def company(store: Store, tools: Tools, tmp_path: Path) -> Cast:
    """A practice that was set up; nobody has come yet."""
    cast = Cast(store, tools, tools.clock, tmp_path)  # type: ignore[arg-type]
    cast.sets(practice_name="Riverside", on_call_email="on-call@example.org")
    return cast
