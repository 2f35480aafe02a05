"""By when: clinical.md §4, "When", on working days where the practice is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.domain import due
from portal.domain.due import Due
from portal.domain.working_days import Calendar, after

ZONE = ZoneInfo("America/New_York")
#: Friday evening in New York, Saturday by the clock of the server.
FRIDAY = datetime(2026, 11, 28, 1, 30, tzinfo=UTC)


def test_everybody_is_promised_a_call_within_five_working_days() -> None:
    assert due.promised(FRIDAY, ZONE) == Due(date(2026, 12, 4))


@pytest.mark.parametrize(
    ("rules", "day"),
    [
        (("R1",), date(2026, 11, 27)),
        (("R1b",), date(2026, 11, 27)),
        (("R2",), date(2026, 11, 27)),
        (("R3",), date(2026, 11, 27)),
        ((due.LEAVING_RISK,), date(2026, 11, 27)),
        (("R4",), date(2026, 12, 1)),
        (("R5b",), date(2026, 12, 4)),
        (("R5d",), date(2026, 12, 4)),
        (("R5b", "R4", "R8"), date(2026, 12, 1)),
    ],
)
def test_danger_sets_a_day_of_its_own_and_the_soonest_counts(rules: tuple[str, ...], day: date) -> None:
    assert due.safety(dict.fromkeys(rules, FRIDAY), ZONE) == Due(day)


def test_other_rows_set_none() -> None:
    assert due.safety({"R17b": FRIDAY}, ZONE) is None


def test_gates_with_a_time_of_their_own() -> None:
    later = datetime(2026, 11, 29, 1, 30, tzinfo=UTC)
    assert due.of_gate("call_within_24h", FRIDAY, ZONE) == Due(date(2026, 11, 28), later)
    assert due.of_gate("call_next_working_day", FRIDAY, ZONE) == Due(date(2026, 11, 30))
    assert due.of_gate("mood_referral", FRIDAY, ZONE) is None


def test_a_day_is_over_when_it_has_passed_at_the_practice() -> None:
    day = Due(date(2026, 11, 27))
    assert not day.is_over(datetime(2026, 11, 28, 4, 59, tzinfo=UTC), ZONE)
    assert day.is_over(datetime(2026, 11, 28, 5, 0, tzinfo=UTC), ZONE)


def test_a_moment_is_over_when_it_has_passed() -> None:
    moment = Due(FRIDAY.date(), FRIDAY)
    assert not moment.is_over(FRIDAY, ZONE)
    assert moment.is_over(datetime(2026, 11, 28, 1, 31, tzinfo=UTC), ZONE)


def test_the_first_of_several() -> None:
    first, second = Due(date(2026, 11, 27)), Due(date(2026, 12, 4))
    assert due.soonest((None, second, first)) == first
    assert due.soonest((None,)) is None


def test_days_off_and_closed_weekdays_are_not_counted() -> None:
    calendar = Calendar(frozenset({1, 2, 3, 4}), frozenset({date(2026, 12, 1)}))
    assert due.promised(FRIDAY, ZONE, calendar) == Due(date(2026, 12, 8))
    assert due.of_gate("call_next_working_day", FRIDAY, ZONE, calendar) == Due(date(2026, 11, 30))
    assert due.safety({"R4": FRIDAY}, ZONE, calendar) == Due(date(2026, 12, 2))


def test_a_practice_that_names_only_days_off_still_counts_on() -> None:
    never = Calendar(
        frozenset({1}), frozenset(date(2026, 11, 30) + timedelta(7 * week) for week in range(60))
    )
    assert after(date(2026, 11, 27), 2, never) == date(2026, 11, 27) + timedelta(days=184)
