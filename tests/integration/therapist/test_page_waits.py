"""A case page lets the worker look first at what was just sent or stated; never for long (decision 0117)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask
from practice_world import Case, Desk, World

from portal.domain.access import Viewer
from portal.services import jobs
from portal.web.therapist import case_page

DOUBT = {"slot": "a", "validity_concern": "yes"}
SIGN = {"decision": "accept", "note": "Read and agreed."}


@pytest.fixture
def couple(house: World, thea: Viewer) -> Case:
    """Both sent."""
    case = house.case(therapist=thea)
    case.send("a")
    case.send("b")
    return case


@pytest.fixture
def slept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The application calls a worker; seconds it waited are only counted."""
    monkeypatch.setitem(app.extensions, "portal.wake", lambda: None)
    slept: list[float] = []
    monkeypatch.setattr(case_page, "time", SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append))
    return slept


def test_what_was_just_stated_stands_on_the_page_that_is_signed(
    house: World, sit: Desk, couple: Case, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    sit.post(f"/cases/{couple.id}/facts", DOUBT)
    sit.post(f"/cases/{couple.id}/review", SIGN, 409)

    def looks(seconds: float) -> None:
        slept.append(seconds)
        house.work()

    monkeypatch.setattr(case_page.time, "sleep", looks)
    sit.get(f"/cases/{couple.id}")
    sit.post(f"/cases/{couple.id}/review", SIGN)
    assert len(slept) == 1


def test_a_page_comes_after_a_second_where_nobody_looks(sit: Desk, couple: Case, slept: list[float]) -> None:
    sit.get(f"/cases/{couple.id}")
    assert slept == []
    sit.post(f"/cases/{couple.id}/facts", DOUBT)
    sit.get(f"/cases/{couple.id}")
    assert sum(slept) == pytest.approx(1, abs=0.1)


def test_it_does_not_wait_for_whoever_still_types_or_in_other_cases(
    house: World, sit: Desk, couple: Case, thea: Viewer, slept: list[float]
) -> None:
    other = house.case(therapist=thea)
    other.join("a")
    intake_id = other.save("a", fear="strong")
    with house.store.staff.write() as session:
        jobs.add(session, house.tools, kind="left", subject_id=intake_id)
    sit.get(f"/cases/{other.id}")
    sit.post(f"/cases/{couple.id}/facts", DOUBT)
    sit.get(f"/cases/{other.id}")
    assert slept == []
