"""The two evaluators side by side: the live engine on couple files, the diagrams on the same answers.

Every answer to every question changed by itself, in two couples, and a fixed sequence of mixed ones in
every frame. This is what ties the proof to the engine: a predicate that reads more than the proof knows of,
or an engine that walks the table otherwise, differs here. On the way every gate and flag must turn up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from portal.domain.couple import SLOTS
from portal.domain.couple_file import parse_couple
from portal.domain.flags import FLAGS
from portal.domain.gates import GATES
from portal.domain.proof_checks import JOINT, Violation
from portal.domain.proof_diagrams import ALWAYS
from portal.domain.proof_space import BY_PATH, CALM, KEYS, PLACES, WIDTHS, Key, couple_file
from portal.domain.proof_walk import Proving, Walk
from portal.domain.recommendation import Recommendation
from portal.domain.routing import recommend

MIXED_PER_FRAME: Final = 6

_BASES: Final[tuple[Mapping[Key, Any], ...]] = (
    {},
    {("lean", "a"): 4, ("commit_months", "a"): "unsure"},
)
_UNREAD: Final[tuple[tuple[str, Any], ...]] = (
    ("safe_channel", False), ("shared_device", True), ("mood_score", 6), ("partner_lean_guess", 5),
    ("recent_separation", True), ("threatened_suicide_if_left", True), ("staying_from_fear", True),
)  # fmt: skip
"""Answers that no row reads, but a gate or a flag does."""


def check_samples(proving: Proving, walks: Iterable[Walk]) -> Iterator[Violation]:
    """Both evaluators say the same of every sample; every gate and flag turns up."""
    seen: set[str] = set()
    for walk, answers in _samples(list(walks)):
        file = couple_file(walk.frame, {KEYS[n]: place for n, place in enumerate(answers)}, proving.ruleset)
        made = recommend(parse_couple(file), proving.ruleset, would_change=False)
        seen.update(_keys(made))
        if set(made.matched_rules) != _matched(proving, walk, answers):
            yield Violation("evaluators", "the live engine and the proof differ", (file,))
        if made.route in JOINT and "interview_each" not in made.gates:
            yield Violation("gates", "a joint route without an interview with each", (file,))
    for file in _unread(proving):
        seen.update(_keys(recommend(parse_couple(file), proving.ruleset, would_change=False)))
    for key in (*GATES, *FLAGS):
        if key not in seen:
            yield Violation("reached", f"{key} turns up for nobody")


def _keys(made: Recommendation) -> Iterator[str]:
    yield from made.gates
    yield from (flag.key for flag in made.flags)


def _samples(walks: list[Walk]) -> Iterator[tuple[Walk, list[int]]]:
    """A frame and the places of all answers; what is not open in the frame stands for nothing."""
    for base in _BASES:
        calm = _places(base)
        for question, width in enumerate(WIDTHS):
            for place in range(width):
                yield walks[0], _with(calm, question, place, walks[0])
    chance = 1
    for walk in walks:
        for _ in range(MIXED_PER_FRAME):
            mixed = _places({})
            for question, width in enumerate(WIDTHS):
                # A fixed sequence (Knuth, MMIX): the proof draws nothing. A third of the answers is changed.
                chance = (chance * 6364136223846793005 + 1442695040888963407) % (1 << 64)
                if (chance >> 33) % 3 == 0:
                    mixed[question] = (chance >> 40) % width
            yield walk, _with(mixed, 0, mixed[0], walk)


def _places(base: Mapping[Key, Any]) -> list[int]:
    found = [0] * len(KEYS)
    for key, n in PLACES.items():
        if key[0] in BY_PATH:
            found[n] = BY_PATH[key[0]].answers.index(base.get(key, CALM[key[0]]))
    return found


def _with(answers: list[int], question: int, place: int, walk: Walk) -> list[int]:
    """One answer changed; the day of sending as the frame has it."""
    found = [*answers]
    found[question] = place
    blank = BY_PATH["submitted_on"].answers.index(None)
    for slot in SLOTS:
        n = PLACES["submitted_on", slot]
        if not walk.frame[slot].is_dated:
            found[n] = blank
        elif found[n] == blank:
            found[n] = 0
    return found


def _matched(proving: Proving, walk: Walk, answers: list[int]) -> set[str]:
    rules = proving.ruleset.rules
    held = {
        rules[row].id
        for part in walk.parts
        for row, node in part.rows.items()
        if proving.diagrams.end_of(node, answers) == ALWAYS
    }
    return held or {rules[-1].id}


def _unread(proving: Proving) -> Iterator[dict[str, Any]]:
    frame = proving.both_sent
    for lean in (0, 3):
        for field, value in _UNREAD:
            file = couple_file(frame, {("lean", "a"): lean}, proving.ruleset)
            file["partners"]["a"][field] = value
            yield file
