"""Flags: what only the therapist sees, with the partner it is about (clinical.md §4).

They read everybody in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from portal.domain.couple import Partner
from portal.domain.predicates import BEGUN, FILED
from portal.domain.recommendation import Flag

OUTSIDE_KNOWN: Final = "outside_relationship_known"
PAST_SECRET: Final = "past_secret_affair"  # noqa: S105 - the name of a flag
DO_NOT_REVEAL: Final = "do_not_reveal"
PERCEPTION_GAP: Final = "perception_gap"
STAYING_FROM_FEAR: Final = "staying_from_fear"
LEAVING_RISK: Final = "leaving_risk"

Test = Callable[[int, int, bool], bool]
"""By the signs of one partner, those of the other, and whether harm stands between them."""


class Sign(NamedTuple):
    """Something flags look at in one partner's answers; ``field`` where it is one answer and no more."""

    name: str
    test: Callable[[Partner], bool]
    field: str = ""


def _affair(name: str, value: str) -> Sign:
    return Sign(name, lambda p: p.bond.affair == value)


def _may_harm(partner: Partner) -> bool:
    level = partner.health.suicide_level
    return (level is not None and level >= 1) or partner.health.harm_other in {"thoughts", "intent"}


def _is_leaving(partner: Partner) -> bool:
    direction = partner.direction
    if direction.recent_separation or (direction.lean is not None and direction.lean >= 4):
        return True
    return direction.legal_steps in BEGUN and direction.starter in {"self", "both"}


def _says_partner_left(partner: Partner) -> bool:
    """The other one (or both) began living apart, filed or ended it."""
    return partner.direction.legal_steps in BEGUN and partner.direction.starter in {"partner", "both"}


def _has_filed(partner: Partner, *, by_other: bool) -> bool:
    direction = partner.direction
    return direction.legal_steps in FILED and (direction.starter == "partner") is by_other


def _lean(value: int) -> Sign:
    # The lean as it was answered: what the other said, not how the table reads it.
    return Sign(f"lean {value}", lambda p: p.direction.lean == value, "lean")


def _guess(value: int) -> Sign:
    return Sign(f"guess {value}", lambda p: p.direction.partner_lean_guess == value, "partner_lean_guess")


_LEANS: Final = range(1, 6)
SIGNS: Final = (
    _affair("known", "current_known"),
    _affair("secret", "past_secret"),
    Sign("filed", lambda p: _has_filed(p, by_other=False)),
    Sign("filed by the other", lambda p: _has_filed(p, by_other=True)),
    Sign("no steps", lambda p: p.direction.legal_steps == "none", "legal_steps"),
    Sign("fear keeps", lambda p: p.safety.staying_from_fear is True),
    Sign("threatened", lambda p: p.safety.threatened_suicide_if_left is True),
    Sign("leaving", _is_leaving),
    Sign("was left", _says_partner_left),
    Sign("may harm", _may_harm),
    *map(_lean, _LEANS),
    *map(_guess, _LEANS),
)  # fmt: skip
"""What one partner's answers say to the flags; each has a bit, in this order."""


_BIT: Final = {sign.name: 1 << place for place, sign in enumerate(SIGNS)}
_SOME_GUESS: Final = sum(_BIT[f"guess {value}"] for value in _LEANS)
_SOME_LEAN: Final = sum(_BIT[f"lean {value}"] for value in _LEANS)
_GAPS: Final = frozenset(
    (_BIT[f"guess {guess}"], _BIT[f"lean {lean}"])
    for guess in _LEANS for lean in _LEANS if abs(guess - lean) >= 2
)  # fmt: skip


@lru_cache(maxsize=256)
def flags(a: int, b: int, *, harm_between: bool) -> tuple[Flag, ...]:
    """The flags in the order of clinical.md §4, ties a before b; from the bits of each partner's signs.

    ``harm_between``: any act or any control stands in either report.
    """
    found = []
    for key, test in _FLAGS:
        if test(a, b, harm_between):
            found.append(Flag(key, "a"))
        if test(b, a, harm_between):
            found.append(Flag(key, "b"))
    return tuple(found)


def _says(name: str) -> Test:
    bit = _BIT[name]
    return lambda own, _their, _harm: bool(own & bit)


def _is_not_to_be_revealed(own: int, their: int, _harm: bool) -> bool:
    """One says filed or final, the other none: the flag stands on whoever is said to have filed."""
    if own & _BIT["filed"] and their & _BIT["no steps"]:
        return True
    return bool(their & _BIT["filed by the other"] and own & _BIT["no steps"])


def _is_perception_gap(own: int, their: int, _harm: bool) -> bool:
    return (own & _SOME_GUESS, their & _SOME_LEAN) in _GAPS


def _is_leaving_risk(own: int, their: int, harm_between: bool) -> bool:
    if not (own & _BIT["leaving"] or their & _BIT["was left"]):
        return False
    return harm_between or bool(own & _BIT["threatened"] or their & _BIT["may harm"])


_FLAGS: Final[tuple[tuple[str, Test], ...]] = (
    (OUTSIDE_KNOWN, _says("known")),
    (PAST_SECRET, _says("secret")),
    (DO_NOT_REVEAL, _is_not_to_be_revealed),
    (PERCEPTION_GAP, _is_perception_gap),
    (STAYING_FROM_FEAR, _says("fear keeps")),
    (LEAVING_RISK, _is_leaving_risk),
)

FLAGS: Final = tuple(key for key, _ in _FLAGS)
"""Every flag in the order of clinical.md §4."""
