"""Reasoned access to a colleague's case: at once, for some hours, in everybody's sight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import BreakGlass, table_of
from portal.services import alerts, audit, case_access, cases
from portal.services.case_reading import this_case
from portal.services.tools import Tools
from portal.vault import Place

#: How long broken glass stays open: one shift.
OPEN_FOR: Final = timedelta(hours=8)


@dataclass(frozen=True)
class BreakGlassView:
    """Who opened the case over its therapist's head, when and why; ``staff_id`` is a staff id."""

    staff_id: str
    reason: str
    opened_at: datetime
    expires_at: datetime


def open_case(session: Session, tools: Tools, *, case_id: str, reason: str, by: Viewer) -> None:
    """Let this therapist open the case until ``OPEN_FOR`` from now.

    Raises NotFound for no such case, the same for one that a conflict of interest closes to them.
    """
    cases.require_exists(session, case_id)
    case_access.require_free(session, case_id, by.id)
    row_id, now = tools.new_id(), tools.now()
    row = {
        "id": row_id,
        "case_id": case_id,
        "staff_id": by.id,
        "reason_box": tools.vault.box("staff", Place("break_glass", "reason_box", row_id), reason),
        "opened_at": now,
        "expires_at": now + OPEN_FOR,
    }
    session.execute(insert(table_of(BreakGlass)), [row])
    audit.record(session, tools, by=by, verb="break_glass.opened", subject=("case", case_id))
    # The case's own therapist hears of it at once, in the neutral words of every alert.
    alerts.tell_staff(session, tools, case_id=case_id, is_urgent=False)


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[BreakGlassView, ...]:
    """Every time the glass was broken, newest first. One statement."""
    rows = session.execute(_newest_first(), {"of_case": case_id}).all()
    return tuple(
        BreakGlassView(
            staff_id=row.staff_id,
            reason=tools.vault.unbox("staff", Place("break_glass", "reason_box", row.id), row.reason_box),
            opened_at=row.opened_at,
            expires_at=row.expires_at,
        )
        for row in rows
    )


@cache
def _newest_first() -> Select[Any]:
    c = table_of(BreakGlass).c
    return (
        select(c.id, c.staff_id, c.reason_box, c.opened_at, c.expires_at)
        .where(c.case_id == this_case())
        .order_by(c.opened_at.desc(), c.id.desc())
    )
