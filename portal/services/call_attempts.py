"""Calls as they were tried or held. What was told wrong, or must not have been, is refused and said so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain import safe_hours
from portal.domain.access import Viewer
from portal.domain.calling import REACHED, Channel, is_wanted, refusal
from portal.models import CallAttempt, CallPlan, Statement, table_of
from portal.services import audit, call_plans, persons, practices, routing
from portal.services.case_reading import CaseReading
from portal.services.errors import BadInput, OutOfOrder
from portal.services.persons import Person
from portal.services.tools import Tools
from portal.vault import Place

#: How long ago a call may have been that is noted only now, and how far ahead the next one may lie.
_NOTED_WITHIN: Final = timedelta(days=7)
_PLANNED_WITHIN: Final = timedelta(days=60)


@dataclass(frozen=True)
class Told:
    """A call as it is told: keys of ``domain.calling``, when it was, and when to try again."""

    outcome: str
    occasion: str = "ours"
    note: str = field(default="", repr=False)
    called_at: datetime | None = None
    next_try_at: datetime | None = None


def log(session: Session, tools: Tools, *, case_id: str, slot: str, told: Told, by: Viewer) -> None:
    """Note one call with one person; reaching them settles that they were to be called.

    Raises BadInput for an empty slot or an impossible time, OutOfOrder where the person's own words forbid
    the call: no safe channel, another one, outside the safe hours, no message allowed.
    """
    people = persons.read(CaseReading(session, tools, case_id, may_miss=True))
    person = next((one for one in people if one.slot == slot), None)
    if person is None:
        raise BadInput({"slot": "nobody_there"})
    called_at = told.called_at or tools.now()
    _require_times(tools, told, called_at)
    if told.occasion != "theirs":
        _require_wanted(session, tools, case_id, person)
    _require_allowed(session, told, person, called_at)
    attempt_id = tools.new_id()
    row = {
        "id": attempt_id, "partner_id": person.partner_id, "outcome": told.outcome,
        "occasion": told.occasion,
        "note_box": tools.vault.box("staff", Place("call_attempt", "note_box", attempt_id), told.note),
        "called_by": by.id, "called_at": called_at,
    }  # fmt: skip
    session.execute(insert(table_of(CallAttempt)), [row])
    _move_plan(session, tools, told, person.partner_id)
    detail = {"slot": slot, "outcome": told.outcome, "occasion": told.occasion}
    audit.record(session, tools, by=by, verb="call.logged", subject=("case", case_id), detail=detail)


def _require_times(tools: Tools, told: Told, called_at: datetime) -> None:
    now = tools.now()
    if not now - _NOTED_WITHIN <= called_at <= now:
        raise BadInput({"at": "not_lately"})
    if told.next_try_at is not None and not now < told.next_try_at <= now + _PLANNED_WITHIN:
        raise BadInput({"next_try": "not_soon"})


def _require_wanted(session: Session, tools: Tools, case_id: str, person: Person) -> None:
    if person.participation not in ("declined", "do_not_contact"):
        return
    advice = routing.latest(session, tools, case_id)
    if advice is None or not is_wanted(person.participation, person.slot, advice.body):
        raise OutOfOrder("contact_blocked")


def _require_allowed(session: Session, told: Told, person: Person, called_at: datetime) -> None:
    contact = person.contact or {}
    wrong = _was_wrong(session, person)
    channel = Channel.of(contact, is_wrong_number=wrong)
    is_safe = _is_safe(session, contact, called_at)
    refused = refusal(channel, outcome=told.outcome, occasion=told.occasion, is_safe=is_safe)
    if refused is not None:
        raise OutOfOrder(refused)
    if told.next_try_at is not None and _is_safe(session, contact, told.next_try_at) is False:
        raise OutOfOrder("next_outside_hours")


def _is_safe(session: Session, contact: Any, moment: datetime) -> bool | None:
    zone = ZoneInfo(str(contact.get("time_zone") or practices.view(session).time_zone))
    return safe_hours.at(str(contact.get("hours", "")), moment, zone).is_safe


def _was_wrong(session: Session, person: Person) -> bool:
    """Whether somebody else answered since this number was given."""
    c, s = table_of(CallAttempt).c, table_of(Statement).c
    given = (
        select(s.said_at)
        .where(s.partner_id == person.partner_id, s.kind == "contact")
        .order_by(s.said_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = select(c.id).where(
        c.partner_id == person.partner_id, c.outcome == "wrong_number", c.called_at >= given
    )
    return session.scalar(found.limit(1)) is not None


def _move_plan(session: Session, tools: Tools, told: Told, partner_id: str) -> None:
    if told.outcome == REACHED:
        call_plans.settle(session, tools, partner_id=partner_id)
        return
    table = table_of(CallPlan)
    is_open = (table.c.partner_id == partner_id) & table.c.settled_at.is_(None)
    session.execute(update(table).where(is_open).values(next_try_at=told.next_try_at))
