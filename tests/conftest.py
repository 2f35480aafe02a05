"""What every test may ask for. Nothing of the portal is imported before a test needs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from moving_clock import Clock

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

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


@pytest.fixture
def store(tmp_path: Path, migrated: Path) -> Iterator[Store]:
    """Both doors to a freshly migrated database, without the web (services tests)."""
    from sqlalchemy import create_engine

    from portal.store import Store

    url = f"sqlite:///{shutil.copy(migrated, tmp_path / 'services.sqlite3')}"
    store = Store.over(staff=create_engine(url), partner=create_engine(url))
    yield store
    store.dispose()


@pytest.fixture
def app(tmp_path: Path, migrated: Path, tools: Tools) -> Iterator[Flask]:
    """The portal over a fresh instance folder: empty, migrated, without throttle, with cheap passwords."""
    from portal import create_app

    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    shutil.copy(migrated, instance / "portal.sqlite3")
    config = {"PORTAL_INSTANCE": str(instance), "PORTAL_THROTTLE": "off"}
    app = create_app(config, overrides={"tools": tools})
    yield app
    app.extensions["portal.house"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor with an empty cookie jar. Never use it inside an application context: `g` would leak."""
    return app.test_client()
