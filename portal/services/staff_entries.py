"""A form that staff enter for somebody, over the phone or from paper; sealed at save, as a partner's own.

The two voices stay apart: what the person answered is sealed and opens where every answer opens; what the
one who entered it wants to add is a note of its own. Once the person has an account, the form is theirs
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from portal.domain import drafts
from portal.domain.access import Viewer
from portal.domain.answers import Cleaned
from portal.domain.drafts import Go
from portal.domain.questionnaire import Section
from portal.models import Account, Intake, Partner, SealedEntry, SectionState, StaffEntry, table_of
from portal.services import audit, cases, consents, contacts, desks, intakes, jobs, practices, statements
from portal.services.case_reading import this_case
from portal.services.desks import Desk
from portal.services.errors import BadInput, Conflict, OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place

SOURCES: Final = ("phone", "paper")
CONSENTS: Final = ("spoken", "signed")


@dataclass(frozen=True)
class EntryView:
    """One form that staff entered. ``entered_by`` is a staff id; ``note`` is theirs, not the person's."""

    intake_id: str
    slot: str
    source: str
    consent_how: str
    entered_by: str
    entered_at: datetime
    submitted_at: datetime | None
    note: str = field(repr=False)


@dataclass(frozen=True)
class Opening:
    """How a form comes to be entered: from where, how consent was given, under which name, and a note."""

    source: str
    consent_how: str
    full_name: str = field(repr=False)
    language: str
    note: str = field(repr=False)
    contact: statements.Body = field(repr=False)


@dataclass(frozen=True)
class Posted:
    """One posted section: its cleaned answers, the counter it was made on, the button."""

    section: Section
    cleaned: Cleaned
    version: str
    go: Go
    to: str = ""


def seen(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> tuple[EntryView, ...]:
    """Every entry of a case, with the event that they were looked at."""
    audit.record(session, tools, by=by, verb="case.scheduling_viewed", subject=("case", case_id))
    return of_case(session, tools, case_id)


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[EntryView, ...]:
    """Every form of a case that staff entered, the first first. One statement."""
    return tuple(_view(tools, row) for row in session.execute(_entries(), {"of_case": case_id}))


@cache
def _entries() -> Select[Any]:
    e, i, p = table_of(StaffEntry).c, table_of(Intake).c, table_of(Partner).c
    return (
        select(
            e.intake_id, p.slot, e.source, e.consent_how, e.entered_by, e.entered_at, i.submitted_at,
            e.note_box,
        )
        .join_from(table_of(StaffEntry), table_of(Intake), e.intake_id == i.id)
        .join(table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(e.entered_at, e.intake_id)
    )  # fmt: skip


def _view(tools: Tools, row: Any) -> EntryView:
    values = {key: value for key, value in row._mapping.items() if key != "note_box"}
    note = "" if row.note_box is None else tools.vault.unbox("staff", _place(row.intake_id), row.note_box)
    return EntryView(**values, note=note)


def _place(intake_id: str) -> Place:
    return Place("staff_entry", "note_box", intake_id)


def begin(session: Session, tools: Tools, *, case_id: str, slot: str, opening: Opening, by: Viewer) -> str:
    """Lay a form out for the person in a slot and keep their consent; the intake's id.

    Raises BadInput with a reason for each field at fault, OutOfOrder where the person has an account
    ("has_account") or a form was begun ("begun").
    """
    _require_whole(opening)
    cases.require_exists(session, case_id)
    partner_id = cases.place_in(session, tools, case_id=case_id, slot=slot)
    if _has_account(session, partner_id):
        raise OutOfOrder("has_account")
    if desks.of_partner(session, partner_id) is not None:
        raise OutOfOrder("begun")
    theirs = replace(by, partner_id=partner_id)
    practice = practices.view(session)
    consents.give(
        session, tools, full_name=opening.full_name, practice=practice, language=opening.language, by=theirs
    )
    intake_id = contacts.give(session, tools, contact=opening.contact, by=theirs)
    note = opening.note and tools.vault.box("staff", _place(intake_id), opening.note)
    row = {
        "intake_id": intake_id,
        "source": opening.source,
        "consent_how": opening.consent_how,
        "entered_by": by.id,
        "entered_at": tools.now(),
        "note_box": note or None,
    }
    session.execute(insert(table_of(StaffEntry)), [row])
    detail = {"slot": slot, "source": opening.source, "consent": opening.consent_how}
    audit.record(session, tools, by=by, verb="entry.begun", subject=("case", case_id), detail=detail)
    return intake_id


def _require_whole(opening: Opening) -> None:
    faults = {}
    if opening.source not in SOURCES:
        faults["source"] = "not_an_option"
    if opening.consent_how not in CONSENTS:
        faults["consent_how"] = "not_an_option"
    if not opening.full_name:
        faults["full_name"] = "missing"
    if faults:
        raise BadInput(faults)


def _has_account(session: Session, partner_id: str) -> bool:
    c = table_of(Account).c
    return session.scalar(select(c.id).where(c.partner_id == partner_id)) is not None


def desk(session: Session, *, case_id: str, slot: str) -> Desk | None:
    """The form that staff are entering for a slot, open or sent; None where there is none of theirs."""
    p, e = table_of(Partner).c, table_of(StaffEntry).c
    partner_id = session.scalar(select(p.id).where(p.case_id == case_id, p.slot == slot))
    found = None if partner_id is None else desks.of_partner(session, partner_id)
    if found is None or session.scalar(select(e.intake_id).where(e.intake_id == found.intake_id)) is None:
        return None
    return found


def save(session: Session, tools: Tools, *, case_id: str, slot: str, posted: Posted, by: Viewer) -> None:
    """Seal one section's answers and move on. A blank erases nothing; ``clear`` empties the section.

    While the person is not alone (``private`` is no) nothing of the silent sections is kept, as everywhere.
    Raises OutOfOrder without an open form of ours, Conflict when somebody else saved meanwhile.
    """
    held = _own(session, case_id, slot)
    if posted.version != str(held.version):
        raise Conflict("newer")
    section, is_clear = posted.section, posted.go is Go.CLEAR
    keeps = not (section.silent and held.private == "no")
    values = {} if is_clear or not keeps else dict(posted.cleaned.values)
    if values or (is_clear and keeps):
        row = intakes.sealed_row(
            tools, intake_id=held.intake_id, section=section.key, version=held.version + 1, values=values,
            clear=is_clear,
        )  # fmt: skip
        session.execute(insert(table_of(SealedEntry)), [row])
    _mark(session, tools, held, posted, values, keeps=keeps)
    _stand(session, held, posted, values)
    jobs.add(session, tools, kind="left", subject_id=held.intake_id)
    subject, detail = ("intake", held.intake_id), {"section": section.key}
    verb = "section.cleared" if is_clear else "section.left"
    audit.record(session, tools, by=by, verb=verb, subject=subject, detail=detail)


def _own(session: Session, case_id: str, slot: str) -> Desk:
    held = desk(session, case_id=case_id, slot=slot)
    if held is None or not held.is_open:
        raise OutOfOrder("no_open_entry")
    if _has_account(session, cases.partner_in(session, case_id, slot)):
        raise OutOfOrder("has_account")
    return held


def _mark(
    session: Session, tools: Tools, held: Desk, posted: Posted, values: Mapping[str, Any], *, keeps: bool
) -> None:
    s, section = table_of(SectionState), posted.section
    before = () if posted.go is Go.CLEAR and keeps else held.places[section.key].touched
    touched = " ".join(drafts.touched(section, {*before, *values}))
    session.execute(
        update(s)
        .where(s.c.intake_id == held.intake_id, s.c.section == section.key)
        .values(version=held.version + 1, saved_at=tools.now(), left_at=tools.now(), touched=touched)
    )


def _stand(session: Session, held: Desk, posted: Posted, values: Mapping[str, Any]) -> None:
    """Where the form stands open now, and ``private`` in clear."""
    goal = drafts.destination(held.questionnaire, posted.section.key, posted.go, posted.to)
    columns: dict[str, Any] = {"position": goal}
    if "private" in posted.section.by_key:
        private = None if posted.go is Go.CLEAR else values.get("private", held.private)
        columns["private"] = private
    i = table_of(Intake)
    session.execute(update(i).where(i.c.id == held.intake_id).values(**columns))


def send(session: Session, tools: Tools, *, case_id: str, slot: str, by: Viewer) -> None:
    """Send the form that staff entered; blanks never stop it. Raises OutOfOrder without an open one."""
    intakes.send(session, tools, desk=_own(session, case_id, slot), by=by)
