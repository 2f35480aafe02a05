"""An own answer to a proposed appointment: sealed, never shown again, for the practice alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import pytest
from flask import Flask
from practice_world import Case, Desk, World
from test_therapist_pages import words

from partner_rooms import Browser, Person
from portal.domain.access import Viewer
from portal.services import appointments, sessions
from portal.services.appointments import Proposal


@pytest.fixture
def case(house: World, thea: Viewer) -> Case:
    case = house.case(therapist=thea)
    case.send("a", "Ana López")
    case.send("b", "Ben Ortiz")
    for slot in ("a", "b"):
        case.see(slot, thea)
    case.sign(thea)
    return case


@pytest.fixture
def visit(app: Flask, house: World, case: Case) -> Callable[[str], Browser]:
    """A browser of the person in a slot."""

    def sit(slot: str) -> Browser:
        viewer = case.people[slot]
        with house.store.partner.write() as session:
            token = sessions.open_partner(session, house.tools, account_id=viewer.id)
        client = app.test_client()
        client.set_cookie("portal", token, domain="localhost")
        return Browser(client, Person(viewer, "", token), house.store, house.tools)

    return sit


def propose(case: Case, by: Viewer, slot: Literal["a", "b", "both"] = "both", days: int = 7) -> str:
    starts_at = case.world.tools.now() + timedelta(days=days)
    with case.world.store.staff.write() as session:
        proposal = Proposal(slot, starts_at, 50, "Room 2")
        appointments.propose(session, case.world.tools, case_id=case.id, proposal=proposal, by=by)
    return starts_at.isoformat()


def told(desk: Callable[..., Desk], case: Case, by: Viewer) -> str:
    case.world.work()
    return words(desk(by).get(f"/cases/{case.id}"))


def test_an_answer_reaches_the_therapist_and_nobody_else(
    case: Case, thea: Viewer, visit: Callable[[str], Browser], desk: Callable[..., Desk]
) -> None:
    at = propose(case, thea)
    ana, ben = visit("a"), visit("b")
    before = ben.get("/my").text
    answer = ana.post("/my/appointment", starts_at=at, choice="talk_first", text="Not in front of him.")
    assert (answer.status_code, answer.location) == (303, "/my")
    assert ben.get("/my").text.count("We have what you answered") == 0 == before.count("We have what you")
    own = ana.get("/my").text
    assert "We have what you answered on November 23, 2026." in own
    assert "Not in front of him." not in own
    assert 'value="talk_first" checked' not in own
    page = told(desk, case, thea)
    assert "Answer to a proposed appointment" in page
    assert "wishes to talk with you alone first. Not in front of him." in page


@pytest.mark.parametrize(
    "fields",
    [{"choice": ""}, {"choice": "perhaps"}, {"choice": "fits", "text": "x" * 2_001}, {"starts_at": ""}],
    ids=["none", "other", "long", "nothing"],
)
def test_an_answer_that_cannot_be_taken_keeps_what_was_typed(
    case: Case, thea: Viewer, visit: Callable[[str], Browser], fields: dict[str, str]
) -> None:
    at = propose(case, thea, "a")
    given: dict[str, Any] = {"starts_at": at, "choice": "fits", "text": "I can come.", **fields}
    ana = visit("a")
    refused = ana.post("/my/appointment", **given)
    assert refused.status_code == 400
    assert (given["text"] in refused.text) is (given["starts_at"] == at)
    assert "We have what you answered" not in ana.get("/my").text


def test_only_an_own_time_that_lies_ahead_is_answered(
    house: World, case: Case, thea: Viewer, visit: Callable[[str], Browser], desk: Callable[..., Desk]
) -> None:
    at = propose(case, thea, "a", days=1)
    ben = visit("b")
    assert "Answer this proposal" not in ben.get("/my").text
    assert ben.post("/my/appointment", starts_at=at, choice="fits").status_code == 303
    assert "Answer to a proposed appointment" not in told(desk, case, thea)
    house.tools.clock.move(days=2)  # type: ignore[attr-defined]
    ana = visit("a")
    page = ana.get("/my").text
    assert "Room 2" in page
    assert "Answer this proposal" not in page
    assert ana.post("/my/appointment", starts_at=at, choice="fits").status_code == 303
    assert "Answer to a proposed appointment" not in told(desk, case, thea)
