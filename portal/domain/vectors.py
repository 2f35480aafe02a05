"""A couple packed into whole numbers, two bits a predicate: what the compiled rules look at.

Three stretches of equal width stand side by side: mine, theirs, ours. "Mine" of one place is "theirs" of
the other, so both places are made of the same two partner numbers.
"""

from __future__ import annotations

from typing import Final

from portal.domain.clearing import cleared_tiers, is_cleared_since
from portal.domain.couple import EXPECTED, GONE, SLOTS, Couple, Direction, Participation, Partner, Slot, other
from portal.domain.expressions import Layout, Whose
from portal.domain.predicates import DIRECTION_PREDICATES, PREDICATES, Scene
from portal.domain.safety import TWO_KINDS, has_two_kinds

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

_TRUE: Final = {name: 1 << LAYOUT.places["mine", name] for name in PARTNER_NAMES}
_TESTS: Final = tuple((p.test, _TRUE[p.name], _TRUE[p.name] << 1) for p in PREDICATES)
_DIRECTION_TESTS: Final = tuple((p.test, _TRUE[p.name], _TRUE[p.name] << 1) for p in DIRECTION_PREDICATES)


def _status(participation: Participation) -> int:
    held = (participation == "submitted", participation in EXPECTED, participation in GONE)
    return sum(
        _TRUE[name] if value else _TRUE[name] << 1 for name, value in zip(STATUS_NAMES, held, strict=True)
    )


def partner_bits(partner: Partner | None, participation: Participation, scene: Scene) -> int:
    """One partner without the direction answers; of an absent partner only the participation is known."""
    bits = _status(participation)
    if partner is None:
        return bits
    for test, true, false in _TESTS:
        value = test(partner, scene)
        if value:
            bits |= true
        elif value is not None:
            bits |= false
    return bits


def direction_bits(direction: Direction) -> int:
    """One partner's direction answers."""
    bits = 0
    for test, true, false in _DIRECTION_TESTS:
        value = test(direction)
        if value:
            bits |= true
        elif value is not None:
            bits |= false
    return bits


def couple_bits(couple: Couple) -> int:
    """What is known of both together: two control kinds, clearances, standing findings; already in place."""
    held = {TWO_KINDS} if has_two_kinds(couple) else set[str]()
    held |= {CLEARED[tier] for tier in cleared_tiers(couple)}
    for finding in couple.standing:
        if not is_cleared_since(couple, finding.tier, finding.found_on):
            held.add(STANDING[finding.tier])
    bits = 0
    for name in COUPLE_NAMES:
        true = 1 << LAYOUT.places["ours", name]
        bits |= true if name in held else true << 1
    return bits


def words(partners: dict[Slot, int], together: int) -> dict[Slot, int]:
    """The packed number read from each partner's place."""
    return {slot: partners[slot] | partners[other(slot)] << WIDTH | together for slot in SLOTS}
