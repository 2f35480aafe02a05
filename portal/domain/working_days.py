"""Working days: Monday to Friday. Public holidays differ by place and are not known here."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

#: Everyone is called within this many working days after their own sending (clinical.md §4, "When").
CALL_WITHIN: Final = 5


def elapsed(since: date, until: date) -> int:
    """How many working days passed from one day to a later one, the later one counted."""
    days = (until - since).days
    return sum((since + timedelta(days=n)).weekday() < 5 for n in range(1, days + 1))


def after(day: date, count: int) -> date:
    """The ``count``-th working day after ``day`` (``count`` >= 0); 0 is the day itself."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day
