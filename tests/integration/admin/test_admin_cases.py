"""Cases by their scheduling state, for admins: opened, assigned, listed, counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from practice_world import World
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.models import AuditEvent, CaseFile, Invitation, table_of
from portal.services import admin_cases, case_merges, cases, mails, people, staff_profiles
from portal.services.case_states import CaseState, SlotState
from portal.services.errors import BadInput, NotFound, OutOfOrder
from portal.services.mails import Undelivered


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


def _open(world: World, by: Viewer, **given: str) -> str:
    with world.store.staff.write() as session:
        return admin_cases.open_case(session, world.tools, **{"email_a": "a@example.org", **given}, by=by)


def _view(world: World, by: Viewer, case_id: str) -> CaseState:
    with world.store.staff.write() as session:
        return admin_cases.view(session, world.tools, case_id=case_id, by=by)


def _therapist(world: World, by: Viewer) -> tuple[str, str]:
    """Id and e-mail of a therapist made by an admin."""
    with world.store.staff.write() as session:
        email = f"t{len(people.everyone(session, world.tools))}@example.org"
        made = people.create(session, world.tools, email=email, full_name="T", roles=["therapist"], by=by)
    return made.staff_id, email


def _verbs(world: World, subject_id: str) -> list[str]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        return list(session.scalars(select(c.verb).where(c.subject_id == subject_id)))


def test_opening_a_case_invites_both(world: World, ada: Viewer) -> None:
    therapist_id, email = _therapist(world, ada)
    world.work()
    world.mails.clear()
    case_id = _open(world, ada, email_b=" b@example.org ", therapist=email, language="es")
    now = world.tools.now()
    state = CaseState(
        id=case_id,
        origin="practice",
        opened_at=now,
        closed_at=None,
        therapist_id=therapist_id,
        merged_into_id=None,
        held_at=None,
        claims=None,
        claimed_by=(),
        slots=(
            SlotState("a", None, "a@example.org", "sent", now, None, None),
            SlotState("b", None, "b@example.org", "sent", now, None, None),
        ),
    )
    assert _view(world, ada, case_id) == state
    assert sorted(_verbs(world, case_id)) == [
        "case.opened", "case.scheduling_viewed", "invitation.sent", "invitation.sent"
    ]  # fmt: skip
    world.work()
    assert sorted(world.mails) == [
        ("a@example.org", "Mensaje para usted"),
        ("b@example.org", "Mensaje para usted"),
    ]


def test_a_case_may_be_one_persons_and_nobodys(world: World, ada: Viewer) -> None:
    state = _view(world, ada, _open(world, ada))
    assert (state.therapist_id, [slot.slot for slot in state.slots]) == (None, ["a"])


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"email_a": " "}, {"email_a": "missing"}),
        ({"email_a": "x", "email_b": "y\n@z"}, {"email_a": "bad_email", "email_b": "bad_email"}),
        ({"email_b": "no", "therapist": "nobody@example.org"},
         {"email_b": "bad_email", "therapist": "no_such_therapist"}),
    ],
)  # fmt: skip
def test_a_bad_case_is_refused_by_field(
    world: World, ada: Viewer, given: dict[str, str], faults: dict[str, str]
) -> None:
    with pytest.raises(BadInput) as refused:
        _open(world, ada, **given)
    assert refused.value.faults == faults
    with world.store.staff.read() as session:
        assert session.scalars(select(table_of(CaseFile).c.id)).all() == []


def test_assigning(world: World, ada: Viewer) -> None:
    case_id = _open(world, ada)
    therapist_id, email = _therapist(world, ada)

    def assign(to: str, case: str = case_id) -> str | None:
        with world.store.staff.write() as session:
            admin_cases.assign(session, world.tools, case_id=case, therapist=to, by=ada)
        return _view(world, ada, case).therapist_id

    assert assign(email) == therapist_id
    assert assign("") is None
    with pytest.raises(BadInput) as refused:
        assign("nobody@example.org")
    assert refused.value.faults == {"therapist": "no_such_therapist"}
    with pytest.raises(NotFound):
        assign(email, "nowhere")
    verbs = _verbs(world, case_id)
    assert (verbs.count("case.assigned"), verbs.count("case.unassigned")) == (1, 1)


def test_a_case_merged_away_is_given_to_nobody(world: World, ada: Viewer) -> None:
    one, two = world.case(slots="a"), world.case(slots="a")
    two.join("a")
    with world.store.staff.write() as session:
        case_merges.merge(session, world.tools, case_id=one.id, other=two.id, slot="b", by=ada)
    with world.store.staff.write() as session, pytest.raises(OutOfOrder):
        admin_cases.assign(session, world.tools, case_id=two.id, therapist="", by=ada)


def test_scheduling_state_tells_names_and_times(world: World, ada: Viewer, clock: Any) -> None:
    case = world.case()
    clock.move(minutes=1)
    case.send("a", "Alex")
    clock.move(minutes=1)
    case.join("b", "Bo")
    one, other = _view(world, ada, case.id).slots
    assert (one.slot, one.name, one.address, one.invitation, one.invited_at) == (
        "a",
        "Alex",
        None,
        None,
        None,
    )
    assert one.joined_at is not None
    assert other.joined_at is not None
    assert one.sent_at is not None
    assert one.joined_at < one.sent_at < other.joined_at
    assert (other.slot, other.name, other.sent_at) == ("b", "Bo", None)


def test_an_unknown_case_is_not_found(world: World, ada: Viewer) -> None:
    with pytest.raises(NotFound):
        _view(world, ada, "nowhere")
    case_id = _open(world, ada)
    with world.store.staff.read() as session:
        with pytest.raises(NotFound):
            cases.require_exists(session, "nowhere")
        cases.require_exists(session, case_id)


def test_pages_follow_each_other(
    world: World, ada: Viewer, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_cases, "PAGE", 2)
    opened = [_open(world, ada)]
    opened.append(_open(world, ada))
    clock.move(minutes=1)
    opened.append(_open(world, ada))
    with world.store.staff.write() as session:
        first = admin_cases.page(session, world.tools, by=ada)
        last = first[-1]
        second = admin_cases.page(session, world.tools, by=ada, before=(last.opened_at, last.id))
    assert [case.id for case in (*first, *second)] == [opened[2], *sorted(opened[:2], reverse=True)]
    assert "cases.listed" in _verbs(world, ada.id)


def test_the_desk_counts_what_waits(world: World, ada: Viewer) -> None:
    thea = world.staff()
    _open(world, ada, email_b="b@example.org")
    case = world.case(therapist=thea)
    case.send("a", "Alex")
    case.say("a", "partner_choice", {"choice": "invite", "channel": "email", "address": "b@example.org"})
    world.case(therapist=thea, slots="a").join("a")
    _therapist(world, ada)
    with world.store.staff.write() as session:
        desk = admin_cases.desk(session, world.tools, by=ada)
    shown = {key: getattr(desk, key) for key in (
        "letters", "claims", "cases", "without_therapist", "held_invitations", "invited", "joined", "sent",
        "not_set_up", "stuck_mails",
    )}  # fmt: skip
    assert shown == {
        "letters": (), "claims": (), "cases": 3, "without_therapist": 1, "held_invitations": 1, "invited": 2,
        "joined": 1, "sent": 1, "not_set_up": 1, "stuck_mails": 0,
    }  # fmt: skip
    assert [state.therapist_id for state in desk.unassigned] == [None]
    assert "admin.viewed" in _verbs(world, ada.id)


def test_the_desk_tells_of_mail_that_does_not_go_out(world: World, ada: Viewer) -> None:
    with world.store.staff.write() as session:
        for address in ("one@example.org", "two@example.org"):
            mails.queue(session, world.tools, template="notify", to=address, language="en", params={})
        (tried,) = mails.lease(session, world.tools, limit=1)
        mails.settle(session, world.tools, tried, is_sent=False)
        desk = admin_cases.desk(session, world.tools, by=ada)
    due_at = world.tools.now() + timedelta(minutes=1)
    assert desk.stuck_mails == 1
    assert desk.undelivered == (Undelivered("notify", tried.to, due_at, 1, is_given_up=False),)
    with world.store.staff.write() as session:
        last = replace(tried, attempts=mails.GIVE_UP_AFTER - 1)
        mails.settle(session, world.tools, last, is_sent=False)
        (given_up,) = mails.undelivered(session, world.tools)
    assert (given_up.attempts, given_up.is_given_up) == (mails.GIVE_UP_AFTER, True)


def test_counting_ends(world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an admin is told must not take longer with every case: one more than the end stands for more."""
    monkeypatch.setattr(admin_cases, "COUNTED", 2)
    oldest = world.case()
    oldest.send("a", "Alex")
    for day in range(3):
        world.tools.clock.move(days=1)  # type: ignore[attr-defined]
        _open(world, ada, email_a=f"n{day}@example.org")
    with world.store.staff.write() as session:
        desk = admin_cases.desk(session, world.tools, by=ada)
    assert (desk.cases, desk.without_therapist) == (3, 3)
    # People are counted in the two cases opened last, where nobody has sent.
    assert (desk.invited, desk.sent) == (2, 0)


def test_a_therapists_load_is_counted_as_far_as_anybody_can_see_couples(
    world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    therapist_id, email = _therapist(world, ada)
    for _ in range(3):
        _open(world, ada, therapist=email)
    with world.store.staff.read() as session:
        assert staff_profiles.loads(session) == {therapist_id: 3}
        monkeypatch.setattr(staff_profiles, "LOAD", 2)
        assert staff_profiles.loads(session) == {therapist_id: 2}


def test_an_empty_practice_has_an_empty_desk(world: World, ada: Viewer) -> None:
    with world.store.staff.write() as session:
        desk = admin_cases.desk(session, world.tools, by=ada)
    assert (desk.cases, desk.sent, desk.unassigned) == (0, 0, ())


def test_nothing_of_it_opens_an_answer(world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an admin looks at, only names and invited addresses are unsealed."""
    case = world.case()
    case.send("a", "Alex")
    opened: list[str] = []
    plain_open, plain_unbox = world.tools.vault.open, world.tools.vault.unbox

    def note_open(place: Any, blob: bytes) -> str:
        opened.append(f"{place.table}.{place.column}")
        return plain_open(place, blob)

    def note_unbox(ring: Any, place: Any, blob: bytes) -> str:
        opened.append(f"{place.table}.{place.column}")
        return plain_unbox(ring, place, blob)

    monkeypatch.setattr(world.tools.vault, "open", note_open)
    monkeypatch.setattr(world.tools.vault, "unbox", note_unbox)
    _view(world, ada, case.id)
    with world.store.staff.write() as session:
        admin_cases.page(session, world.tools, by=ada)
        admin_cases.desk(session, world.tools, by=ada)
    assert set(opened) == {"consent.name_sealed"}


def test_invitations_stand_by_the_newest(world: World, ada: Viewer) -> None:
    case_id = _open(world, ada)
    with world.store.staff.read() as session:
        assert session.scalars(select(table_of(Invitation).c.state)).all() == ["sent"]
    assert _view(world, ada, case_id).slots[0].invitation == "sent"
