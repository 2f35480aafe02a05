"""Working days: Monday to Friday unless a practice says otherwise, without the days off that it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

#: Everyone is called within this many working days after their own sending (clinical.md §4, "When").
CALL_WITHIN: Final = 5
#: However many days off stand in a row, counting goes on after this many days.
_LONGEST_REST: Final = 92


@dataclass(frozen=True)
class Calendar:
    """A practice's office days (1 Monday … 7 Sunday) and the days on which it is closed all the same."""

    days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    off: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Whether somebody works on this day."""
        return day.isoweekday() in self.days and day not in self.off


USUAL: Final = Calendar()


def after(day: date, count: int, calendar: Calendar = USUAL) -> date:
    """The ``count``-th working day after ``day`` (``count`` >= 0); 0 is the day itself."""
    while count > 0:
        day = _next(day, calendar)
        count -= 1
    return day


def _next(day: date, calendar: Calendar) -> date:
    found = day + timedelta(days=1)
    while not calendar.is_open(found) and (found - day).days < _LONGEST_REST:
        found += timedelta(days=1)
    return found
