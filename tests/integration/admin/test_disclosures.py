"""What left about one person: exactly, or in words that it may have."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from practice_world import Case, World
from sqlalchemy import select, update

from portal.domain.access import Viewer, system
from portal.models import AuditEvent, Invitation, Partner, table_of
from portal.services import (
    appointments,
    audit,
    case_merges,
    closings,
    conflicts,
    disclosures,
    export_making,
    export_orders,
    exports,
    handovers,
    invitations,
    people,
    practice_settings,
    releases,
)
from portal.services.export_orders import Filters
from portal.services.exports import ExportView

EMAIL = {"channel": "email", "address": "ana@example.org", "hours": "evenings"}


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _ask(world: World, by: Viewer, *, is_handed_over: bool = False, **given: Any) -> ExportView:
    """``is_handed_over``: as a command that never came to its end; what follows happens while it reads."""
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    order = export_orders.checked(
        **{"form": "xlsx", "identified": True, "purpose": "court", **given},
    )
    with world.store.staff.write() as session:
        view = exports.create(session, world.tools, order=order, by=by, is_handed_over=is_handed_over)
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    return view


def _fetch(world: World, by: Viewer, folder: Path, **given: Any) -> ExportView:
    view = _ask(world, by, **given)
    export_making.run(world.store, world.tools, folder, view.id)
    with world.store.staff.write() as session:
        exports.hand_out(session, world.tools, export_id=view.id, by=by)
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    return view


def _told(world: World, by: Viewer, case_id: str, slot: str = "a") -> list[tuple[str, str, bool]]:
    """Oldest first."""
    with world.store.staff.write() as session:
        found = disclosures.of_person(session, world.tools, case_id=case_id, slot=slot, by=by)
    return [(one.kind, one.to, one.is_certain) for one in reversed(found)]


def _reports(world: World, by: Viewer, case: Case, slot: str = "a") -> list[bool]:
    """Whether each report by name that is listed is certain."""
    return [sure for kind, _, sure in _told(world, by, case.id, slot) if kind.startswith("intakes.")]


def _move(world: World, by: Viewer, case: Case, of: Viewer, to: Viewer) -> None:
    with world.store.staff.write() as session:
        moved = handovers.reassign(session, world.tools, staff_id=of.id, chosen=[case.id], to=to.id, by=by)
    assert moved == 1
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]


def _note(world: World, by: Viewer, case: Case, verb: str, **detail: Any) -> None:
    """An event of a case, and a moment later."""
    with world.store.staff.write() as session:
        audit.record(session, world.tools, by=by, verb=verb, subject=("case", case.id), detail=detail)
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]


def _case(world: World, therapist: Viewer | None = None) -> Case:
    case = world.case(therapist=therapist)
    case.send("a", "Ana")
    return case


def test_only_what_somebody_fetched_has_left(world: World, ada: Viewer, folder: Path) -> None:
    case, omar = _case(world), world.staff("Omar", roles=("admin",))
    _ask(world, ada)
    cancelled = _ask(world, ada)
    with world.store.staff.write() as session:
        exports.cancel(session, world.tools, export_id=cancelled.id, by=ada)
    _fetch(world, ada, folder, identified=False)
    view = _fetch(world, ada, folder)
    with world.store.staff.write() as session:
        exports.hand_out(session, world.tools, export_id=view.id, by=omar)
        found = disclosures.of_person(session, world.tools, case_id=case.id, slot="a", by=ada)
    assert [(one.kind, one.by, one.to, one.why, one.is_certain) for one in found] == [
        ("intakes.fetched", omar.id, "outside", "court", True),
        ("intakes.fetched", ada.id, "outside", "court", True),
    ]
    assert _reports(world, ada, case, "b") == []


def test_days_and_what_was_sent_later(world: World, ada: Viewer, folder: Path) -> None:
    case = world.case()
    _case(world)
    _fetch(world, ada, folder)
    case.send("a", "Ana")
    day = world.tools.now().date()
    _fetch(world, ada, folder, until=(day - timedelta(days=3)).isoformat())
    _fetch(world, ada, folder, since=(day + timedelta(days=3)).isoformat())
    assert _reports(world, ada, case) == []
    _fetch(world, ada, folder, since=(day - timedelta(days=3)).isoformat())
    assert _reports(world, ada, case) == [True]
    with world.store.staff.write() as session:
        practice_settings.change(session, world.tools, given={"time_zone": "Asia/Tokyo"}, by=ada)
    _fetch(world, ada, folder)
    assert _reports(world, ada, case)[-1] is True
    assert False in _reports(world, ada, case)


def test_the_cases_of_another_therapist(world: World, ada: Viewer, folder: Path) -> None:
    thea, omar = world.staff(), world.staff("Omar")
    case, of_omar = _case(world, thea), {"filters": Filters(therapist=omar.id)}
    _fetch(world, ada, folder, **of_omar)
    assert _reports(world, ada, case) == []
    _fetch(world, ada, folder, filters=Filters(therapist=thea.id))
    assert _reports(world, ada, case) == [True]
    _move(world, ada, case, thea, omar)
    # Nothing tells any more whose case it was in the beginning.
    assert _reports(world, ada, case) == [False]
    _case(world, omar)
    _fetch(world, ada, folder, **of_omar)
    _move(world, ada, case, omar, thea)
    _fetch(world, ada, folder, **of_omar)
    assert _reports(world, ada, case) == [False, True]


def test_a_therapist_who_leaves_or_is_barred(world: World, ada: Viewer, folder: Path) -> None:
    thea, omar = world.staff(), world.staff("Omar")
    case, of_omar = _case(world, thea), {"filters": Filters(therapist=omar.id)}
    _case(world, world.staff("Uma"))
    _move(world, ada, case, thea, omar)
    _fetch(world, ada, folder, **of_omar)
    with world.store.staff.write() as session:
        people.change(session, world.tools, staff_id=omar.id, roles=None, disabled=True, by=ada)
    assert _reports(world, ada, case) == [True]
    _ask(world, ada, is_handed_over=True, **of_omar)
    assert _reports(world, ada, case) == [True]
    with world.store.staff.write() as session:
        conflicts.bar(
            session, world.tools, case_id=case.id, staff_id=omar.id, reason=conflicts.REASONS[0], by=ada
        )
    assert _reports(world, ada, case) == [True]
    _note(world, ada, case, "case.assigned", therapist=thea.id)
    assert _reports(world, ada, case) == [True, False]


@pytest.mark.parametrize(
    ("verb", "detail", "told"),
    [
        ("case.conflict_set", {"unassigned": True}, []),
        ("case.unassigned", {"therapist": None}, []),
        ("case.opened", {"origin": "self"}, []),
        ("case.opened", {"origin": "set_apart"}, [False]),
        ("case.reopened", {}, [False]),
    ],
)
def test_whose_case_it_was_by_its_last_event(
    world: World, ada: Viewer, folder: Path, verb: str, detail: dict[str, Any], told: list[bool]
) -> None:
    thea = world.staff()
    case, _ = _case(world), _case(world, thea)
    _note(world, ada, case, verb, **detail)
    _fetch(world, ada, folder, filters=Filters(therapist=thea.id))
    _note(world, ada, case, "case.assigned", therapist=thea.id)
    assert _reports(world, ada, case) == told


def test_open_and_closed_as_it_was_then(world: World, ada: Viewer, folder: Path) -> None:
    case, other = _case(world), _case(world)
    for status in ("open", "closed"):
        _fetch(world, ada, folder, filters=Filters(status=status))
    with world.store.staff.write() as session:
        for one in (case, other):
            closings.close(
                session, world.tools, case_id=one.id, reason="finished", note="Done.", by=ada, is_blind=True
            )
    # The first report was made before any event of the case told its state.
    assert _reports(world, ada, case) == [False]
    _fetch(world, ada, folder, filters=Filters(status="closed"))
    assert _reports(world, ada, case) == [False, True]
    _note(world, ada, case, "case.reopened")
    _case(world)
    _fetch(world, ada, folder, filters=Filters(status="open"))
    assert _reports(world, ada, case) == [False, True]
    _note(world, ada, other, "case.opened", origin="set_apart")
    _ask(world, ada, is_handed_over=True, filters=Filters(status="open"))
    _note(world, ada, other, "case.reopened")
    assert _reports(world, ada, other) == [False, True, False]


def test_what_hangs_on_the_others_answers_is_never_told(world: World, ada: Viewer, folder: Path) -> None:
    thea = world.staff()
    case = _case(world, thea)
    case.send("b", "Bo", lean="4", commit_months="unsure", first_step="one_or_two", doubts_told="partly")
    case.sign(thea)
    for filters in (Filters(route="discernment"), Filters(status="signed")):
        _fetch(world, ada, folder, filters=filters)
    assert _reports(world, ada, case) == [False, False]
    _case(world)
    for filters in (Filters(status="unsigned"), Filters(route="solo")):
        _fetch(world, ada, folder, filters=filters)
    # The last one held nobody at all; the one before held somebody, and does not tell whom.
    assert _reports(world, ada, case) == [False, False, False]


def test_what_was_withdrawn(world: World, ada: Viewer, folder: Path) -> None:
    case = _case(world)
    _fetch(world, ada, folder)
    assert _reports(world, ada, case) == [True]
    _ask(world, ada, is_handed_over=True)
    case.say("a", "withdrawal", {"reason": ""})
    _case(world)
    _fetch(world, ada, folder)
    assert _reports(world, ada, case) == [True, False]


def test_records_of_a_case_and_of_one_person(world: World, ada: Viewer, folder: Path) -> None:
    case, other = _case(world), _case(world)
    _fetch(world, ada, folder, form="pdf", report="case", filters=Filters(case=case.id))
    _fetch(world, ada, folder, form="pdf", report="person", filters=Filters(case=case.id, slot="a"))
    _fetch(world, ada, folder, form="pdf", report="person", filters=Filters(case=case.id, slot="b"))
    both, own = ("case.fetched", "outside", True), ("person.fetched", "person", True)
    assert _told(world, ada, case.id, "a") == [both, own]
    assert _told(world, ada, case.id, "b") == [both, own]
    assert _told(world, ada, other.id, "a") == []
    p = table_of(Partner)
    with world.store.staff.write() as session:
        later = update(p).where(p.c.id == case.ids["b"]).values(created_at=world.tools.now())
        session.execute(later)
    assert _told(world, ada, case.id, "b") == []
    unfinished = Filters(case=case.id)
    _ask(world, ada, is_handed_over=True, form="pdf", report="case", filters=unfinished)
    assert _told(world, ada, case.id, "b") == [("case.written", "outside", True)]


def test_a_record_takes_along_what_left_before_it_was_merged(world: World, ada: Viewer, folder: Path) -> None:
    case, again = world.case(slots="ab"), world.case(slots="ab")
    case.send("a", "Al")
    again.send("a", "Bo")
    _note(world, ada, case, "request.sent", slot="a")
    _note(world, ada, again, "request.sent", slot="a")
    for slot in "ab":
        paper = Filters(case=again.id, slot=slot)
        _fetch(world, ada, folder, form="pdf", report="person", filters=paper)
    _fetch(world, ada, folder, form="pdf", report="person", filters=Filters(case=case.id, slot="a"))
    _ask(world, ada, is_handed_over=True)
    with world.store.staff.write() as session:
        case_merges.merge(session, world.tools, case_id=case.id, other=again.id, slot="a", by=ada)
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    p = table_of(Partner).c
    with world.store.staff.read() as session:
        apart = session.execute(select(p.case_id).where(p.id == case.ids["a"])).scalar_one()
    moved = [("intakes.written", "outside", False), ("case.merged", "practice", True)]
    # Which slot it had in the other case is known of nobody.
    may_be = ("person.fetched", "person", False)
    asked = ("request.sent", "person", True)
    assert _told(world, ada, case.id, "a") == [
        asked, may_be, may_be, moved[0], *moved[1:], ("case.merged_away", "practice", True),
    ]  # fmt: skip
    own = ("person.fetched", "person", True)
    assert _told(world, ada, apart, "a") == [asked, own, *moved]


def test_letters_appointments_and_the_mails_that_went_along(world: World, ada: Viewer, clock: Any) -> None:
    thea = world.staff()
    case = world.case(therapist=thea)
    case.join("a", "Ana", contact=EMAIL)
    case.send("a")
    case.send("b", "Bo")
    case.sign(thea)
    at = world.tools.now() + timedelta(days=7)
    for slot in ("a", "b"):
        for notify in (False, True):
            with world.store.staff.write() as session:
                draft = releases.Draft(slot, "free", "We call you on Thursday.", notify=notify)
                releases.write(session, world.tools, case_id=case.id, draft=draft, by=thea)
                proposal = appointments.Proposal(slot, at, 50, "Room 2", notify=notify)
                appointments.propose(session, world.tools, case_id=case.id, proposal=proposal, by=thea)
            clock.move(minutes=1)
    letter, proposed = ("letter.released", "person", True), ("appointment.proposed", "person", True)
    letter_mail, entry_mail = ("letter.mailed", "mail", True), ("appointment.mailed", "mail", True)
    told = sorted(_told(world, thea, case.id, "a"))
    assert told == sorted([letter, letter, proposed, proposed, letter_mail, entry_mail])
    assert sorted(_told(world, thea, case.id, "b")) == sorted([letter, letter, proposed, proposed])
    _forget_mails(world)
    may_be = [(kind, "mail", False) for kind in ("letter.mailed", *["appointment.mailed"] * 2)]
    assert sorted(_told(world, thea, case.id, "b")) == sorted([letter, letter, proposed, proposed, *may_be])


def _forget_mails(world: World) -> None:
    """Events as they were before a mail was noted with them."""
    events = table_of(AuditEvent)
    with world.store.staff.write() as session:
        found = session.execute(select(events).where(events.c.detail.contains('"mailed"'))).all()
        for row in found:
            left = {key: value for key, value in json.loads(row.detail).items() if key != "mailed"}
            change = update(events).where(events.c.id == row.id)
            session.execute(change.values(detail=json.dumps(left)))


def test_a_joint_appointment_is_mailed_to_whom_it_says(world: World, ada: Viewer) -> None:
    case = _case(world)
    _note(world, ada, case, "appointment.proposed", slot="both", mailed=["b"])
    proposed = ("appointment.proposed", "person", True)
    assert _told(world, ada, case.id, "a") == [proposed]
    assert _told(world, ada, case.id, "b") == [("appointment.mailed", "mail", True), proposed]


def test_invitations_and_sign_in_help_by_mail(world: World, ada: Viewer) -> None:
    case, joined = world.case(), _case(world)
    with world.store.staff.write() as session:
        subject = ("account", joined.people["a"].id)
        audit.record(session, world.tools, by=system("mail"), verb="reset.link_sent", subject=subject)
        for slot, channel, address in (("a", "email", "a@example.org"), ("b", "phone", "555 0102")):
            invitations.send(
                session, world.tools, case_id=case.id, slot=slot, channel=channel, address=address,
                language="en", by=ada,
            )  # fmt: skip
    assert _told(world, ada, joined.id) == [("reset.link_sent", "mail", True)]
    assert _told(world, ada, case.id, "a") == [("invitation.sent", "mail", True)]
    assert _told(world, ada, case.id, "b") == [("invitation.sent", "person", True)]


def test_an_invitation_that_was_withheld_is_told_as_any_other(world: World, ada: Viewer) -> None:
    """Its absence, and a mark that it alone has, would both tell of a danger."""
    case = world.case()
    with world.store.staff.write() as session:
        invitations.send(
            session, world.tools, case_id=case.id, slot="a", channel="email", address="a@example.org",
            language="en", by=ada,
        )  # fmt: skip
    before = _told(world, ada, case.id, "a")
    with world.store.staff.write() as session:
        session.execute(update(table_of(Invitation)).values(state="withheld", expires_at=None))
    assert _told(world, ada, case.id, "a") == before == [("invitation.sent", "mail", True)]
