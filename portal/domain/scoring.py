"""Answers -> scores -> the answer part of a partner in the couple file (contract.md, "Couple file").

Sums, indices and what a blank part means are those of clinical.md §2 and §5 and of contract.md ("Item
keys", "Sources"). Nothing is prorated but an index, and an index only up to a fifth of its items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Any, Final

from portal.domain.answers import Answer
from portal.domain.constructs import (
    ACTS,
    ASKED_ON_CALL_ONLY,
    CONSTRUCTS,
    DECLINED,
    INDEX_KEYS,
    NECK_WANTED,
    NONE,
    NOT_ASKED,
    Construct,
)
from portal.domain.questionnaire import Questionnaire

Scored = int | bool | str | list[str] | None
"""A value of the couple file; None is not answered."""

ALCOHOL_LEVEL: Final = 8
"""Alcohol score from which R5c holds a couple for a call (clinical.md §4), unless a practice sets another."""

MISSING_FIFTH: Final = 5
"""An index is not scored when more than one item in five is missing (clinical.md §5)."""

REFLECTION_LEVEL: Final = 3
"""Reflection questions that fit from which the brief names individual support (clinical.md §2)."""

_POINTS: Final = {str(points): points for points in range(101)}
_WORDS: Final = frozenset({"private", "doubts_told", "first_step", "commit_months"})
_ELIGIBLE: Final = ("adult", "in_service_area")
_SIDES: Final = ("harm_received", "harm_done")
#: What the rules read of a form that is not sent.
DRAFT_FIELDS: Final = (
    "private",
    "call_first",
    "free_to_leave",
    "harm_received",
    "harm_done",
    "fear",
    "fear_of_consequences",
    "control_received",
    "control_done",
    "escalating",
    "order_of_protection",
    "child_danger",
    "suicide_level",
    "suicidal_behavior",
    "harm_other",
)


def partner_answers(
    questionnaire: Questionnaire, answers: Mapping[str, Answer], *, alcohol_level: int = ALCOHOL_LEVEL
) -> dict[str, object]:
    """The answer part of one partner in the couple file, complete, None where nothing was answered.

    `answers`: item key -> stored answer. `alcohol_level`: the practice's hold level, which an incomplete
    alcohol score must reach to be told at all. `eligible` holds `adult` and `in_service_area`; consent,
    identity and everything else that is no answer is the caller's to add.
    """
    given = {key: answer for key, answer in answers.items() if answer not in ("", [])}
    partner: dict[str, object] = {
        key: read(given[key]) if key in given else None for key, read in _READERS.items()
    }
    partner |= {key: NOT_ASKED for key in ASKED_ON_CALL_ONLY if _is_not_asked(questionnaire, key, given)}
    partner["eligible"] = {key: _yes_no(given.get(key)) for key in _ELIGIBLE}
    for side in _SIDES:
        partner[side] = {act: _act(given.get(key)) for act, key in _ACT_KEYS[side]}
    partner["neck_wanted"] = _neck_wanted(given)
    partner["alcohol_score"] = part_sum(questionnaire, given, "alcohol", tells_from=alcohol_level)
    partner["mood_score"] = part_sum(questionnaire, given, "mood")
    partner["satisfaction"] = part_sum(questionnaire, given, "satisfaction")
    partner["indices"] = {key: index(questionnaire, given, key) for key in INDEX_KEYS}
    return partner


def report_scorer(questionnaire: Questionnaire) -> Callable[[Mapping[str, Answer]], dict[str, Any]]:
    """Works out the few scores that a report holds, as ``partner_answers`` has them: a report has many rows,
    so that what does not depend on the answers is looked up once."""
    parts = [questionnaire.numbered.get(prefix, ()) for prefix in ("satisfaction", "mood", *INDEX_KEYS)]
    keys = [key for part in parts for key in part]
    ends = [*accumulate(map(len, parts))]
    satisfaction, mood, *indices = (
        slice(end - len(part), end) for end, part in zip(ends, parts, strict=True)
    )
    patterns = [*zip(INDEX_KEYS, indices, strict=True)]

    def scores(answers: Mapping[str, Answer]) -> dict[str, Any]:
        given = [*map(answers.get, keys)]
        points = _points(given)
        lean = answers.get("lean")
        return {
            "lean": _READERS["lean"](lean) if lean else None,
            "satisfaction": _total(given[satisfaction], points[satisfaction]),
            "mood_score": _total(given[mood], points[mood]),
            "indices": {key: _pattern(points[part]) for key, part in patterns},
        }

    return scores


def report_keys(questionnaire: Questionnaire) -> tuple[str, ...]:
    """Keys of the answers that ``report_scorer`` looks at: nothing else need be read for it."""
    scored = ("satisfaction", "mood", *INDEX_KEYS)
    return ("lean", *(key for prefix in scored for key in questionnaire.numbered.get(prefix, ())))


def draft_answers(answers: Mapping[str, Answer]) -> dict[str, object]:
    """What an unsent intake may feed: what R1-R4 and tier H read, `private` and `call_first`.

    Only what was answered is there: a draft has no blanks, and what is not asked is no answer.
    """
    fed: dict[str, object] = {}
    for key in DRAFT_FIELDS:
        if key in _SIDES:
            acts = {act: _act(answers[item]) for act, item in _ACT_KEYS[key] if _is_given(answers.get(item))}
            fed.update({key: acts} if acts else {})
        elif _is_given(answers.get(key)):
            fed[key] = _READERS[key](answers[key])
    return fed


def draft_sections(questionnaire: Questionnaire) -> frozenset[str]:
    """Keys of the sections that hold any of that: what stands in others is read once it was sent."""
    return frozenset(
        section.key
        for section in questionnaire.sections
        for item in section.items
        if item.key.partition(".")[0] in DRAFT_FIELDS
    )


def _is_given(answer: Answer | None) -> bool:
    return answer not in (None, "", [])


def part_sum(
    questionnaire: Questionnaire,
    answers: Mapping[str, Answer],
    prefix: str,
    *,
    tells_from: int | None = None,
) -> int | str | None:
    """Sum of the parts `<prefix>_1`, …; None when a part is blank, "declined" when one is declined.

    Where the answered parts alone reach `tells_from`, their sum is told all the same: it is a lower bound
    that already decides (contract.md, "Parts of a sum").
    """
    given = [*map(answers.get, questionnaire.numbered.get(prefix, ()))]
    return _total(given, _points(given), tells_from)


def _total(
    given: list[Answer | None], points: list[int | None], tells_from: int | None = None
) -> int | str | None:
    if None not in points:
        return sum(points)  # type: ignore[arg-type]
    total = sum(_told(points))
    if tells_from is not None and total >= tells_from:
        return total
    return DECLINED if all(given) else None


def index(questionnaire: Questionnaire, answers: Mapping[str, Answer], prefix: str) -> int | None:
    """A pattern index 0-100: mean of the answered items x 25, rounded half up; None when not scored.

    Not scored with more than 20 % of its items missing (clinical.md §5), never shown as low. The rule of
    the fit (R19) reads the couple's mean of two such values unrounded; a partner's own value is whole.
    """
    return _pattern(_points(map(answers.get, questionnaire.numbered.get(prefix, ()))))


def _pattern(points: list[int | None]) -> int | None:
    told = [point for point in points if point is not None] if None in points else points
    count = len(told)
    if not count or (len(points) - count) * MISSING_FIFTH > len(points):
        return None
    return (50 * sum(told) + count) // (2 * count)  # type: ignore[arg-type]


def reflection_count(answers: Mapping[str, Answer]) -> int:
    """How many of the six reflection questions fit, 0-6; a blank does not fit.

    The last asks how five more years would feel: heavy (2) and dread (3) fit, at ease and flat do not.
    From `REFLECTION_LEVEL` on the brief names individual support (clinical.md §2).
    """
    fitting = sum(_told(_points(answers.get(f"reflection_{n}") for n in range(1, 6))))
    return fitting + sum(points >= 2 for points in _told(_points([answers.get("reflection_6")])))


def _points(given: Iterable[Answer | None]) -> list[int | None]:
    """What each answer counts, None where it is no number; looked up, as reports ask it by the million."""
    return [*map(_POINTS.get, given)]  # type: ignore[arg-type]


def _told(points: Iterable[int | None]) -> list[int]:
    return [point for point in points if point is not None]


def _is_not_asked(questionnaire: Questionnaire, key: str, given: Mapping[str, Answer]) -> bool:
    return key not in given and not questionnaire.has_item(key)


def _word(answer: Answer) -> Scored:
    """A choice as it stands; of a list everything but the explicit "none"."""
    return [value for value in answer if value != NONE] if isinstance(answer, list) else answer


def _truth(answer: Answer) -> Scored:
    return DECLINED if answer == DECLINED else answer == "yes"


def _number(answer: Answer) -> Scored:
    return DECLINED if answer == DECLINED else int(str(answer))


def _reader(key: str, rule: Construct) -> Callable[[Answer], Scored]:
    """How a stored answer becomes the couple file's type: boolean, whole number, word or list."""
    if rule.values == ("yes", "no") and key not in _WORDS:
        return _truth
    return _number if rule.values[0].isdigit() else _word


_READERS: Final = {
    key: _reader(key, rule)
    for key, rule in CONSTRUCTS.items()
    if key not in _ELIGIBLE and not key.startswith(_SIDES)
}
_ACT_KEYS: Final = {side: tuple((act, f"{side}.{act}") for act in ACTS) for side in _SIDES}


def _yes_no(answer: Answer | None) -> bool | None:
    return None if answer is None else answer == "yes"


def _act(answer: Answer | None) -> Answer | None:
    return NONE if answer == NECK_WANTED else answer


def _neck_wanted(given: Mapping[str, Answer]) -> bool | None:
    """True when either neck item says so; None while neither does and one of them is open."""
    said = [given.get(f"{side}.strangled") for side in _SIDES]
    if NECK_WANTED in said:
        return True
    return None if None in said or DECLINED in said else False
