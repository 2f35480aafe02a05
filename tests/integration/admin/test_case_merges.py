"""Merging: whose slot it is was found out by voice; nothing is lost, nothing looks safer."""

from __future__ import annotations

from typing import Any

import pytest
from practice_world import World
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.models import Finding, Invitation, Letter, Partner, table_of
from portal.services import admin_cases, case_merges, couples, facts, joining, standing
from portal.services.case_states import CaseState
from portal.services.errors import BadInput, NotFound, OutOfOrder
from portal.services.joining import Joined

PASSWORD = "a long quiet evening by the river"


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


def _merge(world: World, by: Viewer, case_id: str, other: str, slot: str) -> None:
    with world.store.staff.write() as session:
        case_merges.merge(session, world.tools, case_id=case_id, other=other, slot=slot, by=by)
    world.work()


def _view(world: World, by: Viewer, case_id: str) -> CaseState:
    with world.store.staff.write() as session:
        return admin_cases.view(session, world.tools, case_id=case_id, by=by)


def _partner_in(world: World, case_id: str, slot: str) -> str | None:
    c = table_of(Partner).c
    with world.store.staff.read() as session:
        found: str | None = session.scalar(select(c.id).where(c.case_id == case_id, c.slot == slot))
        return found


def _case_of(world: World, partner_id: str) -> str:
    c = table_of(Partner).c
    with world.store.staff.read() as session:
        return str(session.execute(select(c.case_id).where(c.id == partner_id)).scalar_one())


def _claimed(world: World, by: Viewer) -> tuple[str, str, Joined, Joined]:
    """A case whose invitation two people used: (case, second record's case, first, second)."""
    with world.store.staff.write() as session:
        case_id = admin_cases.open_case(session, world.tools, email_a="a@example.org", by=by)
    world.work()
    token = _token(world, case_id)
    joined = []
    for _ in range(2):
        newcomer = joining.prepare(world.tools, password=PASSWORD, language="en")
        with world.store.partner.write() as session:
            joined.append(joining.join(session, world.tools, token=token, newcomer=newcomer))
    world.work()
    return case_id, _case_of(world, joined[1].partner_id), joined[0], joined[1]


def _token(world: World, case_id: str) -> str:
    """Give the case's invitation a token that this test knows."""
    from sqlalchemy import update

    from portal.services.tools import token_hash

    with world.store.staff.write() as session:
        session.execute(update(table_of(Invitation)).values(token_hash=token_hash("known")))
    return "known"


def _conflict(world: World, case_id: str, slot: str) -> bool:
    with world.store.staff.read() as session:
        couple = couples.couple(session, world.tools, case_id)
    person = next(person for person in couple.people if person.slot == slot)
    return person.fact("identity_conflict")


def test_a_second_claimant_is_seen_on_both_sides(world: World, ada: Viewer) -> None:
    case_id, other, _, _ = _claimed(world, ada)
    assert _view(world, ada, case_id).claimed_by == (other,)
    assert _view(world, ada, other).claims == case_id
    with world.store.staff.write() as session:
        desk = admin_cases.desk(session, world.tools, by=ada)
    assert [state.id for state in desk.claims] == [other]


def test_the_second_claimant_takes_the_slot_and_the_first_is_set_apart(world: World, ada: Viewer) -> None:
    case_id, other, first, second = _claimed(world, ada)
    _merge(world, ada, case_id, other, "a")
    assert _partner_in(world, case_id, "a") == second.partner_id
    apart = _case_of(world, first.partner_id)
    assert apart not in (case_id, other)
    merged, state, away = _view(world, ada, case_id), _view(world, ada, apart), _view(world, ada, other)
    assert (merged.claimed_by, merged.slots[0].address) == ((), "a@example.org")
    assert (state.origin, state.closed_at, state.merged_into_id) == ("set_apart", None, None)
    assert (away.merged_into_id, away.closed_at is None, away.slots) == (case_id, False, ())
    assert not _conflict(world, case_id, "a")
    assert _conflict(world, apart, "a")
    with world.store.staff.write() as session:
        assert admin_cases.desk(session, world.tools, by=ada).claims == ()


def test_a_person_who_began_again_fills_an_empty_slot(world: World, ada: Viewer) -> None:
    case, again = world.case(slots="a"), world.case(slots="a")
    again.send("a", "Bo")
    _merge(world, ada, case.id, again.id, "b")
    assert _partner_in(world, case.id, "b") == again.ids["a"]
    assert [slot.slot for slot in _view(world, ada, case.id).slots] == ["a", "b"]


def test_a_record_nobody_joined_is_put_away_closed_and_its_invitation_goes_over(
    world: World, ada: Viewer
) -> None:
    with world.store.staff.write() as session:
        case_id = admin_cases.open_case(session, world.tools, email_a="a@example.org", by=ada)
    placeholder = _partner_in(world, case_id, "a")
    again = world.case(slots="a")
    again.join("a", "Alex")
    _merge(world, ada, case_id, again.id, "a")
    apart = _view(world, ada, _case_of(world, str(placeholder)))
    assert (apart.merged_into_id, apart.closed_at is None) == (case_id, False)
    slot = _view(world, ada, case_id).slots[0]
    assert (slot.name, slot.address, slot.invitation) == ("Alex", "a@example.org", "sent")


def test_findings_stay_with_the_slot_and_with_the_person(world: World, ada: Viewer) -> None:
    case, again = world.case(), world.case(slots="a")
    case.send("a", "Alex", **{"harm_received.strangled": "earlier"})
    case.send("b", "Bo")
    assert case.route() == "safety"
    again.send("a", "Alex")
    _merge(world, ada, case.id, again.id, "a")
    assert case.route() == "safety"
    apart = _case_of(world, case.ids["a"])
    with world.store.staff.read() as session:
        here = standing.of_case(session, world.tools, case.id)
        there = standing.of_case(session, world.tools, apart)
    assert [(view.slot, view.rule, view.state) for view in here] == [("a", "R1", "latched")]
    assert [(view.slot, view.rule, view.state) for view in there] == [("a", "R1", "latched")]


def test_a_finding_that_could_still_be_corrected_counts_and_a_corrected_one_does_not(
    world: World, ada: Viewer, clock: Any
) -> None:
    case, again = world.case(), world.case(slots="a")
    case.join("a", "Alex")
    case.save("a", **{"harm_received.strangled": "earlier", "fear": "strong"})
    with world.store.staff.write() as session:
        table = table_of(Finding)
        rows = session.execute(select(table.c.id, table.c.state).order_by(table.c.id)).all()
        assert {row.state for row in rows} == {"provisional"}
        session.execute(table.update().where(table.c.id == rows[0].id).values(state="corrected"))
    again.join("a", "Alex")
    with world.store.staff.write() as session:
        case_merges.merge(session, world.tools, case_id=case.id, other=again.id, slot="a", by=ada)
    with world.store.staff.read() as session:
        here = standing.of_case(session, world.tools, case.id)
    assert [(view.state, view.settled_at) for view in here] == [("latched", clock())] * (len(rows) - 1)


def test_a_waiting_letter_to_the_record_that_leaves_is_refused(world: World, ada: Viewer) -> None:
    case, again = world.case(), world.case(slots="a")
    case.join("a")
    again.join("a")
    letter = {
        "id": "letter-1", "case_id": case.id, "partner_id": case.ids["a"], "kind": "free", "body_box": b"",
        "names_service": False, "notify": False, "state": "waiting", "written_by": "x",
        "written_at": world.tools.now(),
    }  # fmt: skip
    with world.store.staff.write() as session:
        session.execute(table_of(Letter).insert(), [letter])
    _merge(world, ada, case.id, again.id, "a")
    c = table_of(Letter).c
    with world.store.staff.read() as session:
        assert session.execute(select(c.state, c.decided_by)).one() == ("refused", ada.id)


def test_what_cannot_be_meant_is_refused(world: World, ada: Viewer) -> None:
    case, empty = world.case(), world.case()
    joined = world.case(slots="a")
    joined.join("a")
    for other, slot, faults in (
        (joined.id, "c", {"slot": "not_an_option"}),
        (case.id, "a", {"other": "same_case"}),
        ("nowhere", "a", {"other": "no_such_case"}),
    ):
        with pytest.raises(BadInput) as refused:
            _merge(world, ada, case.id, other, slot)
        assert refused.value.faults == faults
    with pytest.raises(NotFound):
        _merge(world, ada, "nowhere", joined.id, "a")
    with pytest.raises(OutOfOrder, match="not_one_person"):
        _merge(world, ada, case.id, empty.id, "a")
    _merge(world, ada, case.id, joined.id, "a")
    with pytest.raises(OutOfOrder, match="case_closed"):
        _merge(world, ada, case.id, joined.id, "a")
    with pytest.raises(OutOfOrder, match="case_closed"):
        _merge(world, ada, joined.id, empty.id, "a")
    with world.store.staff.read() as session:
        said = [(fact.kind, fact.value) for fact in facts.of_case(session, world.tools, case.id)]
    assert said == [("identity_conflict", "no")]


def test_a_merge_is_taken_back_by_merging_the_record_that_was_set_apart(world: World, ada: Viewer) -> None:
    case_id, other, first, second = _claimed(world, ada)
    _merge(world, ada, case_id, other, "a")
    _merge(world, ada, case_id, _case_of(world, first.partner_id), "a")
    assert _partner_in(world, case_id, "a") == first.partner_id
    assert _view(world, ada, _case_of(world, second.partner_id)).origin == "set_apart"
    assert not _conflict(world, case_id, "a")
    assert _conflict(world, _case_of(world, second.partner_id), "a")


def test_the_records_of_two_claimants_are_seen_beside_each_other(world: World, ada: Viewer) -> None:
    case_id, other, _, _ = _claimed(world, ada)
    seen = {}
    for where in (case_id, other):
        state = _view(world, ada, where)
        with world.store.staff.read() as session:
            seen[where] = [one.id for one in admin_cases.beside(session, world.tools, state=state)]
    assert seen == {case_id: [other], other: [case_id]}
    lone = _view(world, ada, world.case().id)
    with world.store.staff.read() as session:
        assert admin_cases.beside(session, world.tools, state=lone) == ()
