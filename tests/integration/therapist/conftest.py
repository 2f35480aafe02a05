from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from portal.domain.access import Viewer
from portal.services import sessions
from portal.services.tools import Tools
from portal.store import Store

sys.path.insert(0, str(Path(__file__).parent))

from practice_world import Desk, World


@pytest.fixture
def world(store: Store, tools: Tools) -> World:
    """An empty practice."""
    return World(store, tools)


@pytest.fixture
def house(app: Flask, tools: Tools) -> World:
    """The same practice behind the real application."""
    return World(app.extensions["portal.house"].store, tools)


@pytest.fixture
def desk(app: Flask, house: World) -> Callable[..., Desk]:
    """``desk(viewer)``: a signed-in staff member's browser."""

    def sit(viewer: Viewer) -> Desk:
        with house.store.staff.write() as session:
            token = sessions.open_staff(session, house.tools, staff_id=viewer.id, second_factor=True)
        client = app.test_client()
        client.set_cookie("portal-staff", token)
        return Desk(client)

    return sit


@pytest.fixture
def thea(house: World) -> Viewer:
    """The therapist."""
    return house.staff()


@pytest.fixture
def sit(desk: Callable[[Viewer], Desk], thea: Viewer) -> Desk:
    """Her browser."""
    return desk(thea)
