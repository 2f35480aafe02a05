"""A case and who may open it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, String, bindparam, insert, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer, can_open_case
from portal.models import CaseFile, Partner, UtcDateTime, table_of
from portal.services import case_access
from portal.services.errors import BadInput, NotFound
from portal.services.tools import Tools
from portal.store import Transaction


@dataclass(frozen=True)
class CaseHead:
    """A case without what anybody said. ``urgency``: 0 same day … 4 waiting for something, 5 signed."""

    id: str
    origin: str
    opened_at: datetime
    waiting_since: datetime
    urgency: int
    therapist_id: str | None
    claims_invitation_id: str | None
    merged_into_id: str | None
    closed_at: datetime | None
    #: Seen by break-glass, not as one's own or an unassigned case.
    by_break_glass: bool
    #: Seen because its therapist is away and this viewer covers.
    by_cover: bool


def head(session: Transaction, tools: Tools, case_id: str, by: Viewer) -> CaseHead:
    """The case, if this therapist may open it. Raises NotFound, the same for "none" and "not yours"."""
    values = {"of_case": case_id, "viewer": by.id, "now": tools.now()}
    row = session.execute(_head_statement(), values).one_or_none()
    if row is None or not can_open_case(
        by,
        therapist_id=row.therapist_id,
        has_break_glass=bool(row.is_broken),
        is_covering=bool(row.is_covering),
        is_conflicted=bool(row.is_barred),
    ):
        raise NotFound
    seen = {key: value for key, value in row._mapping.items() if not key.startswith("is_")}
    is_others = row.therapist_id not in (None, by.id)
    by_cover = is_others and bool(row.is_covering)
    return CaseHead(**seen, by_break_glass=is_others and not by_cover, by_cover=by_cover)


# Built once: putting it together costs more than running it, and every page of a case asks twice.
@cache
def _head_statement() -> Select[Any]:
    c = table_of(CaseFile).c
    ways = case_access.ways(bindparam("viewer", type_=String), bindparam("now", type_=UtcDateTime))
    return select(
        c.id, c.origin, c.opened_at, c.waiting_since, c.urgency, c.therapist_id,
        c.claims_invitation_id, c.merged_into_id, c.closed_at,
        ways.broken.label("is_broken"), ways.covering.label("is_covering"),
        ways.conflicted.label("is_barred"),
    ).where(c.id == bindparam("of_case", type_=String))  # fmt: skip


def require_visible(session: Transaction, tools: Tools, case_id: str, by: Viewer) -> None:
    """Raise NotFound unless this therapist may open the case. One statement."""
    head(session, tools, case_id, by)


def require_exists(session: Session, case_id: str) -> None:
    """Raise NotFound unless there is such a case, whoever it belongs to (break-glass, admins)."""
    if session.scalar(select(table_of(CaseFile).c.id).where(table_of(CaseFile).c.id == case_id)) is None:
        raise NotFound


def partner_in(session: Session, case_id: str, slot: str) -> str:
    """Id of the partner record in a slot. Raises BadInput where the case has nobody there."""
    c = table_of(Partner).c
    partner_id: str | None = session.scalar(select(c.id).where(c.case_id == case_id, c.slot == slot))
    if partner_id is None:
        raise BadInput({"slot": "nobody_there"})
    return partner_id


def place_in(session: Session, tools: Tools, *, case_id: str, slot: str) -> str:
    """Id of the partner record in a slot, made where the case has nobody there yet."""
    c = table_of(Partner).c
    found = session.scalar(select(c.id).where(c.case_id == case_id, c.slot == slot))
    if found is not None:
        return str(found)
    partner_id = tools.new_id()
    row = {"id": partner_id, "case_id": case_id, "slot": slot, "created_at": tools.now()}
    session.execute(insert(table_of(Partner)), [row])
    return partner_id


def slots(session: Session, case_id: str) -> dict[str, str]:
    """Slot by partner id."""
    c = table_of(Partner).c
    return {row.id: row.slot for row in session.execute(select(c.id, c.slot).where(c.case_id == case_id))}
