"""Merging saves, and what makes a finding settle, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.domain import safety
from portal.domain.answers import Answer
from portal.services.courses import Course
from portal.services.openings import Entry, merge

AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def _entry(section: str, *, is_clear: bool = False, **values: Answer) -> Entry:
    return Entry("id", section, 1, AT, values, is_clear)


@pytest.mark.parametrize(
    ("entries", "merged"),
    [
        ([], {}),
        ([_entry("safety", fear="none"), _entry("safety", fear="some")], {"fear": "some"}),
        ([_entry("safety", fear="some"), _entry("safety", fear="")], {"fear": "some"}),
        ([_entry("safety", control_done=["money"]), _entry("safety", control_done=[])],
         {"control_done": ["money"]}),
        ([_entry("safety", fear="some"), _entry("health", mood_1="1"), _entry("safety", is_clear=True)],
         {"mood_1": "1"}),
        ([_entry("safety", fear="some"), _entry("safety", is_clear=True), _entry("safety", fear="none")],
         {"fear": "none"}),
    ],
)  # fmt: skip
def test_the_latest_answer_counts_and_a_blank_erases_nothing(
    entries: list[Entry], merged: dict[str, Answer]
) -> None:
    assert merge(entries) == merged


KEY = ("R1", "fear")
FEAR = {KEY: safety.Finding("a", "A", "R1", "fear")}


def _course(*, left: int | None = None, sent: int | None = None, ended: int | None = None) -> Course:
    """A finding of minute 0; ``left``, ``sent`` and ``ended`` in minutes, negative before it."""

    def at(minutes: int) -> datetime:
        return AT + timedelta(minutes=minutes)

    return Course(
        intake_id="i",
        partner_id="p",
        sent_at=None if sent is None else at(sent),
        sections={"fear": "safety"},
        left_at={} if left is None else {"safety": [at(left)]},
        now=FEAR if ended is None else {},
        spells={},
        ended_at={} if ended is None else {KEY: at(ended)},
        taken_over=frozenset(),
        unscreened=frozenset(),
    )


@pytest.mark.parametrize(
    ("course", "minute", "state"),
    [
        (_course(), 0, "provisional"),
        (_course(), 9, "provisional"),
        (_course(), 10, "latched"),
        (_course(left=0), 0, "latched"),
        (_course(left=-1), 9, "provisional"),
        (_course(left=5), 4, "provisional"),
        (_course(left=5), 5, "latched"),
        (_course(left=30), 10, "latched"),
        (_course(sent=2), 3, "latched"),
        (_course(sent=2, left=30), 1, "provisional"),
        (_course(ended=3), 3, "corrected"),
        (_course(ended=3), 60, "corrected"),
        (_course(ended=10), 60, "corrected"),
        (_course(ended=11), 60, "latched"),
        (_course(ended=5, left=5), 60, "corrected"),
        (_course(ended=6, left=5), 60, "latched"),
        (_course(ended=2, sent=1), 60, "latched"),
    ],
)
def test_a_finding_settles_by_leaving_by_sending_or_by_time(course: Course, minute: int, state: str) -> None:
    assert course.state(KEY, AT, AT + timedelta(minutes=minute)) == state


def test_a_field_that_is_no_item_counts_with_the_safety_page() -> None:
    assert [_course().section_of(field) for field in ("fear", "derived")] == ["safety", "safety"]
