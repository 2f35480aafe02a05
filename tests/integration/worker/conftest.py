from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cast import Cast, Pair
from portal.domain.access import Viewer
from portal.services.tools import Tools
from portal.store import Store

if TYPE_CHECKING:
    from moving_clock import Clock


@pytest.fixture
def company(store: Store, tools: Tools, clock: Clock, tmp_path: Path) -> Cast:
    """A practice that was set up; nobody has come yet."""
    cast = Cast(store, tools, clock, tmp_path)
    cast.sets(practice_name="Riverside Practice", phone="555 0100", on_call_email="on-call@example.org")
    return cast


@pytest.fixture
def thea(company: Cast) -> Viewer:
    """The therapist."""
    return company.therapist()


@pytest.fixture
def pair(company: Cast, thea: Viewer) -> Pair:
    """Thea's case; both were invited, and invitations are out of the outbox."""
    pair = company.couple(therapist="thea@example.org")
    company.outbox.clear()
    return pair
