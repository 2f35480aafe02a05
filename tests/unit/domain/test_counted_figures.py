"""The median of counts, and how many lie within a bound."""

from __future__ import annotations

from datetime import date

import pytest

from portal.domain.figures import median, within
from portal.domain.working_days import elapsed


@pytest.mark.parametrize(
    ("counts", "middle"), [({3: 1}, 3), ({0: 1, 9: 1}, 0), ({1: 2, 2: 1, 30: 2}, 2), ({5: 4, 6: 5}, 6)]
)
def test_the_middle(counts: dict[int, int], middle: int) -> None:
    assert median(counts) == middle


def test_of_nothing_there_is_no_middle() -> None:
    with pytest.raises(ValueError, match="nothing was counted"):
        median({})


def test_within_a_bound() -> None:
    assert within({0: 2, 5: 3, 6: 10}, 5) == 5


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), 0),
        (date(2026, 11, 23), date(2026, 11, 24), 1),
        (date(2026, 11, 27), date(2026, 11, 29), 0),
        (date(2026, 11, 27), date(2026, 11, 30), 1),
        (date(2026, 11, 23), date(2026, 12, 7), 10),
        (date(2026, 11, 24), date(2026, 11, 23), 0),
    ],
)
def test_working_days_that_passed(since: date, until: date, days: int) -> None:
    assert elapsed(since, until) == days
