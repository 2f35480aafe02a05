"""By when something must have happened (clinical.md §4, "When"), counted on the practice's working days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from portal.domain import working_days
from portal.domain.working_days import USUAL, Calendar

#: Working days within which the people of a case are seen apart, by the row that matched.
SAFETY_DAYS: Final[Mapping[str, int]] = {"R1": 0, "R1b": 0, "R2": 0, "R3": 0, "R4": 2, "R5b": 5, "R5d": 5}
#: The flag that is read the same day, as a row is.
LEAVING_RISK: Final = "leaving_risk"
#: Gates with a time of their own.
WITHIN_A_DAY: Final = "call_within_24h"
NEXT_DAY: Final = "call_next_working_day"


@dataclass(frozen=True)
class Due:
    """A day, with a time of day where it is counted in hours."""

    day: date
    at: datetime | None = None

    def is_over(self, now: datetime, zone: tzinfo) -> bool:
        """Whether the time has passed: the moment, or the whole day where the practice is."""
        return now > self.at if self.at is not None else now.astimezone(zone).date() > self.day


def promised(sent_at: datetime, zone: tzinfo, calendar: Calendar = USUAL) -> Due:
    """The call promised to everybody, by their own clock."""
    return Due(working_days.after(sent_at.astimezone(zone).date(), working_days.CALL_WITHIN, calendar))


def safety(told: Mapping[str, datetime], zone: tzinfo, calendar: Calendar = USUAL) -> Due | None:
    """The soonest day that a matched row or the leaving risk sets; None where none of them has one.

    ``told``: row (or LEAVING_RISK) -> when it was first told and not taken back since.
    """
    days = {**SAFETY_DAYS, LEAVING_RISK: 0}
    found = [
        working_days.after(at.astimezone(zone).date(), days[key], calendar)
        for key, at in told.items()
        if key in days
    ]
    return Due(min(found)) if found else None


def of_gate(gate: str, sent_at: datetime, zone: tzinfo, calendar: Calendar = USUAL) -> Due | None:
    """A gate's own time after the answers that raised it were sent; None for a gate without one."""
    if gate == WITHIN_A_DAY:
        at = sent_at + timedelta(hours=24)
        return Due(at.astimezone(zone).date(), at)
    if gate == NEXT_DAY:
        return Due(working_days.after(sent_at.astimezone(zone).date(), 1, calendar))
    return None


def soonest(dues: Iterable[Due | None]) -> Due | None:
    """The first of several to be over; None where there is none."""
    return min((due for due in dues if due is not None), key=lambda due: due.day, default=None)
