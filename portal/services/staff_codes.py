"""Recovery codes of staff: each stands in for the authenticator's code once, and is kept as a digest."""

from __future__ import annotations

from typing import Any, Final, cast

from sqlalchemy import CursorResult, func, insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import StaffCode, table_of
from portal.services import audit, recovery
from portal.services.errors import Conflict
from portal.services.tools import Tools

#: How many are drawn at once.
COUNT: Final = 10
_LENGTH: Final = 20


def is_code(typed: str) -> bool:
    """Whether this looks like a recovery code, and not like the six digits of an app."""
    return len(recovery.canonical(typed)) == _LENGTH


def draw(session: Session, tools: Tools, *, by: Viewer) -> tuple[str, ...]:
    """New codes for the viewer, to be shown once; older ones stop counting. Staff door."""
    table, now = table_of(StaffCode), tools.now()
    is_open = (table.c.staff_id == by.id) & table.c.used_at.is_(None)
    session.execute(update(table).where(is_open).values(used_at=now))
    codes = tuple(recovery.draw(tools) for _ in range(COUNT))
    rows = [
        {
            "id": tools.new_id(), "staff_id": by.id, "code_digest": _digest(tools, by.id, code),
            "made_at": now, "used_at": None,
        }
        for code in codes
    ]  # fmt: skip
    session.execute(insert(table), rows)
    audit.record(session, tools, by=by, verb="staff.recovery_codes_drawn", subject=("staff", by.id))
    return codes


def left(session: Session, *, by: Viewer) -> int:
    """How many of the viewer's codes still count. Staff door."""
    c = table_of(StaffCode).c
    counted = select(func.count(c.id)).where(c.staff_id == by.id, c.used_at.is_(None))
    return session.scalar(counted) or 0


def spend(session: Session, tools: Tools, *, code: str, by: Viewer) -> None:
    """Use a code up: of two who come with it at once, one gets in. Raises Conflict. Staff door."""
    table = table_of(StaffCode)
    is_meant = (table.c.code_digest == _digest(tools, by.id, code)) & table.c.used_at.is_(None)
    done = session.execute(update(table).where(is_meant).values(used_at=tools.now()))
    if cast("CursorResult[Any]", done).rowcount != 1:
        raise Conflict("code_used")
    audit.record(session, tools, by=by, verb="staff.recovery_code_used", subject=("staff", by.id))


def _digest(tools: Tools, staff_id: str, code: str) -> str:
    return tools.vault.digest("staff", "recovery_code", f"{staff_id}|{recovery.canonical(code)}")
