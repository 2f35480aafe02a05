"""A practice whose faults are ours to make."""

from __future__ import annotations

from pathlib import Path

import pytest

from cast import Cast
from moving_clock import Clock
from portal.services.tools import Tools
from portal.store import Store


@pytest.fixture
def company(store: Store, tools: Tools, clock: Clock, tmp_path: Path) -> Cast:
    """An empty practice with somebody on call."""
    practice = Cast(store, tools, clock, tmp_path / "exports")
    practice.sets(practice_name="Riverside", on_call_email="oncall@example.org")
    return practice
