"""Five working days, by own clock."""

from __future__ import annotations

from datetime import date

import pytest

from portal.domain import working_days


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 5, date(2026, 12, 4)),
        (date(2026, 11, 29), 1, date(2026, 11, 30)),
    ],
)
def test_weekends_do_not_count(day: date, count: int, expected: date) -> None:
    assert working_days.after(day, count) == expected
