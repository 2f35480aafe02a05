"""Discernment on the case page: noted session by session, refused out of order with what was typed kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from practice_world import Case, Desk, World
from test_therapist_pages import OUT, words

from portal.domain.access import Viewer


@pytest.fixture
def case(house: World, thea: Viewer) -> Case:
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    case.send("b", "Ben Ortiz", **OUT)
    return case


def held(case: Case, at: int, **changed: str) -> dict[str, str]:
    day = (case.world.tools.now().date() - timedelta(days=1)).isoformat()
    fields = {
        "step": "session",
        "number": str(at),
        "held_on": day,
        "minutes": "120",
        "note": "kept words",
    }
    return {**fields, "a_goes_on": "yes", "b_goes_on": "no", **changed}


def test_before_its_time_every_open_gate_is_named(sit: Desk, case: Case) -> None:
    page = sit.post(f"/cases/{case.id}/discernment", held(case, 1), 409).text
    said = words(page)
    assert "needs both forms sent and an interview with each person alone" in said
    assert "needs the newest recommendation signed for discernment" in said
    assert "Session 1 of at most 5" not in said


def test_from_the_first_session_to_the_outcome(house: World, sit: Desk, case: Case, thea: Viewer) -> None:
    case.see("a", thea)
    case.see("b", thea)
    case.sign(thea)
    path = f"/cases/{case.id}"
    assert "Session 1 of at most 5" in words(sit.get(path))
    sit.post(f"{path}/discernment", held(case, 1))
    said = words(sit.get(path))
    assert "does not go on: B: Ben Ortiz" in said
    assert "Session 2 of at most 5" not in said
    end = {"step": "end", "held_on": held(case, 1)["held_on"], "path": "3", "note": "Calm."}
    sit.post(f"{path}/discernment", end)
    page = sit.post(f"{path}/discernment", {"step": "outcome", "outcome": "in_therapy"}, 409)
    assert "six months after the end" in words(page.text)
    assert "Ask each person alone what came of it" not in words(sit.get(path))


def test_the_outcome_is_asked_for_when_it_is_due(
    house: World, desk: Callable[[Viewer], Desk], sit: Desk, case: Case, thea: Viewer
) -> None:
    case.see("a", thea)
    case.see("b", thea)
    case.sign(thea)
    path = f"/cases/{case.id}"
    sit.post(f"{path}/discernment", held(case, 1, b_goes_on="yes"))
    sit.post(f"{path}/discernment", {"step": "end", "held_on": held(case, 1)["held_on"], "path": "1"})
    house.tools.clock.move(days=184)  # type: ignore[attr-defined]
    again = desk(thea)
    assert "Ask each person alone what came of it" in words(again.get(path))
    due = f'<li><a href="{path}#do-discernment">Outcome due since '
    assert due in again.get("/caseload")
    assert due not in desk(house.staff("Omar")).get("/caseload")
    again = desk(thea)
    again.post(f"{path}/discernment", {"step": "outcome", "outcome": "unchanged"})
    said = words(again.get(path))
    assert due not in again.get("/caseload")
    assert "Outcome: Together, unchanged." in said
    assert "Ask each person alone what came of it" not in said


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"step": ""}, "step"),
        ({"number": "6"}, "number"),
        ({"held_on": "yesterday"}, "held_on"),
        ({"held_on": ""}, "held_on"),
        ({"minutes": "4"}, "minutes"),
        ({"a_goes_on": ""}, "a_goes_on"),
        ({"b_goes_on": "perhaps"}, "b_goes_on"),
        ({"step": "end", "path": ""}, "path"),
        ({"step": "outcome"}, "outcome"),
    ],
)
def test_a_body_that_cannot_be_taken_keeps_what_was_typed(
    sit: Desk, case: Case, thea: Viewer, fields: dict[str, str], wrong: str
) -> None:
    case.see("a", thea)
    case.see("b", thea)
    case.sign(thea)
    page = sit.post(f"/cases/{case.id}/discernment", held(case, 1, **fields), 400).text
    assert f'href="#discernment-{wrong}"' in page
    assert "kept words" in page


def test_no_decision_is_made_before_the_therapist_makes_one(sit: Desk, case: Case) -> None:
    page = sit.get(f"/cases/{case.id}")
    fold = page[page.index('id="do-review"') : page.index('id="do-clearance"')]
    decisions = re.findall(r'<input type="radio"[^>]*name="decision"[^>]*>', fold)
    assert len(decisions) == 3
    assert not any("checked" in one for one in decisions)
    sit.post(f"/cases/{case.id}/review", {"note": "kept words"}, 400)
