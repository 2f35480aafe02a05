"""Between telling and the worker's look: no act of staff goes by what was known before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from sqlalchemy import select, update

from cast import OFFICE, Cast, Pair
from portal import worker
from portal.domain.access import Viewer
from portal.models import Letter, Mail, SealedEntry, table_of
from portal.services import (
    admin_cases,
    appointments,
    cases,
    closings,
    invitations,
    joint_work,
    mails,
    releases,
    standing_now,
    statements,
)
from portal.services.appointments import Proposal
from portal.services.errors import Conflict, OutOfOrder
from portal.services.standing_now import Now
from portal.vault import Place, new_vault

DANGER = {"harm_received__strangled": "past_year", "child_danger": "now"}
SAFE = {"harm_received__strangled": "none", "child_danger": "no"}


def draft(pair: Pair) -> None:
    """Autosaved, and the page still stands open."""
    pair.b.saves("safety", **DANGER)


def sent(pair: Pair) -> None:
    """The whole form again."""
    pair.b.sends(**DANGER)


def taken_back(pair: Pair) -> None:
    """Told, left, and taken back on coming again: it stands for good, though no answer says so any more."""
    pair.b.saves("safety", "next", **DANGER)
    pair.cast.clock.move(seconds=20)
    pair.b.saves("safety", **SAFE)


@pytest.fixture
def seen(pair: Pair, thea: Viewer) -> Pair:
    """On the way to couples work: both sent, were seen alone, and b has the form open once more."""
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    for slot in ("a", "b"):
        pair.interview(slot, thea)
    pair.request("b", "refresh", thea)
    pair.cast.clock.move(minutes=1)
    assert pair.route()[0] == "couples"
    return pair


def propose(pair: Pair, by: Viewer, slot: Literal["a", "b", "both"] = "both") -> None:
    proposal = Proposal(slot, pair.cast.clock() + timedelta(days=3), 50, "Room 2")
    with pair.cast.store.staff.write() as session:
        appointments.propose(session, pair.cast.tools, case_id=pair.id, proposal=proposal, by=by)


def close(pair: Pair, by: Viewer, *, note: str = "", blind: bool = False) -> None:
    with pair.cast.store.staff.write() as session:
        closings.close(
            session, pair.cast.tools, case_id=pair.id, reason="finished", note=note, by=by, is_blind=blind
        )


def write(pair: Pair, by: Viewer) -> str:
    """A letter to a; its state."""
    letter = releases.Draft(slot="a", letter="free", body="We would like to talk with you by yourself.")
    c = table_of(Letter).c
    with pair.cast.store.staff.write() as session:
        letter_id = releases.write(session, pair.cast.tools, case_id=pair.id, draft=letter, by=by)
        return str(session.scalar(select(c.state).where(c.id == letter_id)))


def now(pair: Pair) -> Now:
    with pair.cast.store.staff.read() as session:
        return standing_now.look(session, pair.cast.tools, case_id=pair.id)


@pytest.mark.parametrize("tells", [draft, sent, taken_back])
def test_no_act_goes_over_what_was_just_told(seen: Pair, thea: Viewer, tells: Callable[[Pair], None]) -> None:
    """The worker's look then makes what is to be read first."""
    seen.sign(thea)
    read = seen.advice()
    tells(seen)
    for choice in ({}, {"decision": "override", "route": "consult", "reason_code": "other", "note": "x"}):
        with pytest.raises(Conflict, match="told_since"):
            seen.sign(thea, **choice)
    with pytest.raises(joint_work.GatesOpen) as refused:
        propose(seen, thea)
    assert "danger_told_since" in refused.value.gates
    if tells is not sent:  # else the interview comes first, which is refused already
        with pytest.raises(Conflict, match="told_since"):
            seen.clear("A", thea)
    with pytest.raises(Conflict, match="told_since"):
        seen.state("b", thea, confirm="child_danger")
    with pytest.raises(OutOfOrder, match="safety_stands"):
        close(seen, thea)
    assert write(seen, thea) == "waiting"
    # What leads to nobody, and what is for one person alone, goes on.
    seen.sign(thea, decision="defer")
    propose(seen, thea, "b")
    seen.cast.works()
    assert seen.advice() != read
    assert seen.route() == ("safety", "ipv_acute")
    assert {view.rule for view in seen.views()} == {"R1", "R1b"}
    seen.sign(thea)


def test_what_is_no_danger_stops_only_what_goes_by_it(
    seen: Pair, thea: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen.cast.works()
    with monkeypatch.context() as patched:
        patched.setattr(standing_now.couples, "read", lambda _reading: pytest.fail("nothing waits"))
        assert now(seen) == Now(seen.advice())
    seen.b.saves("safety", "next", **SAFE)
    seen.a.says("message", text="Thank you.")
    seen.sign(thea)
    propose(seen, thea)
    assert write(seen, thea) == "released"
    # Something to add makes a form old: what was signed goes by older answers.
    seen.a.says("addition", text="She moved out.")
    with pytest.raises(joint_work.GatesOpen) as refused:
        propose(seen, thea)
    assert refused.value.gates == ("told_since",)
    seen.b.sends(drug_loss_of_control="yes", drug_treated="no")
    assert now(seen).needs_approval
    assert not now(seen).is_danger
    assert write(seen, thea) == "waiting"


def test_who_sends_meanwhile_is_read_first_and_days_that_pass_tell_nothing(seen: Pair, thea: Viewer) -> None:
    """A new submission makes a new recommendation, also where the rules say the same once more.

    The worker leaves a signed case alone that only grows old, and so does whoever looks for themselves.
    """
    seen.cast.works()
    seen.b.sends()
    with pytest.raises(Conflict, match="told_since"):
        seen.sign(thea)
    seen.cast.works()
    seen.sign(thea)
    seen.cast.clock.move(days=70)
    seen.cast.works()
    seen.sign(thea)


def test_what_is_closed_with_a_note_is_opened_again_by_the_look(seen: Pair, thea: Viewer) -> None:
    """An admin must not learn of a finding; nobody has read it, so the case is not over."""
    draft(seen)
    close(seen, OFFICE, note="They called.", blind=True)
    with pytest.raises(OutOfOrder, match="already_closed"):
        close(seen, thea, note="x")
    seen.cast.works()
    close(seen, thea, note="x")


def test_nobody_is_invited_after_what_was_just_told(pair: Pair, thea: Viewer) -> None:
    """Nor where it was taken back: a draft of another round is read by nothing but a finding."""
    pair.b.joins().sends()
    pair.cast.works()
    pair.request("b", "refresh", thea)
    pair.cast.clock.move(minutes=1)
    for tells in (draft, taken_back):
        tells(pair)
        with pair.cast.store.staff.write() as session, pytest.raises(OutOfOrder, match="invitation_blocked"):
            invitations.send(
                session, pair.cast.tools, case_id=pair.id, slot="a", channel="phone", address="1", by=thea
            )


@pytest.mark.parametrize("tells", [draft, taken_back, None])
def test_an_invitation_still_in_the_queue_goes_nowhere_after_what_was_just_told(
    pair: Pair, thea: Viewer, tells: Callable[[Pair], None] | None
) -> None:
    """A mail server may have been down since: at the moment of sending it is asked again."""
    tools, store, address = pair.cast.tools, pair.cast.store, "ana@example.org"
    pair.b.joins().sends()
    pair.cast.works()
    pair.request("b", "refresh", thea)
    with store.staff.write() as session:
        held = invitations.send(
            session, tools, case_id=pair.id, slot="a", channel="email", address=address, by=thea
        )
    pair.cast.clock.move(minutes=1)
    if tells is not None:
        tells(pair)
    pair.cast.works()
    assert [mail["To"] for mail in pair.cast.outbox].count(address) == (tells is None)
    with store.staff.read() as session:
        states = {one.id: (one.state, one.address) for one in invitations.of_case(session, tools, pair.id)}
        assert mails.lease(session, tools) == ()
    assert states[held] == ("withheld" if tells else "sent", address)
    assert pair.file()["participation"]["a"] == "invited"  # by the one that went out before
    with store.staff.write() as session:
        assert invitations.withhold(session, tools, link="http://127.0.0.1:8000/join/gone", by=thea)
        used = f"http://127.0.0.1:8000/join/{pair.b.token}"
        assert not invitations.withhold(session, tools, link=used, by=thea)


def away(_message: object, _mail_id: str) -> None:
    raise OSError("no mail server")


@pytest.mark.parametrize("joins", [True, False])
def test_an_invitation_still_in_the_queue_goes_to_nobody_who_may_not_be_approached(
    company: Cast, thea: Viewer, joins: bool
) -> None:
    """By the other's words, or by their own "not now": looked at while the mail server was away."""
    pair, tools, store = company.couple(), company.tools, company.store
    pair.b.joins().sends()
    company.works()
    place = replace(company.place, carrier=away)
    company.clock.move(minutes=1)
    with store.staff.write() as session:
        invitations.send(
            session, tools, case_id=pair.id, slot="a", channel="email", address="ana@example.org", by=thea
        )
    worker.sweep(place)
    if joins:
        pair.b.says("partner_choice", choice="do_not_contact")
    else:
        with store.staff.write() as session:
            ana = cases.partner_in(session, pair.id, "a")
            statements.keep(session, tools, partner_id=ana, kind="not_now", body={"reason": ""})
    company.clock.move(minutes=3)
    worker.sweep(place)
    company.outbox.clear()
    company.clock.move(minutes=31)
    company.works()
    assert [mail["To"] for mail in company.outbox if mail["To"] == "ana@example.org"] == []
    with store.staff.write() as session:
        newest = invitations.of_case(session, tools, pair.id)[0]
        assert (newest.state, newest.sent_at is not None, newest.expires_at) == ("withheld", True, None)
        assert mails.undelivered(session, tools) == ()
        assert admin_cases.desk(session, tools, by=OFFICE).stuck_mails == 0
        m = table_of(Mail).c
        assert session.scalars(select(m.body_box).where(m.failed_at.is_not(None))).all() == [b""]


def spoil(pair: Pair, kind: str) -> None:
    """What b told last cannot be opened: altered bytes, or sealed to a key that nobody holds."""
    e = table_of(SealedEntry)
    with pair.cast.store.staff.write() as session:
        mine = select(e.c.id).where(e.c.intake_id == pair.b.intake_id, e.c.screened_at.is_(None))
        for row_id in session.scalars(mine).all():
            lost = new_vault().seal(Place("sealed_entry", "body_sealed", row_id), "{}")
            body = {"spoiled": b"x", "lost key": lost}[kind]
            session.execute(update(e).where(e.c.id == row_id).values(body_sealed=body))


@pytest.mark.parametrize("kind", ["spoiled", "lost key"])
@pytest.mark.parametrize("tells", [draft, sent])
def test_what_nobody_can_open_is_taken_for_danger_and_said(
    seen: Pair, thea: Viewer, tells: Callable[[Pair], None], kind: str
) -> None:
    seen.sign(thea)
    tells(seen)
    spoil(seen, kind)
    seen.cast.works()  # which can do nothing about it
    with pytest.raises(Conflict, match="told_unreadable"):
        seen.sign(thea)
    if tells is draft:  # else the interview comes first, which is refused already
        with pytest.raises(Conflict, match="told_unreadable"):
            seen.clear("A", thea)
    with pytest.raises(Conflict, match="told_unreadable"):
        seen.state("b", thea, confirm="child_danger")
    with seen.cast.store.staff.read() as session, pytest.raises(joint_work.GatesOpen) as refused:
        joint_work.require(session, seen.cast.tools, seen.id)
    assert "told_unreadable" in refused.value.gates
    assert "danger_told_since" not in refused.value.gates
    with pytest.raises(OutOfOrder, match="safety_stands"):
        close(seen, thea)
    assert (now(seen).is_danger, now(seen).is_danger_since) == (True, True)
    seen.sign(thea, decision="defer")
    if tells is draft:
        assert write(seen, thea) == "waiting"
        propose(seen, thea, "b")
    else:  # no text goes to anybody that cannot be held against what the other told
        for act in (write, propose):
            with pytest.raises(OutOfOrder, match="told_unreadable"):
                act(seen, thea)


@pytest.mark.parametrize("is_again", [True, False])
def test_nobody_is_invited_over_what_nobody_can_open(pair: Pair, thea: Viewer, is_again: bool) -> None:
    """A mail that waits goes on waiting: the key may come back, and then it is judged."""
    tools, store = pair.cast.tools, pair.cast.store
    pair.b.joins()
    if is_again:
        pair.b.sends()
        pair.cast.works()
        pair.request("b", "refresh", thea)
    given = {"case_id": pair.id, "slot": "a", "channel": "email", "address": "ana@example.org", "by": thea}
    with store.staff.write() as session:
        invitations.send(session, tools, **given)  # type: ignore[arg-type]
    pair.cast.clock.move(minutes=1)
    pair.b.saves("safety", "next", **SAFE)
    spoil(pair, "spoiled")
    pair.cast.works()
    assert [mail["To"] for mail in pair.cast.outbox].count("ana@example.org") == 0
    with store.staff.write() as session:
        with pytest.raises(OutOfOrder, match="told_unreadable"):
            invitations.send(session, tools, **given)  # type: ignore[arg-type]
        assert invitations.of_case(session, tools, pair.id)[0].state == "sent"
        assert [one.is_given_up for one in mails.undelivered(session, tools)] == [False]


def test_what_was_read_is_not_told_since(seen: Pair, thea: Viewer) -> None:
    """R1 stands in what was read and signed; a harmless message that waits adds no danger to it."""
    seen.b.sends(**DANGER)
    seen.cast.works()
    seen.cast.clock.move(minutes=30)
    seen.cast.works()
    seen.sign(thea)
    gates = []
    for is_said in (False, True):
        if is_said:
            seen.a.says("message", text="Thank you.")
        with pytest.raises(joint_work.GatesOpen) as refused:
            propose(seen, thea)
        gates.append(refused.value.gates)
    assert now(seen).is_danger
    assert gates[0] == gates[1]
    assert "danger_told_since" not in gates[0]


def test_a_second_claim_waits_in_the_case_that_is_claimed(pair: Pair) -> None:
    """Who is who must be settled first: two claim one place, and the claim is a job of the other case."""
    pair.a.joins().sends()
    pair.cast.works()
    pair.a.joins()
    found = now(pair)
    assert found.is_more
    assert found.advice is not None
    assert "R0" in found.advice.body["matched_rules"]
