"""Individual interviews: who was seen alone, with which of the three ticks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.prerequisites import Held, Standing
from portal.models import Account, Intake, Interview, Partner, table_of
from portal.services import audit, call_plans, cases
from portal.services.case_reading import CaseReading
from portal.services.persons import Person
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class InterviewView:
    """One interview with one partner; ``held_by`` is a staff id."""

    id: str
    slot: str
    identity_confirmed: bool
    private_setting: bool
    safety_reasked: bool
    note: str
    held_by: str
    held_at: datetime

    @property
    def is_complete(self) -> bool:
        """All three ticks: identity confirmed, private setting, safety asked again."""
        return self.identity_confirmed and self.private_setting and self.safety_reasked


def record(
    session: Session,
    tools: Tools,
    *,
    case_id: str,
    slot: str,
    ticks: tuple[bool, bool, bool],
    note: str,
    by: Viewer,
) -> None:
    """Keep an interview held just now. ``ticks``: identity confirmed, private setting, safety re-asked.

    Raises BadInput where the slot is empty.
    """
    partner_id = cases.partner_in(session, case_id, slot)
    interview_id = tools.new_id()
    identity, private, safety = ticks
    row = {
        "id": interview_id,
        "partner_id": partner_id,
        "identity_confirmed": identity,
        "private_setting": private,
        "safety_reasked": safety,
        "note_box": tools.vault.box("staff", Place("interview", "note_box", interview_id), note),
        "held_by": by.id,
        "held_at": tools.now(),
    }
    session.execute(insert(table_of(Interview)), [row])
    call_plans.settle(session, tools, partner_id=partner_id)
    detail: audit.Detail = {"slot": slot, "complete": all(ticks)}
    audit.record(session, tools, by=by, verb="interview.recorded", subject=("case", case_id), detail=detail)


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[InterviewView, ...]:
    """Every interview of a case, newest first, notes opened. One statement."""
    return read(CaseReading(session, tools, case_id))


def read(reading: CaseReading) -> tuple[InterviewView, ...]:
    """The same in one reading of the case."""
    vault = reading.tools.vault
    return tuple(
        InterviewView(
            id=row.id,
            slot=row.slot,
            identity_confirmed=row.identity_confirmed,
            private_setting=row.private_setting,
            safety_reasked=row.safety_reasked,
            note=vault.unbox("staff", Place("interview", "note_box", row.id), row.note_box),
            held_by=row.held_by,
            held_at=row.held_at,
        )
        for row in reading.interviews
    )


def held(session: Session, case_id: str) -> tuple[Held, ...]:
    """The interviews of a case as the prerequisites read them, notes left closed. One statement."""
    i, p = table_of(Interview).c, table_of(Partner).c
    rows = session.execute(
        select(p.slot, i.identity_confirmed, i.private_setting, i.safety_reasked, i.held_at)
        .join_from(table_of(Interview), table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == case_id)
    ).all()
    return tuple(
        Held(row.slot, row.identity_confirmed and row.private_setting and row.safety_reasked, row.held_at)
        for row in rows
    )


def is_unseen(partner_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether whoever is in a partner's place has come and was not seen alone since they last sent."""
    t, i, a = table_of(Interview).c, table_of(Intake).c, table_of(Account).c
    newest = select(func.max(i.submitted_at)).where(i.partner_id == partner_id)
    sent = newest.correlate_except(table_of(Intake)).scalar_subquery()
    seen = exists().where(
        t.partner_id == partner_id, t.identity_confirmed, t.private_setting, t.safety_reasked,
        t.held_at >= func.coalesce(sent, t.held_at),
    )  # fmt: skip
    came = or_(exists().where(a.partner_id == partner_id), exists().where(i.partner_id == partner_id))
    return and_(came, ~seen)


def standings(people: Iterable[Person]) -> tuple[Standing, ...]:
    """People as the prerequisites read them."""
    return tuple(Standing(person.slot, person.participation, person.submitted_at) for person in people)
