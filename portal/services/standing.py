"""Findings that stand: latched once, fed to the rules for good, cleared only by a named clinician.

clinical.md §3: A, B, H and crisis findings latch; R3 and R1b are never cleared, only changed by newer
answers that a clinician confirms; a clearance covers answers up to its time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal.domain.prerequisites import BLOCKS_INVITING
from portal.services.case_reading import CaseReading
from portal.services.tools import Tools
from portal.vault import Place

if TYPE_CHECKING:
    from portal.services.persons import Person

#: Tiers that a couple file's ``standing_findings`` may name.
FILE_TIERS: Final = ("A", "B", "H", "crisis")
#: Findings kept by answer instead: tier -> (field, value, what staff confirm).
KEPT_ANSWERS: Final = {
    "order": ("order_of_protection", "current"),
    "child": ("child_danger", "now"),
}


@dataclass(frozen=True)
class FindingView:
    """A safety finding as staff see it. ``state``: provisional, latched, corrected."""

    id: str
    partner_id: str
    slot: str
    intake_id: str
    rule: str
    field: str
    tier: str
    state: str
    section: str
    found_at: datetime
    settled_at: datetime | None


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[FindingView, ...]:
    """Every finding of a case, oldest first. One statement."""
    return read(CaseReading(session, tools, case_id))


def read(reading: CaseReading) -> tuple[FindingView, ...]:
    """The same in one reading of the case."""
    return tuple(_view(reading.tools, row) for row in reading.findings)


def _view(tools: Tools, row: Any) -> FindingView:
    body = json.loads(tools.vault.unbox("staff", Place("finding", "body_box", row.id), row.body_box))
    return FindingView(
        id=row.id,
        partner_id=row.partner_id,
        slot=row.slot,
        intake_id=row.intake_id,
        rule=body["rule"],
        field=body["field"],
        tier=body["tier"],
        state=row.state,
        section=row.section,
        found_at=row.found_at,
        settled_at=row.settled_at,
    )


def is_danger_since(found: Iterable[FindingView], moment: datetime | None) -> bool:
    """Whether an answer saved after ``moment`` raised R1-R4: a recommendation of then knows nothing of it."""
    return any(
        view.rule in BLOCKS_INVITING and (moment is None or view.found_at > moment)
        for view in found
        if view.state != "corrected"
    )


def newest(found: Iterable[FindingView]) -> datetime | None:
    """When the newest finding that was not corrected was found; None without one."""
    return max((view.found_at for view in found if view.state != "corrected"), default=None)


def as_file(found: Iterable[FindingView], zone: ZoneInfo) -> list[dict[str, str]]:
    """Findings as a couple file lists them: one row for each slot, tier and local day.

    A provisional one counts like any other until it is corrected: what alerts stands.
    """
    rows = {
        (view.slot, view.tier, view.found_at.astimezone(zone).date().isoformat())
        for view in found
        if view.state != "corrected" and view.tier in FILE_TIERS
    }
    return [{"slot": slot, "tier": tier, "found_on": day} for slot, tier, day in sorted(rows)]


def with_unconfirmed(
    said: Mapping[str, dict[str, Any]], persons: Iterable[Person], found: Sequence[FindingView]
) -> dict[str, dict[str, Any]]:
    """Partners of a couple file by slot, with an earlier "current order" or "child in danger now".

    Either is fed until a clinician confirms newer answers. ``said`` is left as it is.
    """
    partners = {slot: dict(given) for slot, given in said.items()}
    for person in persons:
        for tier, (field, value) in KEPT_ANSWERS.items():
            times = [
                view.found_at
                for view in found
                if view.slot == person.slot and view.tier == tier and view.state != "corrected"
            ]
            confirmed_at = person.facts.get(f"confirm:{field}", ("", None))[1]
            if times and (confirmed_at is None or confirmed_at < max(times)):
                partners.setdefault(person.slot, {})[field] = value
    return partners


def clearances(
    reading: CaseReading, zone: ZoneInfo, persons: Sequence[Person], found: Sequence[FindingView]
) -> list[dict[str, str]]:
    """The clearances that count, as a couple file lists them.

    A couple file compares days; the portal compares times: a clearance is left out where an answer of
    that same day is newer. It is also left out where somebody who takes part now had no individual
    interview before it, or none since the findings that it would cover: it cleared work with the other
    person alone (clinical.md §3). And where staff said only later who somebody is, as a merge does: it was
    given for whoever stood there before.
    """
    sent = [person.submitted_at for person in persons if person.submitted_at is not None]
    answered = (*sent, *(view.found_at for view in found if view.state != "corrected"))
    seen = _interviews(reading, persons)
    known = [
        person.facts["identity_conflict"][1] for person in persons if "identity_conflict" in person.facts
    ]
    return [
        {"tier": row.tier, "on": row.given_at.astimezone(zone).date().isoformat()}
        for row in reversed(reading.clearances)
        if all(moment <= row.given_at for moment in known)
        and _is_after_interviews(row, seen, found)
        and not any(_is_later_that_day(moment, row.given_at, zone) for moment in answered)
    ]


def _is_after_interviews(row: Any, seen: Iterable[Sequence[datetime]], found: Iterable[FindingView]) -> bool:
    """Whether each was seen alone before this clearance, and since what was found by then of its tier."""
    covered = newest(view for view in found if view.tier == row.tier and view.found_at <= row.given_at)
    return all(
        any(held_at <= row.given_at and (covered is None or held_at >= covered) for held_at in held)
        for held in seen
    )


def _interviews(reading: CaseReading, persons: Sequence[Person]) -> list[list[datetime]]:
    """When each person whose intake is read was seen alone, with all three ticks."""
    complete = [
        (row.partner_id, row.held_at)
        for row in reading.interviews
        if row.identity_confirmed and row.private_setting and row.safety_reasked
    ]
    return [
        [held_at for partner_id, held_at in complete if partner_id == person.partner_id]
        for person in persons
        if person.intake is not None
    ]


def _is_later_that_day(moment: datetime, given_at: datetime, zone: ZoneInfo) -> bool:
    return moment > given_at and moment.astimezone(zone).date() == given_at.astimezone(zone).date()
