"""Invitations, appointments, requests: who may be reached, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from practice_world import PASSWORD, Case, World
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.models import Intake, Partner, table_of
from portal.services import (
    appointments,
    clearances,
    facts,
    intakes,
    invitations,
    joining,
    mail_carriers,
    mails,
    partner_pages,
    requests,
)
from portal.services.appointments import AppointmentView, Proposal
from portal.services.errors import BadInput, NotFound, OutOfOrder, Refused
from portal.services.invitations import InvitationView
from portal.services.practices import PracticeView
from portal.services.release_lint import LintRefused

SOON = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
INVITE = {"choice": "invite", "channel": "email", "address": "ben@example.org"}


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


@pytest.fixture
def case(world: World, thea: Viewer) -> Case:
    return world.case(therapist=thea)


def invite(case: Case, by: Viewer, slot: str = "b", *, phone: bool = False) -> str:
    with case.world.store.staff.write() as session:
        return invitations.send(
            session, case.world.tools, case_id=case.id, slot=slot, channel="phone" if phone else "email",
            address="555 0102" if phone else "ben@example.org", by=by,
        )  # fmt: skip


def release_held(case: Case, by: Viewer, held: str) -> None:
    with case.world.store.staff.write() as session:
        invitations.release_held(session, case.world.tools, case_id=case.id, invitation_id=held, by=by)


def invited(case: Case) -> tuple[InvitationView, ...]:
    with case.world.store.staff.read() as session:
        return invitations.of_case(session, case.world.tools, case.id)


def join(case: Case, link: str) -> str:
    newcomer = joining.prepare(case.world.tools, password=PASSWORD, language="en")
    with case.world.store.partner.write() as session:
        token = link.rsplit("/", 1)[1]
        return joining.join(session, case.world.tools, token=token, newcomer=newcomer).partner_id


def test_an_invitation_by_mail(world: World, case: Case, thea: Viewer) -> None:
    invitation_id = invite(case, thea)
    (kept,) = invited(case)
    assert kept == InvitationView(
        id=invitation_id, slot="b", state="sent", channel="email", address="ben@example.org",
        created_at=world.tools.now(), sent_at=world.tools.now(),
        expires_at=world.tools.now() + invitations.LIVES, used_at=None, link=None,
    )  # fmt: skip
    world.work()
    assert world.mails == [("ben@example.org", "Message for you")]


def test_a_link_for_the_telephone_stands_until_it_is_used(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea, slots="a")
    invite(case, thea, phone=True)
    world.work()
    assert world.mails == []
    (kept,) = invited(case)
    assert kept.link is not None
    assert kept.link.startswith("http://127.0.0.1:8000/join/")
    with world.store.staff.read() as session:
        slots = session.execute(select(table_of(Partner).c.slot, table_of(Partner).c.id)).all()
    assert join(case, kept.link) == {row.slot: row.id for row in slots}["b"]
    assert invited(case)[0].link is None


def test_a_newer_invitation_ends_the_older_one(case: Case, thea: Viewer) -> None:
    invite(case, thea, phone=True)
    (first,) = invited(case)
    invite(case, thea, phone=True)
    assert first.link is not None
    with pytest.raises(Refused, match="unknown_link"):
        join(case, first.link)
    assert [one.link is None for one in invited(case) if one.id == first.id] == [True]


@pytest.mark.parametrize("first", ["a", "b"])
def test_who_was_invited_in_one_moment_stands_in_one_order(world: World, thea: Viewer, first: str) -> None:
    """Nothing tells whose invitation was written down first: neither the act nor the ids that were drawn."""
    for _ in range(6):
        case = world.case(therapist=thea)
        for slot in sorted("ab", reverse=first == "b"):
            invite(case, thea, slot)
        assert [one.slot for one in invited(case)] == ["a", "b"]
        world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
        invite(case, thea, "b")
        assert [one.slot for one in invited(case)] == ["b", "a", "b"]


def test_what_was_stated_in_one_act_stands_in_one_order(world: World, thea: Viewer) -> None:
    for _ in range(6):
        case = world.case(therapist=thea)
        for slot in "ba":
            said = {"validity_concern": "yes", "shared_account": "yes"}
            with world.store.staff.write() as session:
                facts.state(session, world.tools, case_id=case.id, slot=slot, said=said, note="", by=thea)
        with world.store.staff.read() as session:
            stated = [(one.slot, one.kind) for one in facts.of_case(session, world.tools, case.id)]
        assert stated == [(slot, kind) for slot in "ab" for kind in ("shared_account", "validity_concern")]


def test_nobody_is_invited_twice(case: Case, thea: Viewer) -> None:
    case.join("b")
    with pytest.raises(OutOfOrder, match="already_joined"):
        invite(case, thea)


@pytest.mark.parametrize("choice", ["will_not_join", "do_not_contact"])
def test_nobody_is_invited_against_the_others_word(case: Case, thea: Viewer, choice: str) -> None:
    case.join("a")
    case.say("a", "partner_choice", {"choice": choice})
    with pytest.raises(OutOfOrder, match="contact_blocked"):
        invite(case, thea)


@pytest.mark.parametrize(
    "answers",
    [
        {"harm_received__strangled": "earlier"},
        {"child_danger": "now"},
        {"suicidal_behavior": "past_3_months"},
        {"order_of_protection": "current"},
        {"order_of_protection": "past"},
        {"fear_of_consequences": "yes"},
    ],
)
@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "draft"])
def test_danger_blocks_every_invitation(
    case: Case, thea: Viewer, answers: dict[str, str], is_sent: bool
) -> None:
    case.join("a")
    if is_sent:
        case.send("a", **answers)
    else:
        case.save("a", **answers)
    with pytest.raises(OutOfOrder, match="invitation_blocked"):
        invite(case, thea)


def test_a_danger_that_nobody_has_looked_at_yet_blocks(
    world: World, case: Case, thea: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between sending and the worker's look an invitation would go to the home where the danger is."""
    case.join("a")
    monkeypatch.setattr(World, "work", lambda _world: None)
    case.send("a", suicide_level="4")
    with pytest.raises(OutOfOrder, match="invitation_blocked"):
        invite(case, thea)


def test_a_finding_newer_than_the_recommendation_blocks(
    world: World, case: Case, thea: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.send("a", harm_received__weapon="past_year")
    monkeypatch.setattr(invitations.standing_now.routing, "latest", lambda *_: None)
    with pytest.raises(OutOfOrder, match="invitation_blocked"):
        invite(case, thea)


def test_a_past_order_blocks_even_when_all_else_is_cleared(world: World, case: Case, thea: Viewer) -> None:
    case.join("a")
    first = case.save("a", order_of_protection="past")
    world.tools.clock.move(hours=1)  # type: ignore[attr-defined]
    case.save("a", intake_id=first, order_of_protection="none")
    with world.store.partner.write() as session:
        intakes.submit(session, world.tools, by=case.people["a"])
    case.see("a", thea)
    world.work()
    with world.store.staff.write() as session:
        clearances.give(session, world.tools, case_id=case.id, tier="B", note="Seen apart.", by=thea)
    assert case.route() == "wait"
    with pytest.raises(OutOfOrder, match="invitation_blocked"):
        invite(case, thea)


def test_a_partners_wish_is_held_until_they_sent_and_staff_release_it(
    world: World, case: Case, thea: Viewer
) -> None:
    case.join("a")
    case.say("a", "partner_choice", INVITE)
    (held,) = invited(case)
    assert (held.slot, held.state, held.address, held.sent_at) == ("b", "held", "ben@example.org", None)
    with pytest.raises(OutOfOrder, match="inviter_sends_first"):
        release_held(case, thea, held.id)
    case.send("a")
    world.mails.clear()
    release_held(case, thea, held.id)
    world.work()
    assert world.mails == [("ben@example.org", "Message for you")]
    with pytest.raises(NotFound):
        release_held(case, thea, held.id)


def test_a_held_invitation_of_another_case_is_not_found(world: World, case: Case, thea: Viewer) -> None:
    case.join("a")
    case.say("a", "partner_choice", INVITE)
    with pytest.raises(NotFound):
        release_held(world.case(therapist=thea), thea, invited(case)[0].id)


def propose(case: Case, by: Viewer, slot: Any = "a", place: str = "Room 2") -> None:
    with case.world.store.staff.write() as session:
        proposal = Proposal(slot=slot, starts_at=SOON, minutes=50, place=place)
        appointments.propose(session, case.world.tools, case_id=case.id, proposal=proposal, by=by)


def seen(case: Case, slot: str) -> list[tuple[str, dict[str, Any]]]:
    with case.world.store.partner.read() as session:
        found = partner_pages.notices(session, case.world.tools, by=case.people[slot])
        return [(one.kind, one.body) for one in found]


def test_an_appointment_for_one_person(world: World, case: Case, thea: Viewer) -> None:
    case.send("a")
    case.join("b")
    propose(case, thea)
    text = (
        "We suggest Tuesday, December 1, 2026 at 10:00\u00a0AM, for 50 minutes. Where: Room 2. "
        "If this does not suit you, call us at — and we find another time."
    )
    body = {
        "title": "A time to talk", "text": text, "starts_at": "2026-12-01T15:00:00+00:00", "minutes": 50,
        "place": "Room 2",
    }  # fmt: skip
    assert seen(case, "a") == [("appointment", body)]
    assert seen(case, "b") == []
    with world.store.staff.read() as session:
        (kept,) = appointments.of_case(session, world.tools, case.id)
    assert kept == AppointmentView(
        id=kept.id, slot="a", starts_at=SOON, minutes=50, place="Room 2", proposed_by=thea.id,
        proposed_at=world.tools.now(),
    )  # fmt: skip


def test_a_joint_appointment_needs_every_gate(case: Case, thea: Viewer) -> None:
    case.send("a")
    case.join("b")
    for refusal in ("joint_after_interviews", "joint_after_interviews"):
        with pytest.raises(OutOfOrder, match=refusal):
            propose(case, thea, "both")
        case.send("b")
    case.see("a", thea)
    case.see("b", thea)
    with pytest.raises(OutOfOrder, match="joint_after_review"):
        propose(case, thea, "both")
    case.sign(thea)
    propose(case, thea, "both")
    assert seen(case, "a") == seen(case, "b") != []


def test_a_joint_appointment_needs_a_joint_route(case: Case, thea: Viewer) -> None:
    case.send("a", lean="5", decision_firmness="9", commit_months="no")
    case.send("b")
    case.see("a", thea)
    case.see("b", thea)
    case.sign(thea)
    with pytest.raises(OutOfOrder, match="joint_after_review"):
        propose(case, thea, "both")


def test_an_appointment_needs_somebody_who_joined_and_may_be_reached(case: Case, thea: Viewer) -> None:
    with pytest.raises(OutOfOrder, match="not_joined"):
        propose(case, thea)
    case.join("a")
    case.say("a", "partner_choice", {"choice": "do_not_contact"})
    with pytest.raises(OutOfOrder, match="contact_blocked"):
        propose(case, thea, "b")


def test_a_place_says_nothing_it_must_not(case: Case, thea: Viewer) -> None:
    case.join("a")
    with pytest.raises(LintRefused) as refused:
        propose(case, thea, place="Room for couples therapy")
    assert refused.value.faults == {"place": "service"}


def test_an_appointment_needs_both_places_filled(world: World, thea: Viewer) -> None:
    with pytest.raises(BadInput):
        propose(world.case(therapist=thea, slots="a"), thea, "both")


def ask(case: Case, by: Viewer, kind: str = "repeat", slot: str = "a") -> None:
    with case.world.store.staff.write() as session:
        requests.send(session, case.world.tools, case_id=case.id, slot=slot, kind=kind, by=by)


@pytest.mark.parametrize("kind", intakes.REQUESTS)
def test_a_request_opens_the_form_and_says_so_on_the_page(
    world: World, case: Case, thea: Viewer, kind: str
) -> None:
    case.send("a")
    world.mails.clear()
    ask(case, thea, kind)
    world.work()
    assert [(one, sorted(body)) for one, body in seen(case, "a")] == [("request", ["text", "title"])]
    assert world.mails == []
    c = table_of(Intake).c
    with world.store.staff.read() as session:
        rounds = session.execute(select(c.round, c.kind).order_by(c.round)).all()
    assert [tuple(row) for row in rounds] == [(1, "first"), (2, kind)]


def test_nothing_is_asked_again_before_it_was_sent(case: Case, thea: Viewer) -> None:
    case.join("a")
    with pytest.raises(OutOfOrder, match="not_sent"):
        ask(case, thea)


def test_nothing_is_asked_of_somebody_who_withdrew(case: Case, thea: Viewer) -> None:
    case.send("a")
    case.say("a", "withdrawal", {"reason": ""})
    with pytest.raises(OutOfOrder, match="contact_blocked"):
        ask(case, thea)


def test_a_calendar_entry_goes_to_whoever_chose_mail_and_says_when_alone(
    world: World, case: Case, thea: Viewer
) -> None:
    case.send("a")
    proposal = Proposal("a", SOON, 50, "Room 2", notify=True)
    with world.store.staff.write() as session:
        appointments.propose(session, world.tools, case_id=case.id, proposal=proposal, by=thea)
    with world.store.staff.write() as session:
        assert [mail.template for mail in mails.lease(session, world.tools, limit=50)].count("notify") == 0
    case.say("a", "contact", {"channel": "email", "address": "ana@example.org"})
    with world.store.staff.write() as session:
        appointments.propose(session, world.tools, case_id=case.id, proposal=proposal, by=thea)
    with world.store.staff.write() as session:
        (waiting,) = [one for one in mails.lease(session, world.tools, limit=50) if one.template == "notify"]
    now = world.tools.now()
    message = mail_carriers.build(
        waiting, PracticeView(name="Riverside"), sender="office@example.org", now=now
    )
    (file,) = message.iter_attachments()
    assert (message["To"], message["Subject"]) == ("ana@example.org", "Message for you")
    assert (file.get_content_type(), file.get_filename()) == ("text/calendar", "entry.ics")
    (event,) = Calendar.from_ical(file.get_content()).walk("VEVENT")
    assert {name: event.decoded(name) for name in ("dtstart", "dtend", "summary")} == {
        "dtstart": SOON, "dtend": SOON + timedelta(minutes=50), "summary": "Appointment",
    }  # fmt: skip
    assert set(event) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS"}
    assert (str(event["uid"]), "Riverside" in str(file)) == (waiting.params["uid"], False)
