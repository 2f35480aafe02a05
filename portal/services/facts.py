"""What staff say about a partner: the latest word on each fact counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Fact, table_of
from portal.services import audit, cases, jobs, standing_now
from portal.services.case_reading import CaseReading
from portal.services.tools import Tools
from portal.vault import Place

#: Facts that are yes or no (contract.md, "facts"). ``report_reviewed``: a therapist looked at whether what
#: was told about a child must be reported, and acted; the rules do not read it.
KINDS: Final = (
    "shared_account", "validity_concern", "important_event", "identity_conflict", "report_reviewed",
)  # fmt: skip
#: Rules whose newer answers staff may accept: by the answer they read (R3, R1b).
CONFIRMS: Final = ("order_of_protection", "child_danger")


@dataclass(frozen=True)
class FactView:
    """One statement of staff about one partner; ``kind`` confirm names what it confirms in ``value``."""

    slot: str
    kind: str
    value: str
    note: str
    stated_by: str
    stated_at: datetime


def state(
    session: Session,
    tools: Tools,
    *,
    case_id: str,
    slot: str,
    said: Mapping[str, str],
    note: str,
    by: Viewer,
) -> None:
    """Keep what staff say (kind -> yes / no, or ``confirm`` -> what it confirms); the rules run again.

    Raises BadInput where the slot is empty, and Conflict for accepting newer answers while a finding waits
    that nobody has looked at, or can look at: it would be accepted unseen. ``said`` holds at least one thing.
    """
    if "confirm" in said:
        standing_now.require_read(session, tools, case_id=case_id, findings_alone=True)
    partner_id = cases.partner_in(session, case_id, slot)
    session.execute(
        insert(table_of(Fact)),
        [_row(tools, partner_id, one, note, by) for one in said.items()],
    )
    detail: audit.Detail = {"slot": slot, "kinds": sorted(said)}
    audit.record(session, tools, by=by, verb="facts.stated", subject=("case", case_id), detail=detail)
    jobs.add(session, tools, kind="route", subject_id=case_id)


def _row(tools: Tools, partner_id: str, said: tuple[str, str], note: str, by: Viewer) -> dict[str, object]:
    row_id = tools.new_id()
    return {
        "id": row_id,
        "partner_id": partner_id,
        "kind": said[0],
        "value": said[1],
        "note_box": tools.vault.box("staff", Place("fact", "note_box", row_id), note),
        "stated_by": by.id,
        "stated_at": tools.now(),
    }


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[FactView, ...]:
    """Everything staff stated about both partners, newest first. One statement."""
    return read(CaseReading(session, tools, case_id))


def read(reading: CaseReading) -> tuple[FactView, ...]:
    """The same in one reading of the case."""
    vault = reading.tools.vault
    return tuple(
        FactView(
            slot=row.slot,
            kind=row.kind,
            value=row.value,
            note=vault.unbox("staff", Place("fact", "note_box", row.id), row.note_box),
            stated_by=row.stated_by,
            stated_at=row.stated_at,
        )
        for row in reading.facts
    )
