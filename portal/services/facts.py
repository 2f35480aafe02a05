"""What staff say about a partner: the latest word on each fact counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.constructs import DECLINED
from portal.models import Fact, table_of
from portal.services import audit, cases, couples, jobs, standing, standing_now
from portal.services.case_reading import CaseReading
from portal.services.errors import OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place

#: Facts that are yes or no (contract.md, "facts"). ``report_reviewed``: a therapist looked at whether what
#: was told about a child must be reported, and acted; the rules do not read it.
KINDS: Final = (
    "shared_account", "validity_concern", "important_event", "identity_conflict", "report_reviewed",
)  # fmt: skip
#: Rules whose newer answers staff may accept: by the answer they read (R3, R1b).
CONFIRMS: Final = ("order_of_protection", "child_danger")
_DANGER: Final = dict(standing.KEPT_ANSWERS.values())


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

    Raises BadInput where the slot is empty, Conflict for accepting newer answers while a finding waits that
    nobody has looked at, or can look at: it would be accepted unseen, and OutOfOrder where there is no newer
    answer to accept. ``said`` holds at least one thing.
    """
    partner_id = cases.partner_in(session, case_id, slot)
    if "confirm" in said:
        standing_now.require_read(session, tools, case_id=case_id, findings_alone=True)
        _require_newer(session, tools, case_id, slot=slot, field=said["confirm"])
    session.execute(
        insert(table_of(Fact)),
        [_row(tools, partner_id, one, note, by) for one in said.items()],
    )
    detail: audit.Detail = {"slot": slot, "kinds": sorted(said)}
    audit.record(session, tools, by=by, verb="facts.stated", subject=("case", case_id), detail=detail)
    jobs.add(session, tools, kind="route", subject_id=case_id)


def _require_newer(session: Session, tools: Tools, case_id: str, *, slot: str, field: str) -> None:
    """An answer that says something else than the danger; a word given before it would pass it unseen.

    A blank and "in person" say nothing: what is not answered is unknown (clinical.md §4, R3 and R1b).
    """
    said = couples.couple(session, tools, case_id).said.get(slot, {})
    if said.get(field) in (None, DECLINED, _DANGER[field]):
        raise OutOfOrder("nothing_newer")


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
