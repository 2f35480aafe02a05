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

Signs = frozenset[str]
Test = Callable[[Signs, Signs, bool], bool]


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


@lru_cache(maxsize=4096)
def flags(a: int, b: int, *, harm_between: bool) -> tuple[Flag, ...]:
    """The flags in the order of clinical.md §4, ties a before b; from the bits of each partner's signs.

    ``harm_between``: any act or any control stands in either report.
    """
    from_a, from_b = _signs(a), _signs(b)
    found = []
    for key, test in _FLAGS:
        if test(from_a, from_b, harm_between):
            found.append(Flag(key, "a"))
        if test(from_b, from_a, harm_between):
            found.append(Flag(key, "b"))
    return tuple(found)


def _signs(bits: int) -> Signs:
    return frozenset(sign.name for place, sign in enumerate(SIGNS) if bits >> place & 1)


def _is_not_to_be_revealed(own: Signs, their: Signs, _harm: bool) -> bool:
    """One says filed or final, the other none: the flag stands on whoever is said to have filed."""
    return "filed" in own and "no steps" in their or "filed by the other" in their and "no steps" in own


def _is_perception_gap(own: Signs, their: Signs, _harm: bool) -> bool:
    return any(
        f"guess {guess}" in own and f"lean {lean}" in their and abs(guess - lean) >= 2
        for guess in _LEANS
        for lean in _LEANS
    )


def _is_leaving_risk(own: Signs, their: Signs, harm_between: bool) -> bool:
    if "leaving" not in own and "was left" not in their:
        return False
    return harm_between or "threatened" in own or "may harm" in their


_FLAGS: Final[tuple[tuple[str, Test], ...]] = (
    (OUTSIDE_KNOWN, lambda own, _their, _harm: "known" in own),
    (PAST_SECRET, lambda own, _their, _harm: "secret" in own),
    (DO_NOT_REVEAL, _is_not_to_be_revealed),
    (PERCEPTION_GAP, _is_perception_gap),
    (STAYING_FROM_FEAR, lambda own, _their, _harm: "fear keeps" in own),
    (LEAVING_RISK, _is_leaving_risk),
)

FLAGS: Final = tuple(key for key, _ in _FLAGS)
"""Every flag in the order of clinical.md §4."""
