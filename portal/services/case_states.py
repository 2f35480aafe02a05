"""Where the people of a case stand: invited, joined, sent, and who claims whose place.

Opens names and invited addresses; never an answer, a finding, a recommendation or a review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.models import Account, CaseFile, Consent, Intake, Invitation, Partner, table_of
from portal.services import case_names
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class SlotState:
    """One person of a case. ``address``: of the newest invitation; ``name`` None before consent."""

    slot: str
    name: str | None = field(repr=False)
    address: str | None = field(repr=False)
    invitation: str | None
    invited_at: datetime | None
    joined_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True)
class CaseState:
    """A case's scheduling state. ``claims``: the case whose invitation this record also claims."""

    id: str
    origin: str
    opened_at: datetime
    closed_at: datetime | None
    therapist_id: str | None
    merged_into_id: str | None
    held_at: datetime | None
    claims: str | None
    claimed_by: tuple[str, ...]
    slots: tuple[SlotState, ...]


def select_cases() -> Select[Any]:
    """Cases in the columns that ``of_cases`` reads; narrow and order it."""
    c, i, p = table_of(CaseFile).c, table_of(Invitation).c, table_of(Partner).c
    claims = (
        select(p.case_id)
        .join_from(table_of(Invitation), table_of(Partner), i.partner_id == p.id)
        .where(i.id == c.claims_invitation_id, c.merged_into_id.is_(None))
        .scalar_subquery()
    )
    return select(
        c.id, c.origin, c.opened_at, c.closed_at, c.therapist_id, c.merged_into_id, c.held_at,
        claims.label("claims"),
    )  # fmt: skip


def of_cases(session: Session, tools: Tools, wanted: Select[Any]) -> tuple[CaseState, ...]:
    """Cases with their people: five statements, whatever their number."""
    rows = session.execute(wanted).all()
    slots = _slots(session, tools, [row.id for row in rows])
    claimed = _claimed_by(session, [row.id for row in rows])
    return tuple(
        CaseState(**row._mapping, claimed_by=claimed.get(row.id, ()), slots=slots.get(row.id, ()))
        for row in rows
    )


def _claimed_by(session: Session, case_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Records that claim an invitation of these cases and were not merged, by case."""
    c, i, p = table_of(CaseFile).c, table_of(Invitation).c, table_of(Partner).c
    rows = session.execute(
        select(p.case_id, c.id)
        .join_from(table_of(CaseFile), table_of(Invitation), c.claims_invitation_id == i.id)
        .join(table_of(Partner), i.partner_id == p.id)
        .where(p.case_id.in_(case_ids), c.merged_into_id.is_(None))
        .order_by(c.opened_at, c.id)
    ).all()
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found[row.case_id] = (*found.get(row.case_id, ()), row.id)
    return found


def _slots(session: Session, tools: Tools, case_ids: Sequence[str]) -> dict[str, tuple[SlotState, ...]]:
    p, a, i = table_of(Partner).c, table_of(Account).c, table_of(Intake).c
    sent = select(func.max(i.submitted_at)).where(i.partner_id == p.id).scalar_subquery()
    rows = session.execute(
        select(p.id, p.case_id, p.slot, a.created_at.label("joined_at"), sent.label("sent_at"))
        .join_from(table_of(Partner), table_of(Account), a.partner_id == p.id, isouter=True)
        .where(p.case_id.in_(case_ids))
        .order_by(p.case_id, p.slot)
    ).all()
    ids = [row.id for row in rows]
    names, invited = _names(session, tools, ids), _invited(session, ids)
    found: dict[str, tuple[SlotState, ...]] = {}
    for row in rows:
        newest = invited.get(row.id)
        state = SlotState(
            slot=row.slot,
            name=names.get(row.id),
            address=newest and _address(tools, newest),
            invitation=newest and newest.state,
            invited_at=newest and newest.sent_at,
            joined_at=row.joined_at,
            sent_at=row.sent_at,
        )
        found[row.case_id] = (*found.get(row.case_id, ()), state)
    return found


def _names(session: Session, tools: Tools, partner_ids: Sequence[str]) -> dict[str, str | None]:
    c = table_of(Consent).c
    rows = session.execute(
        select(c.partner_id, c.id, c.name_sealed)
        .where(c.partner_id.in_(partner_ids))
        .order_by(c.given_at, c.id)
    ).all()
    newest = {row.partner_id: row for row in rows}
    return {key: case_names.opened(tools, row.id, row.name_sealed) for key, row in newest.items()}


def _invited(session: Session, partner_ids: Sequence[str]) -> dict[str, Any]:
    c = table_of(Invitation).c
    rows = session.execute(
        select(c.partner_id, c.id, c.state, c.sent_at, c.address_sealed)
        .where(c.partner_id.in_(partner_ids))
        .order_by(c.created_at, c.id)
    ).all()
    return {row.partner_id: row for row in rows}


def _address(tools: Tools, row: Any) -> str:
    return tools.vault.open(Place("invitation", "address_sealed", row.id), row.address_sealed)
