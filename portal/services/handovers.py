"""Cases that change hands: a therapist hands one back, an admin moves many at once.

Every case has its own event, and every case is looked at for conflicts of interest first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import CaseFile, table_of
from portal.services import alerts, audit, case_access, case_states, cases, conflicts, people
from portal.services.case_states import CaseState
from portal.services.errors import BadInput, OutOfOrder
from portal.services.tools import Tools


@dataclass(frozen=True)
class Move:
    """What would become of one case; ``reason`` says why it stays where it is."""

    case: CaseState
    reason: str | None

    @property
    def is_possible(self) -> bool:
        """Whether it would change hands."""
        return self.reason is None


def recuse(session: Session, tools: Tools, *, case_id: str, reason: str, by: Viewer) -> None:
    """Hand back a case one may open, for a coded reason; it is closed to them from now on.

    The case becomes everybody else's again, and colleagues hear that something waits. Raises NotFound,
    BadInput, OutOfOrder where no other therapist could take it.
    """
    conflicts.require_reason(reason)
    cases.require_visible(session, tools, case_id, by)
    barred = case_access.barred(session, case_id) | {by.id}
    if not any(
        member.is_active and "therapist" in member.roles and member.id not in barred
        for member in people.everyone(session, tools)
    ):
        raise OutOfOrder("nobody_else")
    conflicts.bar(session, tools, case_id=case_id, staff_id=by.id, reason=reason, by=by)
    detail = {"reason": reason}
    audit.record(session, tools, by=by, verb="case.recused", subject=("case", case_id), detail=detail)
    alerts.tell_staff(session, tools, case_id=case_id, is_urgent=False)


def cases_of(session: Session, tools: Tools, staff_id: str) -> tuple[CaseState, ...]:
    """Every open case of a therapist as an admin sees it, oldest first."""
    c = table_of(CaseFile).c
    wanted = case_states.select_cases().where(c.therapist_id == staff_id, c.closed_at.is_(None))
    return case_states.of_cases(session, tools, wanted.order_by(c.opened_at, c.id))


def cases_seen(session: Session, tools: Tools, *, staff_id: str, by: Viewer) -> tuple[CaseState, ...]:
    """The same for a page, with the event that they were looked at."""
    held = cases_of(session, tools, staff_id)
    detail: audit.Detail = {"rows": len(held)}
    audit.record(session, tools, by=by, verb="cases.listed", subject=("staff", staff_id), detail=detail)
    return held


def preview(
    session: Session, tools: Tools, *, staff_id: str, chosen: Collection[str], to: str
) -> tuple[Move, ...]:
    """What moving these cases of a therapist to another would do; changes nothing.

    ``to``: a staff id, or empty for nobody. Raises BadInput for no case, or nobody who could take one.
    """
    faults = {}
    found = [case for case in cases_of(session, tools, staff_id) if case.id in set(chosen)]
    if not found:
        faults["case"] = "missing"
    if to and to not in _therapists(session, tools, but=staff_id):
        faults["to"] = "no_such_therapist"
    if faults:
        raise BadInput(faults)
    barred = {case.id for case in found if to in case_access.barred(session, case.id)}
    return tuple(Move(case, "conflict" if case.id in barred else None) for case in found)


def reassign(
    session: Session, tools: Tools, *, staff_id: str, chosen: Collection[str], to: str, by: Viewer
) -> int:
    """Move these cases, but for those a conflict of interest keeps; one event each. How many moved."""
    table = table_of(CaseFile)
    moving = [
        move.case.id
        for move in preview(session, tools, staff_id=staff_id, chosen=chosen, to=to)
        if move.is_possible
    ]
    session.execute(update(table).where(table.c.id.in_(moving)).values(therapist_id=to or None))
    for case_id in moving:
        detail = {"therapist": to or None, "from": staff_id}
        verb = "case.assigned" if to else "case.unassigned"
        audit.record(session, tools, by=by, verb=verb, subject=("case", case_id), detail=detail)
    return len(moving)


def _therapists(session: Session, tools: Tools, *, but: str) -> frozenset[str]:
    return frozenset(
        member.id
        for member in people.everyone(session, tools)
        if "therapist" in member.roles and not member.is_disabled and member.id != but
    )
