"""A clinician's clearance of one tier, for answers up to its moment (clinical.md §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.couple import SLOTS
from portal.domain.prerequisites import without_clearing_interview
from portal.models import Clearance, table_of
from portal.services import audit, interviews, jobs, persons, standing, standing_now
from portal.services.case_reading import CaseReading
from portal.services.errors import OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class ClearanceView:
    """One clearance; ``given_by`` is a staff id."""

    id: str
    tier: str
    note: str
    given_by: str
    given_at: datetime


def give(session: Session, tools: Tools, *, case_id: str, tier: str, note: str, by: Viewer) -> None:
    """Clear a tier (A, B, H, crisis) for answers up to now; the rules run again.

    Raises OutOfOrder until everyone who takes part was seen alone, with all three ticks, since they sent and
    since the newest finding of either: "interviews_first", or "found_since_a", "_b", "_both". Raises Conflict
    for a finding that nobody has looked at, or can look at. Either would be covered unseen.
    """
    _require_interviews(session, tools, case_id)
    standing_now.require_read(session, tools, case_id=case_id, findings_alone=True)
    clearance_id = tools.new_id()
    row = {
        "id": clearance_id,
        "case_id": case_id,
        "tier": tier,
        "note_box": tools.vault.box("staff", Place("clearance", "note_box", clearance_id), note),
        "given_by": by.id,
        "given_at": tools.now(),
    }
    session.execute(insert(table_of(Clearance)), [row])
    audit.record(
        session, tools, by=by, verb="clearance.given", subject=("case", case_id), detail={"tier": tier}
    )
    jobs.add(session, tools, kind="route", subject_id=case_id)


def _require_interviews(session: Session, tools: Tools, case_id: str) -> None:
    people = interviews.standings(persons.people(session, tools, case_id))
    held = interviews.held(session, case_id)
    if without_clearing_interview(people, held):
        raise OutOfOrder("interviews_first")
    found_at = standing.newest(standing.of_case(session, tools, case_id))
    if again := without_clearing_interview(people, held, found_at=found_at):
        raise OutOfOrder(f"found_since_{'both' if len(again) == len(SLOTS) else again[0]}")


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[ClearanceView, ...]:
    """Every clearance of a case, newest first, notes opened. One statement."""
    return read(CaseReading(session, tools, case_id))


def read(reading: CaseReading) -> tuple[ClearanceView, ...]:
    """The same in one reading of the case."""
    vault = reading.tools.vault
    return tuple(
        ClearanceView(
            id=row.id,
            tier=row.tier,
            note=vault.unbox("staff", Place("clearance", "note_box", row.id), row.note_box),
            given_by=row.given_by,
            given_at=row.given_at,
        )
        for row in reading.clearances
    )


def newest(session: Session, case_id: str) -> dict[str, datetime]:
    """When each tier was last cleared."""
    c = table_of(Clearance).c
    rows = session.execute(select(c.tier, c.given_at).where(c.case_id == case_id).order_by(c.given_at)).all()
    return {row.tier: row.given_at for row in rows}
