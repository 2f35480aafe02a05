"""What somebody said outside the form and nobody can open: taken for danger, said in its own words.

What protects goes on: interviews, calls, closing, break-glass, erasing, and the look for danger in the form.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import select, update

from cast import OFFICE, Pair
from portal.domain.access import Viewer
from portal.models import Statement, table_of
from portal.services import (
    appointments,
    assignments,
    break_glass,
    call_attempts,
    call_list,
    case_views,
    closings,
    erasures,
    invitations,
    joint_work,
    partner_files,
    releases,
    requests,
)
from portal.services.appointments import Proposal
from portal.services.call_attempts import Told
from portal.services.errors import Conflict, OutOfOrder, Refused
from portal.vault import Place, new_vault

DANGER = {"harm_received__strangled": "past_year"}
BODIES: dict[str, dict[str, str | bool]] = {
    "contact": {"channel": "none", "address": "", "hours": ""},
    "addition": {"text": "She moved out."},
    "message": {"text": "Please help."},
    "partner_choice": {"choice": "do_not_contact", "channel": "", "address": ""},
}


def lose(pair: Pair, statement_id: str, how: str = "lost key") -> None:
    """Altered bytes, or sealed to a key that nobody holds."""
    s = table_of(Statement)
    lost = new_vault().seal(Place("statement", "body_sealed", statement_id), "{}")
    with pair.cast.store.staff.write() as session:
        body = {"spoiled": b"x", "lost key": lost}[how]
        session.execute(update(s).where(s.c.id == statement_id).values(body_sealed=body))


@pytest.fixture
def seen(pair: Pair, thea: Viewer) -> Pair:
    """Both sent, were seen alone, and couples work is signed; b has the form open once more."""
    pair.a.joins().sends()
    pair.b.joins().sends()
    pair.cast.works()
    for slot in "ab":
        pair.interview(slot, thea)
    pair.request("b", "refresh", thea)
    pair.cast.clock.move(minutes=1)
    pair.sign(thea)
    return pair


def acts(pair: Pair, thea: Viewer) -> dict[str, Callable[[], object]]:
    """What adds: each is refused."""
    tools, case = pair.cast.tools, pair.id

    def written(verb: Callable[..., object], **given: object) -> object:
        with pair.cast.store.staff.write() as session:
            return verb(session, tools, case_id=case, by=thea, **given)

    day = pair.cast.clock()
    return {
        "clear": partial(pair.clear, "A", thea),
        "format": partial(pair.sign, thea, format="in_person"),
        "letter": partial(
            written, releases.write, draft=releases.Draft(slot="a", letter="free", body="Let us talk.")
        ),
        "ask again": partial(written, requests.send, slot="a", kind="refresh"),
        "time for two": partial(written, appointments.propose, proposal=Proposal("both", day, 50, "Room 2")),
        "time for one": partial(written, appointments.propose, proposal=Proposal("a", day, 50, "Room 2")),
        "invite": partial(written, invitations.send, slot="a", channel="phone", address="1"),
    }


@pytest.mark.parametrize("how", ["spoiled", "lost key"])
@pytest.mark.parametrize("kind", sorted(BODIES))
def test_what_adds_is_refused_in_its_own_words(seen: Pair, thea: Viewer, kind: str, how: str) -> None:
    lose(seen, seen.b.says(kind, **BODIES[kind]), how)  # type: ignore[arg-type]
    seen.cast.works()  # which can do nothing about it
    read = seen.advice()
    # The rules read no message; a text is held against it all the same.
    refusing = acts(seen, thea)
    if kind == "message":
        refusing = {name: act for name, act in refusing.items() if name in ("letter", "time for one")}
    else:
        with pytest.raises(Conflict, match="told_unreadable"):
            seen.sign(thea)
    why = {}
    for name, act in refusing.items():
        with pytest.raises(Refused) as refused:
            act()
        why[name] = refused.value.reason
    assert set(why.values()) == {"told_unreadable"}, why
    assert seen.advice() == read


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_what_protects_goes_on(seen: Pair, thea: Viewer, kind: str) -> None:
    tools, store = seen.cast.tools, seen.cast.store
    lose(seen, seen.b.says(kind, **BODIES[kind]))  # type: ignore[arg-type]
    seen.cast.works()
    seen.sign(thea, decision="defer")
    seen.interview("b", thea)
    seen.state("b", thea, validity_concern="yes")
    with store.staff.write() as session:
        called = Told("reached", occasion="theirs", note="She calls.")
        call_attempts.log(session, tools, case_id=seen.id, slot="b", told=called, by=thea)
        calls = {call.slot: call for call in call_list.of_case(session, tools, case_id=seen.id, by=thea)}
        assert (calls["b"].channel.kind == "none") is (kind == "contact")
        page = case_views.opened(session, tools, case_id=seen.id, by=thea)
        assert page.is_partial
        partner_files.opened(session, tools, case_id=seen.id, slot="b", by=thea)
        break_glass.open_case(session, tools, case_id=seen.id, reason="They call.", by=thea)
    with store.staff.write() as session:
        assert assignments.suggest(session, tools, case_id=seen.id, by=OFFICE).ranked
    with store.staff.write() as session:
        closings.close(
            session, tools, case_id=seen.id, reason="finished", note="Lost.", by=thea, is_blind=False
        )
        erasures.erase_case(session, tools, case_id=seen.id, by=OFFICE)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_danger_is_found_beside_what_nobody_can_open(seen: Pair, thea: Viewer, kind: str) -> None:
    """And told, called about and advised upon at once."""
    said = seen.b.says(kind, **BODIES[kind])  # type: ignore[arg-type]
    s = table_of(Statement)
    with seen.cast.store.staff.write() as session:
        sealed = session.scalar(select(s.c.body_sealed).where(s.c.id == said))
    lose(seen, said)
    seen.cast.works()
    seen.cast.outbox.clear()
    seen.b.saves("safety", "next", **DANGER)
    seen.cast.works()
    assert [(view.rule, view.state) for view in seen.views()] == [("R1", "latched")]
    told = seen.cast.subjects()
    # Lost words on the other are first missed by this look, which tells of the loss as well.
    assert len(told) == (4 if kind == "partner_choice" else 2)
    assert seen.route()[0] == "safety"
    with seen.cast.store.staff.write() as session, pytest.raises(Refused):
        joint_work.require(session, seen.cast.tools, seen.id)
    with seen.cast.store.staff.write() as session:
        session.execute(update(s).where(s.c.id == said).values(body_sealed=sealed))
    seen.cast.clock.move(minutes=31)
    seen.cast.works()
    assert seen.route()[0] == "safety"


def test_what_tells_no_danger_is_advised_upon_once_the_key_is_back(seen: Pair, thea: Viewer) -> None:
    """Lost long after it was read: nothing of it waits, so a job of its own asks for advice."""
    store, s = seen.cast.store, table_of(Statement)
    with store.staff.read() as session:
        mine = s.c.partner_id == seen.b.viewer.partner_id
        said, sealed = session.execute(
            select(s.c.id, s.c.body_sealed).where(mine, s.c.kind == "contact")
        ).one()
    lose(seen, said)
    read = seen.advice()
    seen.b.saves("safety", "next", harm_received__insult="past_year")
    seen.cast.works()
    assert seen.advice() == read
    with pytest.raises(Conflict, match="told_unreadable"):
        seen.sign(thea)
    with store.staff.write() as session:
        session.execute(update(s).where(s.c.id == said).values(body_sealed=sealed))
    seen.cast.clock.move(minutes=31)
    seen.cast.works()
    seen.sign(thea)


def test_nobody_is_called_on_by_words_that_nobody_can_open(seen: Pair, thea: Viewer) -> None:
    """Whoever calls the practice is heard; the practice calls nobody by a contact that it cannot read."""
    tools, store = seen.cast.tools, seen.cast.store
    lose(seen, seen.b.says("contact", **BODIES["contact"]))
    seen.cast.works()
    with store.staff.write() as session:
        with pytest.raises(OutOfOrder, match="await_call"):
            call_attempts.log(session, tools, case_id=seen.id, slot="b", told=Told("reached"), by=thea)
        sheet = call_list.of_case(session, tools, case_id=seen.id, by=thea)
    assert [call.channel.kind for call in sheet] == ["phone", "none"]


def test_words_on_the_other_that_nobody_can_open_count_as_contact_ruled_out(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends()
    pair.b.joins()
    pair.cast.works()
    lose(pair, pair.a.says("partner_choice", choice="invite", channel="email", address="b@example.org"))
    pair.cast.works()
    with pair.cast.store.staff.write() as session, pytest.raises(OutOfOrder, match="contact_blocked"):
        call_attempts.log(session, pair.cast.tools, case_id=pair.id, slot="b", told=Told("reached"), by=thea)
