"""Gates ride on any route and name what must happen first (clinical.md §4).

They read everybody in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from portal.domain.couple import Couple, Partner, Slot

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


_TESTS: Final[tuple[tuple[str, Callable[[Partner], bool]], ...]] = (
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
    ("await_call", lambda p: p.setting.safe_channel is not True),
)
WITHOUT_CALL: Final = (1 << len(_TESTS) - 1) - 1
"""Every bit but that of ``await_call``."""
_COUPLES_ONLY: Final = frozenset({"high_doubt", "reluctant"})

GATES: Final = ("not_signed", "interview_each", *(key for key, _ in _TESTS))
"""Every gate in the order of clinical.md §4."""


_ALWAYS_TWO: Final = frozenset({"couples", "discernment"})
OF_THE_ROUTE: Final = frozenset({"not_signed", "interview_each", "pressured", *_COUPLES_ONLY})
"""Gates that come and go with the route or a row: by themselves they say nothing of what anyone told."""


def gate_bits(partner: Partner) -> int:
    """Which gates one partner's answers ask for, a bit each; ``gates`` reads them for both together."""
    return sum(1 << place for place, (_, test) in enumerate(_TESTS) if test(partner))


@lru_cache(maxsize=256)
def gates(bits: int, route: str, *, pressed: bool) -> tuple[str, ...]:
    """The gates of a couple on ``route``; ``bits``: what anyone's answers ask for, ``pressed``: R6 holds.

    Whoever did not send their intake awaits no call: of them the last bit is left out (``WITHOUT_CALL``).
    """
    found = ["not_signed"]
    if route in _ALWAYS_TWO:
        found.append("interview_each")
    for place, (key, _) in enumerate(_TESTS):
        if (key in _COUPLES_ONLY and route != "couples") or (key == "pressured" and pressed):
            continue
        if bits >> place & 1:
            found.append(key)
    return tuple(found)


def concerned(couple: Couple) -> dict[str, tuple[Slot, ...]]:
    """Whose answers each gate is about, whatever the route; gates about the case itself are not in it."""
    found = {
        key: tuple(
            slot
            for slot, partner in couple.present()
            if test(partner) and (key != "await_call" or couple.participation[slot] == "submitted")
        )
        for key, test in _TESTS
    }
    return {key: slots for key, slots in found.items() if slots}
