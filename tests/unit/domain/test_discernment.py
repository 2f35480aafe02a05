"""The log of a discernment: order, at most five, each decided alone, a path, an outcome when it is due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portal.domain.discernment import (
    OUTCOMES,
    End,
    Held,
    Log,
    against_end,
    against_outcome,
    against_session,
    months_after,
)

DAY = date(2026, 3, 2)
TODAY = date(2026, 12, 1)


def held(number: int, *, a: bool = True, b: bool = True) -> Held:
    return Held(number, DAY + timedelta(days=7 * number), a, b)


def log(count: int, *, end: End | None = None, last: tuple[bool, bool] = (True, True)) -> Log:
    sessions = [held(number) for number in range(1, count)]
    if count:
        sessions.append(held(count, a=last[0], b=last[1]))
    return Log(tuple(sessions), end)


@pytest.mark.parametrize(
    ("before", "number", "want"),
    [
        (log(0), 1, None),
        (log(0), 2, "session_order"),
        (log(0), 0, "session_order"),
        (log(1), 2, None),
        (log(1), 3, "session_order"),
        (log(4), 5, None),
        (log(5), 6, "five_at_most"),
        (log(5), 5, None),
        (log(2), 1, "session_order"),
        (log(2, last=(False, True)), 3, "somebody_stopped"),
        (log(2, last=(True, False)), 3, "somebody_stopped"),
        (log(2, last=(True, False)), 2, None),
        (log(2, end=End(1, TODAY)), 3, "discernment_ended"),
        (log(2, end=End(1, TODAY)), 2, "discernment_ended"),
    ],
)
def test_sessions_come_in_order_one_decision_at_a_time(before: Log, number: int, want: str | None) -> None:
    assert against_session(before, number, TODAY, TODAY) == want


def test_a_session_is_neither_to_come_nor_before_the_last() -> None:
    before = log(2)
    last = before.sessions[-1].held_on
    days = [TODAY + timedelta(days=1), last - timedelta(days=1), last]
    assert [against_session(before, 3, day, TODAY) for day in days] == [
        "session_to_come",
        "session_before_last",
        None,
    ]


@pytest.mark.parametrize(
    ("state", "want"),
    [
        (log(0), (False, 1)),
        (log(3), (False, 4)),
        (log(5), (True, None)),
        (log(1, last=(False, True)), (True, None)),
        (log(1, end=End(3, DAY)), (True, None)),
    ],
)
def test_whether_another_session_may_follow(state: Log, want: tuple[bool, int | None]) -> None:
    assert (state.is_over, state.next_number) == want


@pytest.mark.parametrize(
    ("before", "ended_on", "want"),
    [
        (log(0), TODAY, "session_first"),
        (log(1), TODAY, None),
        (log(1), TODAY + timedelta(days=1), "session_to_come"),
        (log(1), DAY, "session_before_last"),
        (log(1, end=End(1, TODAY)), TODAY, "discernment_ended"),
    ],
)
def test_it_ends_after_a_session_and_once(before: Log, ended_on: date, want: str | None) -> None:
    assert against_end(before, ended_on, TODAY) == want


@pytest.mark.parametrize(
    ("path", "outcome", "today", "want"),
    [
        (3, "therapy_completed", date(2026, 8, 17), "outcome_too_early"),
        (3, "therapy_completed", date(2026, 8, 18), None),
        (3, "unchanged", date(2026, 9, 1), "outcome_of_other_path"),
        (1, "unchanged", date(2026, 9, 1), None),
        (2, "together", date(2027, 9, 1), None),
    ],
)
def test_an_outcome_belongs_to_its_path_and_to_six_months(
    path: int, outcome: str, today: date, want: str | None
) -> None:
    assert against_outcome(log(1, end=End(path, date(2026, 3, 1))), outcome, today) == want


def test_no_outcome_before_an_end() -> None:
    assert against_outcome(log(1), "unknown", TODAY) == "end_first"


def test_an_outcome_is_due_until_it_is_noted() -> None:
    ends = [None, End(1, date(2026, 8, 31)), End(1, date(2026, 8, 31), "unknown")]
    assert [Log((), end).outcome_due_on for end in ends] == [None, date(2027, 2, 28), None]


def test_months_keep_the_day_where_there_is_one() -> None:
    days = [date(2026, 1, 15), date(2026, 8, 31), date(2027, 8, 31), date(2026, 6, 30), date(2026, 7, 1)]
    assert [months_after(day, 6) for day in days] == [
        date(2026, 7, 15), date(2027, 2, 28), date(2028, 2, 29), date(2026, 12, 30), date(2027, 1, 1),
    ]  # fmt: skip


def test_every_path_may_end_unknown() -> None:
    assert [outcomes[-1] for outcomes in OUTCOMES.values()] == ["unknown"] * 3
