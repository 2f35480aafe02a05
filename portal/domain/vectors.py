"""A couple packed into whole numbers, two bits a predicate: what the compiled rules look at.

Three stretches of equal width stand side by side: mine, theirs, ours. "Mine" of one place is "theirs" of
the other, so both places are made of the same two partner numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from portal.domain.clearing import cleared_tiers, is_cleared_since
from portal.domain.couple import Couple, Direction, Slot
from portal.domain.expressions import Layout, Whose
from portal.domain.predicates import DIRECTION_PREDICATES, PREDICATES
from portal.domain.safety import TWO_KINDS

STATUS_NAMES: Final = ("submitted", "expected", "gone")
PARTNER_NAMES: Final = (
    *STATUS_NAMES, *(p.name for p in PREDICATES), *(p.name for p in DIRECTION_PREDICATES),
)  # fmt: skip
CLEARED: Final = {"A": "a_cleared", "B": "b_cleared", "H": "h_cleared", "crisis": "crisis_cleared"}
STANDING: Final = {"A": "a_standing", "B": "b_standing", "H": "h_standing", "crisis": "crisis_standing"}
COUPLE_NAMES: Final = (TWO_KINDS, *CLEARED.values(), *STANDING.values())

WIDTH: Final = 2 * len(PARTNER_NAMES)


def _layout() -> Layout:
    places: dict[tuple[Whose, str], int] = {}
    for place, name in enumerate(PARTNER_NAMES):
        places["mine", name] = 2 * place
        places["theirs", name] = 2 * place + WIDTH
    for place, name in enumerate(COUPLE_NAMES):
        places["ours", name] = 2 * place + 2 * WIDTH
    return Layout(places)


LAYOUT: Final = _layout()

_TESTS: Final = tuple(
    (p.test, 1 << LAYOUT.places["mine", p.name], 2 << LAYOUT.places["mine", p.name])
    for p in DIRECTION_PREDICATES
)
BESIDE_DIRECTION: Final = ~sum(true | false for _, true, false in _TESTS)
"""Every bit of a partner but those about the direction."""


@lru_cache(maxsize=1024)
def direction_bits(direction: Direction) -> int:
    """One partner's direction answers."""
    bits = 0
    for test, true, false in _TESTS:
        value = test(direction)
        if value is not None:
            bits |= true if value else false
    return bits


def couple_bits(couple: Couple, *, two_kinds: bool) -> int:
    """What is known of both together: two control kinds, clearances, standing findings; already in place."""
    held = {TWO_KINDS} if two_kinds else set[str]()
    if not (held or couple.standing or couple.clearances):
        return _NOTHING
    held |= {CLEARED[tier] for tier in cleared_tiers(couple)}
    for finding in couple.standing:
        if not is_cleared_since(couple, finding.tier, finding.found_on):
            held.add(STANDING[finding.tier])
    return _together(frozenset(held))


@lru_cache(maxsize=1024)
def _together(held: frozenset[str]) -> int:
    bits = 0
    for name in COUPLE_NAMES:
        true = 1 << LAYOUT.places["ours", name]
        bits |= true if name in held else true << 1
    return bits


_NOTHING: Final = _together(frozenset())


def words(partners: Mapping[Slot, int], together: int) -> dict[Slot, int]:
    """The packed number read from each partner's place."""
    a, b = partners["a"], partners["b"]
    return {"a": a | b << WIDTH | together, "b": b | a << WIDTH | together}
