"""What every test may ask for. Nothing of the portal is imported before a test needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

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
def app(tmp_path: Path) -> Iterator[Flask]:
    """The portal over a fresh instance folder: empty, migrated, without throttle, with cheap passwords."""
    from argon2 import PasswordHasher
    from argon2.profiles import CHEAPEST

    from portal import create_app

    app = create_app(
        {
            "TESTING": True,
            "PORTAL_INSTANCE": str(tmp_path / "instance"),
            "PORTAL_THROTTLE": "off",
            "PASSWORD_HASHER": PasswordHasher.from_parameters(CHEAPEST),
        }
    )
    yield app
    app.extensions["portal"].store.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor with an empty cookie jar. Never use it inside an application context: `g` would leak."""
    return app.test_client()
