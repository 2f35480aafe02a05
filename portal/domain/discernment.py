"""Discernment as a log: one to five sessions, each decided alone, then one of three paths (clinical.md §1).

After every session each partner says whether they go on. A "no" from either ends the sessions; so does the
fifth. The course then ends with a path, and six months later somebody asks what came of it.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

#: Sessions a couple may have at most.
MOST: Final = 5
#: What a first session takes, and a later one at most, in minutes.
FIRST_MINUTES: Final = 120
LATER_MINUTES: Final = 105
OUTCOME_AFTER_MONTHS: Final = 6
#: How long before its day an outcome may be asked for: people are called when they can be reached.
OUTCOME_EARLY: Final = timedelta(days=14)

#: The three paths and what may have come of each after six months, in the order they are offered.
OUTCOMES: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("unchanged", "in_therapy", "apart", "ended", "unknown"),
    2: ("apart", "ended", "together", "in_therapy", "unknown"),
    3: ("therapy_completed", "in_therapy", "therapy_stopped", "apart", "ended", "unknown"),
}
PATHS: Final = tuple(OUTCOMES)


@dataclass(frozen=True)
class Held:
    """One session that was held; ``a_goes_on``, ``b_goes_on``: each partner's own decision after it."""

    number: int
    held_on: date
    a_goes_on: bool
    b_goes_on: bool

    @property
    def goes_on(self) -> bool:
        """Whether both want another one."""
        return self.a_goes_on and self.b_goes_on


@dataclass(frozen=True)
class End:
    """How it ended: the path, the day, and the outcome once it is known."""

    path: int
    ended_on: date
    outcome: str | None = None

    @property
    def due_on(self) -> date:
        """The day the outcome is asked for."""
        return months_after(self.ended_on, OUTCOME_AFTER_MONTHS)


@dataclass(frozen=True)
class Log:
    """The sessions of a couple in order, and the end, if it has come."""

    sessions: tuple[Held, ...] = ()
    end: End | None = None

    @property
    def is_over(self) -> bool:
        """No further session: ended, somebody does not go on, or all five were held."""
        last = self.sessions[-1] if self.sessions else None
        return self.end is not None or len(self.sessions) == MOST or (last is not None and not last.goes_on)

    @property
    def next_number(self) -> int | None:
        """The number of the next session, or None where none may follow."""
        return None if self.is_over else len(self.sessions) + 1

    @property
    def outcome_due_on(self) -> date | None:
        """The day an outcome is due that nobody has noted yet."""
        return self.end.due_on if self.end is not None and self.end.outcome is None else None


def against_session(log: Log, number: int, held_on: date, today: date) -> str | None:
    """Why this session cannot be noted: a key, or None where it can.

    The newest number again corrects that session, as long as the course has not ended.
    """
    if log.end is not None:
        return "discernment_ended"
    before = log.sessions[: number - 1]
    is_correction = number == len(log.sessions) > 0
    if not is_correction and (refusal := _against_next(log, number)):
        return refusal
    if held_on > today:
        return "session_to_come"
    return "session_before_last" if before and held_on < before[-1].held_on else None


def _against_next(log: Log, number: int) -> str | None:
    if len(log.sessions) == MOST:
        return "five_at_most"
    if log.is_over:
        return "somebody_stopped"
    return None if number == log.next_number else "session_order"


def against_end(log: Log, ended_on: date, today: date) -> str | None:
    """Why the course cannot end like this: a key, or None where it can."""
    if log.end is not None:
        return "discernment_ended"
    if not log.sessions:
        return "session_first"
    if ended_on > today:
        return "session_to_come"
    return "session_before_last" if ended_on < log.sessions[-1].held_on else None


def against_outcome(log: Log, outcome: str, today: date) -> str | None:
    """Why this outcome cannot be noted: a key, or None where it can. A later one replaces an earlier."""
    if log.end is None:
        return "end_first"
    if today < log.end.due_on - OUTCOME_EARLY:
        return "outcome_too_early"
    return None if outcome in OUTCOMES[log.end.path] else "outcome_of_other_path"


def months_after(day: date, months: int) -> date:
    """The same day so many months later; a day that month does not have is its last."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
