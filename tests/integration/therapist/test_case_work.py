"""Interviews, clearances, reviews: the order of things at the service level."""

from __future__ import annotations

from typing import Any

import pytest
from practice_world import Case, World
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.models import AuditEvent, CaseFile, Job, table_of
from portal.services import clearances, interviews, reviews
from portal.services.errors import BadInput, Conflict, OutOfOrder
from portal.services.interviews import InterviewView
from portal.services.reviews import Choice, ReviewView

LEANING_OUT = {"lean": "4", "commit_months": "unsure", "first_step": "one_or_two", "doubts_told": "partly"}


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


@pytest.fixture
def case(world: World, thea: Viewer) -> Case:
    return world.case(therapist=thea)


def clear(case: Case, by: Viewer, tier: str = "A") -> None:
    with case.world.store.staff.write() as session:
        clearances.give(session, case.world.tools, case_id=case.id, tier=tier, note="Seen apart.", by=by)


def reviewed(case: Case) -> tuple[ReviewView, ...]:
    with case.world.store.staff.read() as session:
        return reviews.of_case(session, case.world.tools, case.id)


def verbs(world: World, case: Case) -> list[str]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        return list(
            session.scalars(
                select(c.verb).where(c.subject_id == case.id, c.actor_kind == "staff").order_by(c.happened_at)
            )
        )


def test_an_interview_keeps_its_ticks_and_its_note(world: World, case: Case, thea: Viewer) -> None:
    case.see("a", thea, ticks=(True, False, True))
    with world.store.staff.read() as session:
        (kept,) = interviews.of_case(session, world.tools, case.id)
    assert kept == InterviewView(
        id=kept.id, slot="a", identity_confirmed=True, private_setting=False, safety_reasked=True,
        note="Calm.", held_by=thea.id, held_at=world.tools.now(),
    )  # fmt: skip
    assert not kept.is_complete
    assert verbs(world, case) == ["interview.recorded"]


def test_an_interview_needs_somebody(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea, slots="a")
    with pytest.raises(BadInput) as refused:
        case.see("b", thea)
    assert refused.value.faults == {"slot": "nobody_there"}


def test_a_clearance_waits_for_everybody_who_takes_part(world: World, case: Case, thea: Viewer) -> None:
    case.see("a", thea)
    case.send("a", harm_received__weapon="past_year")
    case.join("b")
    assert case.route() == "safety"
    for slot in ("a", "b"):
        with pytest.raises(OutOfOrder, match="interviews_first"):
            clear(case, thea)
        case.see(slot, thea)
    clear(case, thea)
    with world.store.staff.read() as session:
        (kept,) = clearances.of_case(session, world.tools, case.id)
    assert (kept.tier, kept.note, kept.given_by) == ("A", "Seen apart.", thea.id)


def test_a_cleared_couple_is_routed_anew(world: World, case: Case, thea: Viewer) -> None:
    case.send("a", harm_received__weapon="past_year")
    case.send("b")
    assert case.route() == "safety"
    case.see("a", thea)
    case.see("b", thea)
    for tier in ("A", "B", "H"):
        clear(case, thea, tier)
    with world.store.staff.read() as session:
        jobs = session.scalars(select(table_of(Job).c.kind).where(table_of(Job).c.done_at.is_(None))).all()
    assert sorted(jobs) == ["recheck", "route", "route", "route"]
    assert case.route() == "couples"


def test_accepting_signs_and_takes_the_case_off_the_queue(world: World, case: Case, thea: Viewer) -> None:
    case.send("a")
    case.send("b")
    case.sign(thea, note="Agreed.")
    (kept,) = reviewed(case)
    assert (kept.decision, kept.route, kept.model, kept.format, kept.note, kept.made_by, kept.is_signed) == (
        "accept", "couples", "therapist_choice", None, "Agreed.", thea.id, True,
    )  # fmt: skip
    with world.store.staff.read() as session:
        assert session.scalar(select(table_of(CaseFile).c.urgency)) == 5
    assert case.route() == "couples"
    with world.store.staff.read() as session:
        assert session.scalar(select(table_of(CaseFile).c.urgency)) == 5
    assert verbs(world, case) == ["review.signed"]


def test_deferring_keeps_the_case_in_the_queue(world: World, case: Case, thea: Viewer) -> None:
    case.send("a")
    case.send("b")
    case.sign(thea, decision="defer", note="Tomorrow.")
    (kept,) = reviewed(case)
    assert (kept.decision, kept.route, kept.model, kept.is_signed) == ("defer", None, None, False)
    with world.store.staff.read() as session:
        assert session.scalar(select(table_of(CaseFile).c.urgency)) == 3
        assert reviews.signed(session, world.tools, case.id) is None
    assert verbs(world, case) == ["review.deferred"]


@pytest.mark.parametrize(
    ("choice", "want"),
    [
        ({"route": "consult", "reason_code": "other", "note": "x"}, ("consult", None)),
        ({"route": "couples", "reason_code": "other", "note": "x"}, ("couples", "therapist_choice")),
        ({"route": "couples", "model": "eft", "reason_code": "other", "note": "x"}, ("couples", "eft")),
    ],
)
def test_an_override_says_its_own_route(
    case: Case, thea: Viewer, choice: dict[str, Any], want: tuple[str, str | None]
) -> None:
    case.send("a")
    case.send("b", **LEANING_OUT)
    case.sign(thea, decision="override", **choice)
    (kept,) = reviewed(case)
    assert (kept.route, kept.model, kept.reason_code) == (*want, "other")


def test_nothing_to_review_before_a_recommendation(case: Case, thea: Viewer) -> None:
    with pytest.raises(OutOfOrder, match="no_recommendation"):
        case.sign(thea)


def test_a_newer_recommendation_is_read_first(world: World, case: Case, thea: Viewer) -> None:
    case.send("a")
    with world.store.staff.write() as session, pytest.raises(Conflict, match="newer_recommendation"):
        reviews.make(
            session, world.tools, case_id=case.id, choice=Choice("accept"), shown="an older one", by=thea
        )


@pytest.mark.parametrize("answers", [{}, LEANING_OUT], ids=["couples", "discernment"])
def test_a_format_waits_for_the_interviews(case: Case, thea: Viewer, answers: dict[str, str]) -> None:
    case.send("a")
    case.send("b", **answers)
    case.see("a", thea)
    case.see("b", thea, ticks=(True, True, False))
    with pytest.raises(OutOfOrder, match="format_after_interviews"):
        case.sign(thea, format="online")
    case.see("b", thea)
    case.sign(thea, format="online")
    assert reviewed(case)[0].format == "online"


def test_a_format_for_a_consultation_needs_no_interview(case: Case, thea: Viewer) -> None:
    case.send("a", lean="5", decision_firmness="9", commit_months="no")
    case.send("b")
    assert case.route() == "consult"
    case.sign(thea, format="in_person")
    assert reviewed(case)[0].format == "in_person"


def test_safety_is_left_only_after_clearance(case: Case, thea: Viewer) -> None:
    case.send("a", harm_received__weapon="past_year")
    case.send("b")
    down = {"decision": "override", "route": "consult", "reason_code": "clinical_judgement", "note": "x"}
    with pytest.raises(OutOfOrder, match="clearance_first"):
        case.sign(thea, **down)
    case.sign(thea, **{**down, "route": "safety"})
    case.see("a", thea)
    case.see("b", thea)
    case.world.work()
    for tier in ("A", "B"):
        clear(case, thea, tier)
    # Before the worker has run the rules again, the clearances just given count already.
    case.sign(thea, **down)
    assert [review.route for review in reviewed(case)] == ["consult", "safety"]


def test_an_order_in_force_is_never_left(case: Case, thea: Viewer) -> None:
    case.send("a", order_of_protection="current")
    case.send("b")
    case.see("a", thea)
    case.see("b", thea)
    clear(case, thea, "A")
    with pytest.raises(OutOfOrder, match="clearance_first"):
        case.sign(thea, decision="override", route="couples", reason_code="other", note="x")
