"""Conflicts of interest: one person who must have nothing to do with one case.

While a block stands the case is not assignable to them, not found by them, not opened by break-glass, and
its letters are not theirs to approve. The reason is a code, so that the event may hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import CaseFile, ConflictBlock, StaffAccount, table_of
from portal.services import audit, case_access
from portal.services.errors import BadInput, NotFound, OutOfOrder
from portal.services.tools import Tools

#: Why somebody keeps away: the first five are conflicts of interest proper, the others a case handed back.
REASONS: Final = (
    "knows_them",
    "family",
    "business",
    "earlier_work",
    "own_story",
    "expertise",
    "workload",
    "other",
)


@dataclass(frozen=True)
class Block:
    """One block that stands; ``staff_id`` is kept away."""

    id: str
    staff_id: str
    reason: str
    set_by: str
    set_at: datetime


def of_case(session: Session, case_id: str) -> tuple[Block, ...]:
    """Every block of a case that stands, oldest first. One statement."""
    c = table_of(ConflictBlock).c
    rows = session.execute(
        select(c.id, c.staff_id, c.reason, c.set_by, c.set_at)
        .where(c.case_id == case_id, c.lifted_at.is_(None))
        .order_by(c.set_at, c.id)
    )
    return tuple(Block(**row._mapping) for row in rows)


def require_reason(reason: str) -> None:
    """Raise BadInput unless this is one of ``REASONS``."""
    if reason not in REASONS:
        raise BadInput({"reason": "not_an_option"})


def bar(session: Session, tools: Tools, *, case_id: str, staff_id: str, reason: str, by: Viewer) -> None:
    """Keep somebody away from a case; a case of theirs becomes everybody else's again.

    Raises BadInput for a reason or a person there is not, NotFound for no such case. A block that stands
    already is kept as it is.
    """
    require_reason(reason)
    table, a = table_of(CaseFile), table_of(StaffAccount).c
    if session.scalar(select(a.id).where(a.id == staff_id)) is None:
        raise BadInput({"person": "not_an_option"})
    row = session.execute(select(table.c.therapist_id).where(table.c.id == case_id)).one_or_none()
    if row is None:
        raise NotFound
    if staff_id in case_access.barred(session, case_id):
        return
    if row.therapist_id == staff_id:
        session.execute(update(table).where(table.c.id == case_id).values(therapist_id=None))
    _insert(session, tools, case_id=case_id, staff_id=staff_id, reason=reason, by=by)
    detail: audit.Detail = {"staff": staff_id, "reason": reason, "unassigned": row.therapist_id == staff_id}
    audit.record(session, tools, by=by, verb="case.conflict_set", subject=("case", case_id), detail=detail)


def lift(session: Session, tools: Tools, *, case_id: str, block_id: str, by: Viewer) -> None:
    """Let somebody near the case again. Raises NotFound; OutOfOrder for a block of one's own."""
    table = table_of(ConflictBlock)
    block = next((block for block in of_case(session, case_id) if block.id == block_id), None)
    if block is None:
        raise NotFound
    if block.staff_id == by.id:
        raise OutOfOrder("own_conflict")
    session.execute(
        update(table).where(table.c.id == block_id).values(lifted_by=by.id, lifted_at=tools.now())
    )
    detail = {"staff": block.staff_id, "reason": block.reason}
    audit.record(session, tools, by=by, verb="case.conflict_lifted", subject=("case", case_id), detail=detail)


def carry_over(session: Session, tools: Tools, *, of: str, to: str) -> None:
    """Let the blocks of one case stand in another too: whoever knows somebody knows them there as well."""
    held = case_access.barred(session, to)
    by_id = {block.staff_id: block for block in of_case(session, of) if block.staff_id not in held}
    for staff_id, block in by_id.items():
        by = Viewer(kind="staff", id=block.set_by)
        _insert(session, tools, case_id=to, staff_id=staff_id, reason=block.reason, by=by)


def _insert(session: Session, tools: Tools, *, case_id: str, staff_id: str, reason: str, by: Viewer) -> None:
    row = {
        "id": tools.new_id(),
        "case_id": case_id,
        "staff_id": staff_id,
        "reason": reason,
        "set_by": by.id,
        "set_at": tools.now(),
    }
    session.execute(insert(table_of(ConflictBlock)), [row])
