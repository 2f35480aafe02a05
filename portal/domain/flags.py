"""Flags: what only the therapist sees, with the partner it is about (clinical.md §4).

They read everybody in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from portal.domain.couple import Couple, Partner
from portal.domain.predicates import BEGUN, FILED
from portal.domain.recommendation import Flag

OUTSIDE_KNOWN: Final = "outside_relationship_known"
PAST_SECRET: Final = "past_secret_affair"  # noqa: S105 - the name of a flag
DO_NOT_REVEAL: Final = "do_not_reveal"
PERCEPTION_GAP: Final = "perception_gap"
STAYING_FROM_FEAR: Final = "staying_from_fear"
LEAVING_RISK: Final = "leaving_risk"

Test = Callable[[Partner | None, Partner | None, bool], bool]


def flags(couple: Couple, *, harm_between: bool) -> tuple[Flag, ...]:
    """The flags in the order of clinical.md §4, ties a before b.

    ``harm_between``: any act or any control stands in either report.
    """
    a, b = couple.partners["a"], couple.partners["b"]
    found = []
    for key, test in _FLAGS:
        if test(a, b, harm_between):
            found.append(Flag(key, "a"))
        if test(b, a, harm_between):
            found.append(Flag(key, "b"))
    return tuple(found)


def _affair(value: str) -> Test:
    return lambda own, _their, _harm: own is not None and own.bond.affair == value


def _is_not_to_be_revealed(own: Partner | None, their: Partner | None, _harm: bool) -> bool:
    """One says filed or final, the other none: the flag stands on whoever is said to have filed."""
    if own is None or their is None:
        return False
    return _says_filed(own, their, by_other=False) or _says_filed(their, own, by_other=True)


def _says_filed(teller: Partner, silent: Partner, *, by_other: bool) -> bool:
    if teller.direction.legal_steps not in FILED or silent.direction.legal_steps != "none":
        return False
    return (teller.direction.starter == "partner") is by_other


def _is_perception_gap(own: Partner | None, their: Partner | None, _harm: bool) -> bool:
    # The lean as it was answered: what the other said, not how the table reads it.
    if own is None or their is None:
        return False
    guess, lean = own.direction.partner_lean_guess, their.direction.lean
    return guess is not None and lean is not None and abs(guess - lean) >= 2


def _is_staying_from_fear(own: Partner | None, _their: Partner | None, _harm: bool) -> bool:
    return own is not None and own.safety.staying_from_fear is True


def _is_leaving_risk(own: Partner | None, their: Partner | None, harm_between: bool) -> bool:
    if not (_says_own_leaving(own) or _says_partner_left(their)):
        return False
    threatened = own is not None and own.safety.threatened_suicide_if_left is True
    return harm_between or threatened or _may_harm(their)


def _says_own_leaving(own: Partner | None) -> bool:
    if own is None:
        return False
    direction = own.direction
    if direction.recent_separation or (direction.lean is not None and direction.lean >= 4):
        return True
    return direction.legal_steps in BEGUN and direction.starter in {"self", "both"}


def _says_partner_left(their: Partner | None) -> bool:
    """The other one says that this person (or both) began living apart, filed or ended it."""
    if their is None:
        return False
    return their.direction.legal_steps in BEGUN and their.direction.starter in {"partner", "both"}


def _may_harm(their: Partner | None) -> bool:
    if their is None:
        return False
    level = their.health.suicide_level
    return (level is not None and level >= 1) or their.health.harm_other in {"thoughts", "intent"}


_FLAGS: Final[tuple[tuple[str, Test], ...]] = (
    (OUTSIDE_KNOWN, _affair("current_known")),
    (PAST_SECRET, _affair("past_secret")),
    (DO_NOT_REVEAL, _is_not_to_be_revealed),
    (PERCEPTION_GAP, _is_perception_gap),
    (STAYING_FROM_FEAR, _is_staying_from_fear),
    (LEAVING_RISK, _is_leaving_risk),
)

FLAGS: Final = tuple(key for key, _ in _FLAGS)
"""Every flag in the order of clinical.md §4."""
