"""Who is to be called by when: kept with each recommendation, settled by a call that reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portal.domain import gates, urgency
from portal.domain.calling import CALLED_SOON, Plan, due_at, is_wanted, planned
from portal.domain.couple_file import parse_couple
from portal.models import CallPlan, table_of
from portal.services import practices
from portal.services.couples import Couple
from portal.services.persons import Person
from portal.services.tools import Tools


def keep(
    session: Session, tools: Tools, *, couple: Couple, advice: Mapping[str, Any], made_at: datetime
) -> None:
    """Bring the plans of a case up to its newest recommendation. Whoever takes no part loses theirs."""
    plan = table_of(CallPlan)
    ids = [person.partner_id for person in couple.people]
    before = {
        row.partner_id: Plan(row.due_at, row.level, row.sent_at, row.settled_at)
        for row in session.execute(select(plan).where(plan.c.partner_id.in_(ids)))
    }
    practice = practices.view(session)
    zone, calendar = ZoneInfo(practice.time_zone), practice.calendar
    level = urgency.urgency(advice, is_signed=False)
    concerned = _concerned(couple, advice)
    for person in couple.people:
        old = before.get(person.partner_id)
        if not is_wanted(person.participation, person.slot, advice, concerned=concerned):
            if old is not None and old.settled_at is None and not _may_be_wanted(person, advice):
                session.execute(delete(plan).where(plan.c.partner_id == person.partner_id))
            continue
        sent_at = person.submitted_at
        due = due_at(advice, sent_at=sent_at, made_at=made_at, zone=zone, calendar=calendar)
        new = planned(old, Plan(due, level, sent_at))
        _put(session, person.partner_id, old, new)


def _may_be_wanted(person: Person, advice: Mapping[str, Any]) -> bool:
    """Whether only a loss hides why somebody who is writing was to be called: it takes nothing away."""
    return bool(advice.get(urgency.LOST)) and person.participation == "in_progress"


def _concerned(couple: Couple, advice: Mapping[str, Any]) -> frozenset[str]:
    """Slots whose answers ask for a call by a time of their own, or are lost and may; drafts too."""
    asked = [gate for gate in CALLED_SOON if gate in advice["gates"]]
    about = gates.concerned(parse_couple(couple.file)) if asked else {}
    return frozenset(
        [*advice.get(urgency.LOST, ()), *(slot for gate in asked for slot in about.get(gate, ()))]
    )


def _put(session: Session, partner_id: str, old: Plan | None, new: Plan) -> None:
    table = table_of(CallPlan)
    values = {
        "due_at": new.due_at, "level": new.level, "sent_at": new.sent_at, "settled_at": new.settled_at,
    }  # fmt: skip
    if old is None:
        session.execute(insert(table), [{"partner_id": partner_id, "next_try_at": None, **values}])
    elif old != new:
        session.execute(update(table).where(table.c.partner_id == partner_id).values(**values))


def settle(session: Session, tools: Tools, *, partner_id: str) -> None:
    """This person was talked to: the call is held."""
    table = table_of(CallPlan)
    session.execute(
        update(table)
        .where(table.c.partner_id == partner_id, table.c.settled_at.is_(None))
        .values(settled_at=tools.now(), next_try_at=None)
    )
