"""The repeat measure: a short form whose answers count, while what it leaves out stands and ages."""

from __future__ import annotations

from typing import Any

import pytest
from practice_world import Case, World
from sqlalchemy import insert, select

from evening.answer_sheets import sheet
from portal.domain.access import Viewer
from portal.models import Intake, SealedEntry, table_of
from portal.services import (
    case_views,
    couples,
    desks,
    intakes,
    persons,
    questionnaires,
    requests,
    routing,
    sendings,
)

SHORT = ("start", "satisfaction", "direction", "pressure", "safety", "health")


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


@pytest.fixture
def case(world: World, thea: Viewer) -> Case:
    case = world.case(therapist=thea)
    case.send("a", lean="1", own_change="8", alcohol_1="1")
    case.send("b", lean="1")
    assert case.route() == "couples"
    return case


def ask(case: Case, by: Viewer, kind: str = "repeat", slot: str = "a") -> None:
    with case.world.store.staff.write() as session:
        requests.send(session, case.world.tools, case_id=case.id, slot=slot, kind=kind, by=by)


def newest(case: Case) -> Any:
    c = table_of(Intake).c
    with case.world.store.staff.read() as session:
        return session.execute(
            select(c.id, c.kind, c.variant)
            .where(c.partner_id == case.ids["a"])
            .order_by(c.round.desc())
            .limit(1)
        ).one()


def fill(case: Case, **changed: str) -> None:
    """Answer the short form as calmly as the first one but for these, and send it."""
    world, round_ = case.world, newest(case)
    asked = questionnaires.of("2026.1", round_.variant)
    given = {key: value for values in sheet(**changed).values() for key, value in values.items()}
    with world.store.partner.write() as session:
        rows = [
            intakes.sealed_row(
                world.tools, intake_id=round_.id, section=section.key, version=1,
                values={item.key: given[item.key] for item in section.items if given.get(item.key)},
            )
            for section in asked.sections
        ]  # fmt: skip
        session.execute(insert(table_of(SealedEntry)), rows)
    world.work()
    with world.store.partner.write() as session:
        intakes.submit(session, world.tools, by=case.people["a"])
    world.work()


def file(case: Case) -> dict[str, Any]:
    with case.world.store.staff.read() as session:
        return couples.couple_file(session, case.world.tools, case.id)


def later(case: Case, days: int) -> None:
    case.world.tools.clock.move(days=days)  # type: ignore[attr-defined]


def test_the_form_that_opens_is_short(world: World, case: Case, thea: Viewer) -> None:
    ask(case, thea)
    with world.store.partner.read() as session:
        desk = desks.find(session, by=case.people["a"])
    assert desk is not None
    # What it does not ask has a place all the same: whoever sends it from an old page loses nothing.
    assert (desk.questionnaire.section_keys, set(SHORT) < set(desk.places)) == (SHORT, True)
    assert [getattr(desk.section(key), "key", None) for key in ("safety", "goals", "nowhere")] == [
        "safety", "goals", None,
    ]  # fmt: skip
    assert (desk.position, newest(case).kind, newest(case).variant) == ("start", "repeat", "b+short")
    assert not desk.questionnaire.has_item("affair")


def test_what_it_asks_counts_and_what_it_leaves_out_stands(case: Case, thea: Viewer) -> None:
    before = file(case)["partners"]
    ask(case, thea)
    later(case, 3)
    fill(case, lean="2", satisfaction_1="1")
    after = file(case)["partners"]
    changed = {key for key in before["a"] if before["a"][key] != after["a"][key]}
    assert changed == {"lean", "satisfaction", "submitted_on"}
    assert (after["a"]["lean"], after["b"]) == (2, before["b"])
    assert case.route() == "couples"


def test_a_danger_told_in_it_is_raised_anew(world: World, case: Case, thea: Viewer) -> None:
    case.see("a", thea)
    case.sign(thea)
    ask(case, thea)
    later(case, 3)
    world.mails.clear()
    fill(case, harm_received__weapon="past_year")
    assert case.route() == "safety"
    assert world.mails != []


def test_a_blank_in_what_it_asks_is_a_blank(case: Case, thea: Viewer) -> None:
    ask(case, thea)
    later(case, 1)
    fill(case, harm_received__weapon="")
    assert case.route() == "consult"
    ask(case, thea)
    later(case, 1)
    fill(case)
    assert case.route() == "couples"


def test_what_it_leaves_out_ages_on(world: World, case: Case, thea: Viewer) -> None:
    later(case, 50)
    ask(case, thea, slot="a")
    fill(case)
    given = file(case)["partners"]["a"]
    assert (given["submitted_on"], given["important_event_since"]) == (
        world.tools.now().date().isoformat(),
        False,
    )
    later(case, 11)
    assert file(case)["partners"]["a"]["important_event_since"] is True
    with world.store.staff.write() as session:
        view = routing.recommend_case(session, world.tools, case_id=case.id, by=thea)
    assert view is not None
    assert (view.body["route"], view.body["reason"]) == ("refresh", "stale")


def test_an_event_before_it_makes_the_rest_old(case: Case, thea: Viewer) -> None:
    ask(case, thea)
    later(case, 1)
    case.say("a", "addition", {"text": "Something happened."})
    later(case, 1)
    fill(case)
    assert file(case)["partners"]["a"]["important_event_since"] is True


def test_answering_what_is_open_afterwards_opens_the_whole_form(
    world: World, case: Case, thea: Viewer
) -> None:
    ask(case, thea)
    later(case, 1)
    fill(case, lean="2")
    ask(case, thea, kind="missing")
    with world.store.partner.read() as session:
        desk = desks.find(session, by=case.people["a"])
    assert desk is not None
    assert (newest(case).variant, len(desk.questionnaire.sections)) == ("b", 13)
    assert "lean" in desk.places["direction"].touched
    assert "alcohol_1" in desk.places["health"].touched


def test_a_whole_form_that_was_withdrawn_is_read_no_more(world: World, case: Case, thea: Viewer) -> None:
    ask(case, thea)
    later(case, 1)
    case.say("a", "withdrawal", {"reason": ""})
    later(case, 1)
    fill(case)
    with world.store.staff.read() as session:
        person = persons.people(session, world.tools, case.id)[0]
    assert person.intake is not None
    assert (person.whole, person.answered_at) == (None, person.submitted_at)
    given = file(case)["partners"]["a"]
    assert (given["lean"], given["affair"], given["alcohol_score"]) == (1, None, None)
    assert case.route() == "wait"
    ask(case, thea, kind="missing")
    assert newest(case).variant == "b"


def test_whoever_sent_nothing_says_nothing(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a")
    with world.store.staff.read() as session:
        person = persons.people(session, world.tools, case.id)[0]
    assert (person.whole, person.answered_at) == (None, None)


def test_what_changed_since_it_was_signed_and_how_it_went(world: World, case: Case, thea: Viewer) -> None:
    case.see("a", thea)
    case.see("b", thea)
    case.sign(thea)
    view = seen(case, thea)
    assert (view.signed_advice, [one.slot for one in view.sent]) == (view.recommendation, ["a", "b"])
    assert sendings.changed(view.sent, "a", world.tools.now()) == ()
    ask(case, thea)
    later(case, 3)
    fill(case, lean="4", satisfaction_1="1", harm_received__weapon="past_year")
    after = seen(case, thea)
    assert view.recommendation is not None
    made_at = view.recommendation.made_at
    assert after.signed_advice == view.recommendation != after.recommendation
    assert sendings.changed(after.sent, "a", made_at) == ("lean", "harm_received.weapon", "satisfaction")
    assert [sendings.changed(after.sent, slot, made_at) for slot in ("b", "c")] == [(), ()]
    assert [(one.slot, one.values["lean"], one.values["alcohol_score"]) for one in after.sent] == [
        ("a", 1, after.sent[0].values["alcohol_score"]),
        ("b", 1, 0),
        ("a", 4, after.sent[0].values["alcohol_score"]),
    ]


def test_what_was_withdrawn_is_no_part_of_it(world: World, case: Case, thea: Viewer) -> None:
    later(case, 1)
    case.say("a", "withdrawal", {"reason": ""})
    assert [one.slot for one in seen(case, thea).sent] == ["b"]


def seen(case: Case, by: Viewer) -> case_views.CaseView:
    with case.world.store.staff.write() as session:
        return case_views.opened(session, case.world.tools, case_id=case.id, by=by)
