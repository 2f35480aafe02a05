"""Gates ride on any route and name what must happen first (clinical.md §4).

They read everybody in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from portal.domain.couple import Couple, Participation, Partner, Slot

MOOD_LEVEL: Final = 6
"""Mood score 0-12 from which a referral is offered (clinical.md §2)."""

_SOFT_FIRST_STEPS = frozenset({"one_or_two", "unsure", "no"})
_SOFT_COMMITMENTS = frozenset({"unsure", "no"})


def _is_call_next_working_day(partner: Partner) -> bool:
    health = partner.health
    return (
        health.suicide_level == 1
        or health.suicidal_behavior == "past_year"
        or health.harm_other == "thoughts"
    )


def _is_doubt_unspoken(partner: Partner) -> bool:
    return _leans_out(partner) and partner.direction.doubts_told == "no"


def _leans_out(partner: Partner) -> bool:
    lean = partner.direction.lean
    return lean is not None and lean >= 3


def _is_reluctant(partner: Partner) -> bool:
    direction = partner.direction
    return direction.first_step in _SOFT_FIRST_STEPS or direction.commit_months in _SOFT_COMMITMENTS


def _is_mood_low(partner: Partner) -> bool:
    mood = partner.health.mood_score
    return mood is not None and mood >= MOOD_LEVEL


def _decision_needs_confirming(partner: Partner) -> bool:
    return partner.direction.lean == 5 and partner.direction.reading == 4


def _is_privacy_unsure(partner: Partner) -> bool:
    return partner.setting.private == "unsure" or partner.setting.shared_device is True


_GATES: Final[tuple[tuple[str, Callable[[Partner], bool]], ...]] = (
    ("call_next_working_day", _is_call_next_working_day),
    ("call_within_24h", lambda p: p.health.suicide_level == 2),
    ("confirm_decision", _decision_needs_confirming),
    ("doubts_unspoken", _is_doubt_unspoken),
    ("high_doubt", _leans_out),
    ("reluctant", _is_reluctant),
    ("pressured", lambda p: p.safety.voluntary == 2),
    ("confirm_private_on_call", _is_privacy_unsure),
    ("mood_referral", _is_mood_low),
    ("mandated_report_review", lambda p: p.safety.child_danger in {"concern", "now"}),
)
_COUPLES_ONLY: Final = frozenset({"high_doubt", "reluctant"})

GATES: Final = ("not_signed", "interview_each", *(key for key, _ in _GATES), "await_call")
"""Every gate in the order of clinical.md §4."""


def gates(couple: Couple, route: str, matched: tuple[str, ...]) -> tuple[str, ...]:
    """The gates of a couple on ``route``; ``matched`` are the ids of every matched row."""
    present = tuple(couple.present())
    found = ["not_signed"]
    if route in {"couples", "discernment"}:
        found.append("interview_each")
    for key, test in _GATES:
        if key in _COUPLES_ONLY and route != "couples":
            continue
        if key == "pressured" and "R6" in matched:
            continue
        for _, partner in present:
            if test(partner):
                found.append(key)
                break
    if any(_awaits_call(partner, couple.participation[slot]) for slot, partner in present):
        found.append("await_call")
    return tuple(found)


def concerned(couple: Couple) -> dict[str, tuple[Slot, ...]]:
    """Whose answers each gate is about, whatever the route; gates about the case itself are not in it."""
    present = tuple(couple.present())
    found = {key: tuple(slot for slot, partner in present if test(partner)) for key, test in _GATES}
    found["await_call"] = tuple(
        slot for slot, partner in present if _awaits_call(partner, couple.participation[slot])
    )
    return {key: slots for key, slots in found.items() if slots}


def _awaits_call(partner: Partner, participation: Participation) -> bool:
    return participation == "submitted" and partner.setting.safe_channel is not True
