"""What every test may ask for. Nothing of the portal is imported before a test needs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from portal.services.tools import Tools

# The same examples on every run, so that a red test means a change; `make test-deep` draws new ones.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("deep", deadline=None, max_examples=2_000)
settings.load_profile("steady")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker a core, at most six: each may hold a browser and a server."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 6)


@pytest.fixture(scope="session")
def empty_practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with keys and a migrated, empty database; made once, copied by `instance`."""
    from portal import create_app

    folder = tmp_path_factory.mktemp("empty") / "instance"
    app = create_app({"PORTAL_INSTANCE": str(folder)})
    app.extensions["portal.house"].store.dispose()
    return folder


@pytest.fixture
def instance(empty_practice: Path, tmp_path: Path) -> Path:
    """This test's own instance folder."""
    return shutil.copytree(empty_practice, tmp_path / "instance")


@pytest.fixture
def tools(instance: Path) -> Tools:
    """Keys of `instance`, the real clock and real randomness, passwords that cost nothing."""
    from argon2 import PasswordHasher
    from argon2.profiles import CHEAPEST

    from portal import keyfiles
    from portal.services.tools import Passwords, Tools

    vault = keyfiles.load_vault(
        keys=instance / "portal-keys.json", private=instance / "private.key", role="all"
    )
    passwords = Passwords(PasswordHasher.from_parameters(CHEAPEST))
    return Tools(vault=vault, passwords=passwords, base_url="http://127.0.0.1:8000")


@pytest.fixture
def app(instance: Path, tools: Tools) -> Iterator[Flask]:
    """The portal over `instance`, without throttle."""
    from portal import create_app

    made = create_app(
        {"PORTAL_INSTANCE": str(instance), "PORTAL_THROTTLE": "off"}, overrides={"tools": tools}
    )
    made.testing = True
    yield made
    made.extensions["portal.house"].store.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor with an empty cookie jar. Never use it inside an application context: `g` would leak."""
    return app.test_client()
