from __future__ import annotations

import sys
from pathlib import Path

import pytest

from portal.services.tools import Tools
from portal.store import Store

sys.path.insert(0, str(Path(__file__).parent.parent / "therapist"))

from practice_world import World


@pytest.fixture
def world(store: Store, tools: Tools) -> World:
    """An empty practice."""
    return World(store, tools)
