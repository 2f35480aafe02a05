"""The decision space that ``routing verify`` walks: every answer that the rules read, for both partners.

Numbers stand with every value, choices with every value, "declined" and blank. Only dates and lists of
control kinds are gathered: a date by whether the intake is fresh, a list by what can matter of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from portal.domain.constructs import ACTS, CONSTRUCTS, CONTROL_KINDS, DECLINED, NOT_ASKED
from portal.domain.couple import SLOTS, TIERS, Participation, Slot
from portal.domain.rules import Ruleset

Answer = bool | int | str | tuple[str, ...] | None
StageName = Literal["sent", "expected", "gone"]

AS_OF: Final = date(2026, 11, 22)
"""The day on which the couples of the proof are read; any other would do."""

FRESH, OLDEST, STALE = "fresh", "oldest", "stale"
_DATES: Final = (FRESH, OLDEST, STALE)

_MILD, _SEVERE = CONTROL_KINDS[:4], CONTROL_KINDS[4:]
_LISTS: Final[tuple[tuple[Answer, int], ...]] = (
    ((), 1), *(((kind,), 1) for kind in CONTROL_KINDS),
    (_MILD[:2], 11), (_SEVERE[:2], 236), (DECLINED, 1), (None, 1),
)  # fmt: skip
"""Lists of control kinds with how many each stands for: none, each alone, several mild ones (11), several
with a severe one among them or with it (236)."""


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the couple file, its answers, and how many real answers each of them stands for."""

    path: str
    answers: tuple[Answer, ...]
    weights: tuple[int, ...]


def _asked(path: str, *answers: Answer) -> Question:
    every = (*answers, DECLINED, None)
    return Question(path, every, (1,) * len(every))


def _choice(path: str, *more: str) -> Question:
    return _asked(path, *CONSTRUCTS[path].values, *more)


def _acts() -> Iterator[Question]:
    for act in ACTS:
        for side in ("harm_received", "harm_done"):
            yield _asked(f"{side}.{act}", "none", "past_year", "earlier")


_RECEIVED: Final = Question(
    "control_received", tuple(one for one, _ in _LISTS), tuple(weight for _, weight in _LISTS)
)
_DONE: Final = Question("control_done", _RECEIVED.answers, _RECEIVED.weights)

QUESTIONS: Final[tuple[Question, ...]] = (
    _choice("fear"),
    _asked("fear_of_consequences", False, True),
    _choice("harm_other"),
    _asked("voluntary", 1, 2, 3, 4, 5),
    _RECEIVED,
    _DONE,
    *_acts(),
    _choice("escalating"),
    _choice("free_to_leave"),
    _choice("order_of_protection"),
    _choice("child_danger"),
    _asked("suicide_level", 0, 1, 2, 3, 4, 5, NOT_ASKED),
    _choice("suicidal_behavior", NOT_ASKED),
    *(_asked(f"eligible.{key}", True, False) for key in ("adult", "consented", "in_service_area")),
    _asked("eligible.identity_conflict", False, True),
    _choice("private"),
    _asked("shared_account", False, True),
    _asked("validity_concern", False, True),
    Question("submitted_on", (*_DATES, None), (1, 1, 1, 1)),
    _asked("important_event_since", False, True),
    _choice("psychosis_mania"),
    _asked("drug_loss_of_control", False, True),
    _asked("drug_treated", False, True),
    _asked("alcohol_score", *range(13)),
    _asked("alcohol_treated", False, True),
    _asked("alcohol_withdrawal", False, True),
    _choice("affair", "something_to_discuss"),
    _asked("lean", 1, 2, 3, 4, 5),
    _asked("decision_firmness", *range(11)),
    _choice("first_step"),
    _choice("commit_months"),
    _asked("own_change", *range(11)),
    _choice("doubts_told"),
    _choice("legal_steps"),
    _choice("legal_steps_by"),
)
"""In an order that keeps the diagrams small: what makes a finding together stands together."""

BY_PATH: Final[Mapping[str, Question]] = {question.path: question for question in QUESTIONS}

Key = tuple[str, str]
"""A question with the slot it is asked of, or with the tier it is about."""


def _keys() -> Iterator[Key]:
    for name in ("standing", "cleared"):
        for tier in TIERS:
            yield name, tier
    for question in QUESTIONS:
        if question is _RECEIVED:
            # What a received stands next to what b did: together they tell how many kinds b uses.
            yield from (("control_received", "a"), ("control_done", "b"))
            yield from (("control_received", "b"), ("control_done", "a"))
        elif question is not _DONE:
            yield from ((question.path, slot) for slot in SLOTS)


KEYS: Final = tuple(_keys())
PLACES: Final[Mapping[Key, int]] = {key: place for place, key in enumerate(KEYS)}
WIDTHS: Final = tuple(
    2 if name in {"standing", "cleared"} else len(BY_PATH[name].answers) for name, _ in KEYS
)


@dataclass(frozen=True, slots=True)
class Stage:
    """How far one partner has come. ``participations``: those that are read alike here.

    ``is_present``: in the file. ``is_dated``: has a day of sending. A draft may have any or no date, which
    nothing reads.
    """

    name: StageName
    participations: tuple[Participation, ...]
    is_present: bool = True
    is_dated: bool = True

    @property
    def is_blocking(self) -> bool:
        """Whether no clearance can cover this partner's answers."""
        return self.is_present and (self.participations == ("in_progress",) or not self.is_dated)


_AWAITED: Final[tuple[Participation, ...]] = ("invited", "not_invited")
_LEFT: Final[tuple[Participation, ...]] = ("declined", "do_not_contact")

STAGES: Final = (
    Stage("sent", ("submitted",)),
    Stage("sent", ("submitted",), is_dated=False),
    Stage("expected", ("in_progress",)),
    Stage("expected", ("in_progress",), is_dated=False),
    Stage("expected", _AWAITED),
    Stage("expected", _AWAITED, is_dated=False),
    Stage("expected", ("in_progress", *_AWAITED), is_present=False),
    Stage("gone", _LEFT),
    Stage("gone", _LEFT, is_dated=False),
    Stage("gone", _LEFT, is_present=False),
)

Frame = Mapping[Slot, Stage]
"""How far both have come: what is settled before the first question."""


def weights(frame: Frame) -> list[tuple[int, ...]]:
    """By question: how many answers each place stands for; (1,) where the question is not open."""
    return [_weights(key, frame) for key in KEYS]


def _weights(key: Key, frame: Frame) -> tuple[int, ...]:
    name, whose = key
    if name == "standing":
        return (1, 1)
    if name == "cleared":
        return (1,) if is_blocked(frame) else (1, 1)
    stage = frame["a" if whose == "a" else "b"]
    if not stage.is_present:
        return (1,)
    if name == "submitted_on":
        return (1, 1, 1, 0) if stage.is_dated else (0, 0, 0, 1)
    return BY_PATH[name].weights


def is_blocked(frame: Frame) -> bool:
    """Whether no clearance covers the current answers."""
    return any(stage.is_blocking for stage in frame.values())


def states(frame: Frame) -> int:
    """How many couples a frame stands for."""
    ways = math.prod(len(stage.participations) for stage in frame.values())
    return ways * math.prod(sum(of_question) for of_question in weights(frame))


CALM: Final[Mapping[str, Answer]] = {
    **{question.path: question.answers[0] for question in QUESTIONS},
    "voluntary": 5,
    "decision_firmness": 3,
    "own_change": 8,
    "legal_steps_by": None,
    "doubts_told": "yes",
}
"""A partner of whom no row but the last joint one holds."""


def couple_file(frame: Frame, answers: Mapping[Key, int], ruleset: Ruleset) -> dict[str, Any]:
    """The couple file of one state; what ``answers`` leaves open is calm."""
    partners = {
        slot: _partner(slot, stage, answers, ruleset) for slot, stage in frame.items() if stage.is_present
    }
    day = AS_OF.isoformat()
    cleared = [tier for tier in TIERS if answers.get(("cleared", tier))]
    return {
        "as_of": day,
        "participation": {slot: stage.participations[0] for slot, stage in frame.items()},
        # Found after any clearance of the current answers, so that both can stand at once.
        "standing_findings": [
            {"slot": "a", "tier": tier, "found_on": day} for tier in TIERS if answers.get(("standing", tier))
        ],
        "clearances": [{"tier": tier, "on": (AS_OF - timedelta(days=1)).isoformat()} for tier in cleared],
        "partners": partners,
    }


def _partner(slot: Slot, stage: Stage, answers: Mapping[Key, int], ruleset: Ruleset) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for question in QUESTIONS:
        place = answers.get((question.path, slot))
        answer = CALM[question.path] if place is None else question.answers[place]
        if question.path == "submitted_on":
            answer = written_date(answer, ruleset) if stage.is_dated else None
        *above, field = question.path.split(".")
        holder = given.setdefault(above[0], {}) if above else given
        holder[field] = list(answer) if type(answer) is tuple else answer
    return given


def written_date(answer: Answer, ruleset: Ruleset) -> str:
    """A day of sending: yesterday, the oldest that is still fresh, the first that is not."""
    days = {OLDEST: ruleset.stale_days, STALE: ruleset.stale_days + 1}.get(str(answer), 1)
    return (AS_OF - timedelta(days=days)).isoformat()
