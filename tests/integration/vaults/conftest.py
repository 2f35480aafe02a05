from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bare_databases import Bare

import sealed_practice
from databases import OWNER, Databases, PostgresDatabases, server
from moving_clock import Clock
from portal.services.tools import Passwords
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


@pytest.fixture(scope="session")
def postgres(all_databases: Databases) -> Iterator[PostgresDatabases]:
    """A PostgreSQL server, whatever engine this run stands on."""
    if isinstance(all_databases, PostgresDatabases):
        yield all_databases
        return
    with server() as databases:
        databases.prepare()
        yield databases


@pytest.fixture
def blank(postgres: PostgresDatabases) -> Iterator[Bare]:
    """A database on it as somebody makes one for a practice: without a table."""
    yield from _made(postgres, "template0")


@pytest.fixture
def bare(postgres: PostgresDatabases) -> Iterator[Bare]:
    """The same after its first migration: empty tables."""
    yield from _made(postgres, "template_practice")


def _made(postgres: PostgresDatabases, template: str) -> Iterator[Bare]:
    name = f"bare_{secrets.token_hex(4)}"
    postgres.sql(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    yield Bare(postgres, name)
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")
