"""Proposed appointments. A joint one only after every gate (clinical.md §4, "Gates")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from portal.content import appointments as words
from portal.domain.access import Viewer
from portal.domain.couple import SLOTS
from portal.domain.prerequisites import NOT_APPROACHED
from portal.models import Appointment, table_of
from portal.services import (
    audit,
    cases,
    joint_work,
    mails,
    notice_board,
    persons,
    practices,
    release_lint,
)
from portal.services.case_reading import this_case
from portal.services.errors import OutOfOrder
from portal.services.persons import Person
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class Proposal:
    """When and where; ``starts_at`` aware, ``place`` as the partner will read it.

    ``notify``: one neutral mail with a calendar entry, to whoever chose e-mail.
    """

    slot: Literal["a", "b", "both"]
    starts_at: datetime
    minutes: int
    place: str
    notify: bool = False


@dataclass(frozen=True)
class AppointmentView:
    """A proposed appointment; ``slot`` a, b or both; ``proposed_by`` is a staff id."""

    id: str
    slot: str
    starts_at: datetime
    minutes: int
    place: str
    proposed_by: str
    proposed_at: datetime


def propose(session: Session, tools: Tools, *, case_id: str, proposal: Proposal, by: Viewer) -> None:
    """Propose a time; each person concerned sees a copy of their own.

    Raises BadInput for a slot with nobody in it or a place that says what it must not, OutOfOrder for a
    joint appointment before the gates and for a person who must not be approached or never joined.
    """
    people = _people(session, tools, case_id, proposal.slot)
    for person in people:
        release_lint.require_clean(
            session,
            tools,
            case_id=case_id,
            partner_id=person.partner_id,
            field="place",
            text=proposal.place,
            may_name_service=False,
        )
    if proposal.slot == "both":
        joint_work.require(session, tools, case_id)
    _require_reachable(people)
    _insert(session, tools, case_id, proposal, by)
    practice, mailed = practices.view(session), []
    for person in people:
        body = _shown(proposal, person.language, practice)
        notice_board.pin(session, tools, partner_id=person.partner_id, kind="appointment", body=body)
        if proposal.notify and _mail(session, tools, proposal, person):
            mailed.append(person.slot)
    detail: audit.Detail = {"slot": proposal.slot, "mailed": mailed}
    audit.record(session, tools, by=by, verb="appointment.proposed", subject=("case", case_id), detail=detail)


def _people(session: Session, tools: Tools, case_id: str, slot: str) -> tuple[Person, ...]:
    wanted = [cases.partner_in(session, case_id, one) for one in (SLOTS if slot == "both" else (slot,))]
    return tuple(person for person in persons.people(session, tools, case_id) if person.partner_id in wanted)


def _mail(session: Session, tools: Tools, proposal: Proposal, person: Person) -> bool:
    """One neutral mail with the entry, only where e-mail is the channel this person chose; whether it is."""
    contact = person.contact or {}
    if contact.get("channel") != "email" or not contact.get("address"):
        return False
    params = {
        "uid": tools.new_id(),
        "starts_at": proposal.starts_at.isoformat(),
        "minutes": str(proposal.minutes),
    }
    to = str(contact["address"])
    mails.queue(session, tools, template="notify", to=to, language=person.language, params=params)
    return True


def _require_reachable(people: tuple[Person, ...]) -> None:
    for person in people:
        if person.participation in NOT_APPROACHED:
            raise OutOfOrder("contact_blocked")
        if not person.has_account:
            raise OutOfOrder("not_joined")


def _shown(proposal: Proposal, language: str, practice: PracticeView) -> dict[str, str | int]:
    local = proposal.starts_at.astimezone(ZoneInfo(practice.time_zone))
    text = words.TEXT.in_locale(language).format(
        day=format_date(local.date(), "full", locale=language),
        # With a space that every font has.
        time=format_time(local.time(), "short", locale=language).replace("\u202f", "\u00a0"),
        minutes=proposal.minutes,
        place=proposal.place,
        phone=practice.phone or "—",
    )
    return {
        "title": words.TITLE.in_locale(language),
        "text": text,
        "starts_at": proposal.starts_at.isoformat(),
        "minutes": proposal.minutes,
        "place": proposal.place,
    }


def _insert(session: Session, tools: Tools, case_id: str, proposal: Proposal, by: Viewer) -> None:
    row_id = tools.new_id()
    row = {
        "id": row_id,
        "case_id": case_id,
        "slot": proposal.slot,
        "starts_at": proposal.starts_at,
        "minutes": proposal.minutes,
        "place_box": tools.vault.box("staff", Place("appointment", "place_box", row_id), proposal.place),
        "proposed_by": by.id,
        "proposed_at": tools.now(),
    }
    session.execute(insert(table_of(Appointment)), [row])


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[AppointmentView, ...]:
    """Every appointment of a case, latest first. One statement."""
    rows = session.execute(_latest_first(), {"of_case": case_id}).all()
    return tuple(
        AppointmentView(
            id=row.id,
            slot=row.slot,
            starts_at=row.starts_at,
            minutes=row.minutes,
            place=tools.vault.unbox("staff", Place("appointment", "place_box", row.id), row.place_box),
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
        )
        for row in rows
    )


@cache
def _latest_first() -> Select[Any]:
    c = table_of(Appointment).c
    return (
        select(c.id, c.slot, c.starts_at, c.minutes, c.place_box, c.proposed_by, c.proposed_at)
        .where(c.case_id == this_case())
        .order_by(c.starts_at.desc(), c.id.desc())
    )
