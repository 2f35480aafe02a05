"""What every test may ask for. Nothing of the portal is imported before a test needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from moving_clock import Clock

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from databases import Databases, PostgresDatabases
    from portal.services.tools import Passwords, Tools
    from portal.store import Store

# The same examples on every run, so that a red test means a change; `make test-deep` draws new ones.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("deep", deadline=None, max_examples=2_000)
settings.load_profile("steady")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker a core, at most six: each may hold a browser and a server."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 6)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which engine the practices of this run stand on."""
    parser.addoption("--database", choices=("chosen", "sqlite", "postgresql"), default="chosen")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What runs on both engines is two tests; what knows one engine only says so: ``engine("sqlite")``."""
    if "all_databases" not in metafunc.fixturenames:
        return
    wanted = _engines(metafunc.config.getoption("--database"), metafunc.definition)
    if wanted != ("sqlite",):
        metafunc.parametrize("all_databases", wanted, indirect=True, scope="session")


def _engines(option: str, item: pytest.Item) -> tuple[str, ...]:
    from databases import is_on_both

    mark = item.get_closest_marker("engine")
    if mark is not None:
        return mark.args
    if option != "chosen":
        return (option,)
    return ("sqlite", "postgresql") if is_on_both(_place(item)) else ("sqlite",)


def _place(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).as_posix()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """``--database=postgresql`` runs what stands on a database, and nothing that knows SQLite alone."""
    option = config.getoption("--database")
    out = [item for item in items if not _belongs(option, item)]
    items[:] = [item for item in items if _belongs(option, item)]
    config.hook.pytest_deselected(items=out)


def _belongs(option: str, item: pytest.Item) -> bool:
    from databases import is_on_both

    mark = item.get_closest_marker("engine")
    if mark is not None:
        return option in (*mark.args, "chosen")
    if option == "chosen":
        params = item.callspec.params if hasattr(item, "callspec") else {}
        return params.get("all_databases") != "postgresql" or is_on_both(_place(item), item.name)
    return option == "sqlite" or "all_databases" in getattr(item, "fixturenames", ())


@pytest.fixture
def clock() -> Clock:
    """The injected clock of ``tools``."""
    return Clock()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """The cheapest Argon2id there is: tests hash a lot."""
    from argon2 import PasswordHasher

    from portal.services.tools import Passwords

    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def tools(clock: Clock, passwords: Passwords) -> Tools:
    """Fresh keys in memory, the movable clock, real randomness."""
    from portal.services.tools import Tools
    from portal.vault import new_vault

    return Tools(vault=new_vault(), passwords=passwords, base_url="http://127.0.0.1:8000", clock=clock)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest revision: migrated once, copied by whoever needs one."""
    from sqlalchemy import create_engine

    from portal.migrations import migrate
    from portal.store import prepare

    path = tmp_path_factory.mktemp("migrated") / "portal.sqlite3"
    engine = prepare(create_engine(f"sqlite:///{path}"), is_partner=False)
    migrate.to_head(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def all_databases(request: pytest.FixtureRequest, migrated: Path) -> Iterator[Databases]:
    """Where databases come from; which of the two, ``pytest_generate_tests`` says."""
    from databases import SqliteDatabases, server

    if getattr(request, "param", "sqlite") == "sqlite":
        yield SqliteDatabases(migrated)
        return
    with server() as databases:
        databases.prepare()
        yield databases


@pytest.fixture(scope="session")
def postgres(all_databases: Databases) -> Iterator[PostgresDatabases]:
    """A PostgreSQL server, whatever engine this run stands on."""
    from databases import PostgresDatabases, server

    if isinstance(all_databases, PostgresDatabases):
        yield all_databases
        return
    with server() as databases:
        databases.prepare()
        yield databases


@pytest.fixture
def databases(all_databases: Databases) -> Iterator[Databases]:
    """Fresh databases for one test."""
    with all_databases.for_one_test() as databases:
        yield databases


@pytest.fixture
def store(tmp_path: Path, databases: Databases) -> Iterator[Store]:
    """Both doors to a freshly migrated database, without the web (services tests)."""
    from portal.store import Store, engine_at

    folder = tmp_path / "services"
    folder.mkdir()
    urls = databases.fresh(folder)
    staff = urls["DATABASE_URL"]
    partner = urls.get("PARTNER_DATABASE_URL", staff)
    store = Store.over(staff=engine_at(staff), partner=engine_at(partner))
    yield store
    store.dispose()


@pytest.fixture
def app(tmp_path: Path, databases: Databases, tools: Tools) -> Iterator[Flask]:
    """The portal over a fresh instance folder: empty, migrated, without throttle, with cheap passwords."""
    from portal import create_app

    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    config = {"PORTAL_INSTANCE": str(instance), "PORTAL_THROTTLE": "off", **databases.fresh(instance)}
    app = create_app(config, overrides={"tools": tools})
    yield app
    app.extensions["portal.house"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor with an empty cookie jar. Never use it inside an application context: `g` would leak."""
    return app.test_client()
