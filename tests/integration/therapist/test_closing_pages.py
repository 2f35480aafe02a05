"""Closing a case on the therapist's page."""

from __future__ import annotations

import re

from practice_world import Case, Desk, World

from portal.domain.access import Viewer


def _notes(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_danger_that_stands_wants_a_note(house: World, sit: Desk, thea: Viewer) -> None:
    case = house.case(therapist=thea)
    case.send("a", harm_received__weapon="past_year")
    path = f"/cases/{case.id}/closing"
    assert "Please choose one" in sit.post(path, {"note": "x"}, 400).text
    refused = sit.post(path, {"reason": "referred_on"}, 409).text
    assert "Safety findings stand here that nobody has cleared." in _notes(refused)
    assert '<option value="referred_on" selected>' in refused
    assert (
        sit.post(path, {"reason": "referred_on", "note": "To the shelter."}).location == f"/cases/{case.id}"
    )
    page = sit.get(f"/cases/{case.id}")
    assert "This case is closed: referred on." in _notes(page)
    assert "Case closed: referred on" in _notes(page)
    assert "Thea: To the shelter." in _notes(page)
    assert f'action="/cases/{case.id}/reopening"' in page


def test_open_again(house: World, sit: Desk, thea: Viewer) -> None:
    case: Case = house.case(therapist=thea)
    refused = sit.post(f"/cases/{case.id}/reopening", {"note": "Why not."}, 409).text
    assert ("This case is open." in _notes(refused), "Why not." in refused) == (True, True)
    sit.post(f"/cases/{case.id}/closing", {"reason": "duplicate"})
    sit.post(f"/cases/{case.id}/closing", {"reason": "duplicate"}, 409)
    assert case.id not in sit.get("/caseload")
    sit.post(f"/cases/{case.id}/reopening", {})
    assert case.id in sit.get("/caseload")
    assert "This case is closed" not in _notes(sit.get(f"/cases/{case.id}"))
