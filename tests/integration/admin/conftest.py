from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from portal.services.tools import Tools
from portal.store import Store

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "therapist"))

from admin_browser import Desk, sit_down
from practice_world import World


@pytest.fixture
def world(store: Store, tools: Tools) -> World:
    """An empty practice."""
    return World(store, tools)


@pytest.fixture
def house(app: Flask, tools: Tools) -> World:
    """An empty practice behind the pages."""
    store: Store = app.extensions["portal.house"].store
    return World(store, tools)


@pytest.fixture
def sit(app: Flask, house: World) -> Callable[..., Desk]:
    """Somebody of the staff at their browser: ``sit("Ada", "admin")``."""
    return lambda name, *roles: sit_down(app, house, name, *roles)


@pytest.fixture
def ada(sit: Callable[..., Desk]) -> Desk:
    """An admin at her browser."""
    return sit("Ada", "admin")
