"""Safe hours are read where the words can mean one thing only."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from portal.domain import safe_hours
from portal.domain.safe_hours import Now, Window

EVERY = frozenset(range(7))
WEEK = frozenset(range(5))
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("18:00-20:00", [Window(EVERY, time(18), time(20))]),
        ("Mon–Fri 12:00-13:00, Sat 9am-11am",
         [Window(WEEK, time(12), time(13)), Window(frozenset({5}), time(9), time(11))]),
        ("Weekdays from 09:30 to 11:00.", [Window(WEEK, time(9, 30), time(11))]),
        ("lunes a viernes de 18:00 a 20:00", [Window(WEEK, time(18), time(20))]),
        ("sábado 12-14h", [Window(frozenset({5}), time(12), time(14))]),
        ("Sat to Mon 12pm-3pm", [Window(frozenset({5, 6, 0}), time(12), time(15))]),
        ("Tue 14:00-15:00 and Thu 12am-6am",
         [Window(frozenset({1}), time(14), time(15)), Window(frozenset({3}), time(0), time(6))]),
    ],
)  # fmt: skip
def test_what_is_read(text: str, windows: list[Window]) -> None:
    assert safe_hours.read(text) == tuple(windows)


@pytest.mark.parametrize(
    "text",
    ["evenings", "never 18:00-20:00", "weekdays from 12 to 1, never in the evening", "6-8", "6-8 pm",
     "9:30-11:00", "22:00-02:00", "25:00-26:00", "18:00-18:75", "13am-3pm", "0pm-3pm", "Mon-Foo 12-14",
     "Foo 12-14", "18:00-20:00 but ask first", "not Mon 12-14", "Mon-Fri"],
)  # fmt: skip
def test_what_is_left_to_whoever_reads_it(text: str) -> None:
    assert safe_hours.read(text) is None


def test_no_words_exclude_no_hour_and_unclear_words_decide_nothing() -> None:
    now = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert safe_hours.at(" ", now, NEW_YORK) == Now(True)
    assert safe_hours.at("Any time.", now, NEW_YORK) == Now(True)
    assert safe_hours.at("evenings", now, NEW_YORK) == Now(None)


def test_by_the_persons_own_clock() -> None:
    hours = "Mon-Fri 18:00-20:00"
    monday = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert safe_hours.at(hours, monday, NEW_YORK) == Now(True)
    friday = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
    found = safe_hours.at(hours, friday, NEW_YORK)
    assert (found.is_safe, found.next) == (
        False,
        (datetime(2026, 11, 30, 18, tzinfo=NEW_YORK), datetime(2026, 11, 30, 20, tzinfo=NEW_YORK)),
    )


def test_a_day_of_the_week_comes_again_within_eight_days() -> None:
    found = safe_hours.at("Mon 12-14", datetime(2026, 11, 23, 20, tzinfo=UTC), NEW_YORK)
    assert found.next is not None
    assert found.next[0] == datetime(2026, 11, 30, 12, tzinfo=NEW_YORK)
