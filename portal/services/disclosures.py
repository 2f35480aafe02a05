"""Accounting of disclosures: whatever carried one person's data out of the case, when, to whom, why."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import AuditEvent, Export, Intake, Invitation, Letter, table_of
from portal.services import audit, cases, practices
from portal.services.tools import Tools
from portal.vault import Place

#: Events of a case that hand something of it on. A brief holds both people.
_OF_CASE: Final = (
    *("letter.released", "invitation.sent", "request.sent", "appointment.proposed", "brief.made"),
    *("case.merged", "case.merged_away", "export.of_case"),
)


@dataclass(frozen=True)
class Disclosure:
    """One time that data left: ``by`` a staff id, ``to`` a key (this person, the practice, outside)."""

    happened_at: datetime
    kind: str
    by: str
    to: str
    why: str = field(default="", repr=False)


def of_person(
    session: Session, tools: Tools, *, case_id: str, slot: str, by: Viewer, is_file: bool = False
) -> tuple[Disclosure, ...]:
    """What carried this person's data, newest first, and the event that it was asked for.

    Raises BadInput where the slot is empty.
    """
    partner_id = cases.partner_in(session, case_id, slot)
    found = [*_of_case(session, case_id, partner_id, slot), *_exports(session, tools, partner_id)]
    verb = "disclosures.exported" if is_file else "disclosures.viewed"
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id), detail={"slot": slot})
    return tuple(sorted(found, key=lambda one: (one.happened_at, one.kind), reverse=True))


def _of_case(session: Session, case_id: str, partner_id: str, slot: str) -> list[Disclosure]:
    c = table_of(AuditEvent).c
    own = _own_ids(session, partner_id)
    rows = session.execute(
        select(c.verb, c.actor_id, c.happened_at, c.detail)
        .where(c.subject_id == case_id, c.verb.in_(_OF_CASE))
        .order_by(c.happened_at)
    ).all()
    return [
        Disclosure(row.happened_at, row.verb, row.actor_id, _to(row.verb))
        for row in rows
        if _is_about(json.loads(row.detail), slot, own)
    ]


def _own_ids(session: Session, partner_id: str) -> frozenset[str]:
    """Letters and invitations of this person: events name them by their own id."""
    found: list[str] = []
    for model in (Letter, Invitation):
        table = table_of(model).c
        found += session.scalars(select(table.id).where(table.partner_id == partner_id)).all()
    return frozenset(found)


def _is_about(detail: dict[str, Any], slot: str, own: frozenset[str]) -> bool:
    """A letter or invitation is its person's alone; what names a slot, its; what names neither is of both."""
    named = detail.get("letter") or detail.get("invitation")
    if named is not None:
        return named in own
    return (detail.get("slot") or "both") in (slot, "both")


def _to(verb: str) -> str:
    known = {"brief.made": "therapist", "case.merged": "practice", "case.merged_away": "practice"}
    return "outside" if verb == "export.of_case" else known.get(verb, "person")


def _exports(session: Session, tools: Tools, partner_id: str) -> list[Disclosure]:
    """Identified reports whose days hold one of this person's forms: any of them may have carried it."""
    e, i = table_of(Export).c, table_of(Intake).c
    sent = session.scalars(
        select(i.submitted_at).where(i.partner_id == partner_id, i.submitted_at.is_not(None))
    ).all()
    zone = ZoneInfo(practices.view(session).time_zone)
    rows = session.execute(
        select(e.id, e.asked_by, e.asked_at, e.since, e.until, e.purpose_box)
        .where(e.identified, e.state != "failed", e.report == "intakes")
        .order_by(e.asked_at)
    ).all()
    return [
        Disclosure(row.asked_at, "export.asked", row.asked_by, "outside", _purpose(tools, row))
        for row in rows
        if any(moment < row.asked_at and _is_within(moment, row, zone) for moment in sent if moment)
    ]


def _is_within(moment: datetime, row: Any, zone: ZoneInfo) -> bool:
    day = moment.astimezone(zone).date().isoformat()
    return (row.since or "") <= day <= (row.until or "9999")


def _purpose(tools: Tools, row: Any) -> str:
    return tools.vault.unbox("staff", Place("export", "purpose_box", row.id), row.purpose_box)
