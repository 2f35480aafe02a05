"""A couple packed into whole numbers, two bits a predicate: what the compiled rules look at.

Three stretches of equal width stand side by side: mine, theirs, ours. "Mine" of one place is "theirs" of
the other, so both places are made of the same two partner numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from datetime import date
from functools import lru_cache
from typing import Any, Final

from portal.domain.clearing import cleared_tiers, is_cleared_since
from portal.domain.couple import (
    EXPECTED,
    GONE,
    PARTICIPATIONS,
    Bond,
    Couple,
    Direction,
    Eligibility,
    Harm,
    Health,
    Indices,
    Participation,
    Partner,
    Safety,
    Setting,
    Slot,
)
from portal.domain.couple_fields import BOND, DIRECTION, ELIGIBLE, HEALTH, SAFETY, SETTING, Field
from portal.domain.expressions import Layout, Whose
from portal.domain.predicates import (
    DIRECTION_PREDICATES,
    PREDICATES,
    DirectionPredicate,
    Predicate,
    Scene,
    all_predicates,
)
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
_NOBODY: Final = Partner(
    Eligibility(), Setting(), Direction(), Safety(Harm.of({}, {})), Health(), Bond(), Indices()
)
_NEVER: Final = Scene(date.max, 0, 0)
_PARTS: Final[Mapping[str, Mapping[str, Field]]] = {
    "eligible": ELIGIBLE, "setting": SETTING, "direction": DIRECTION, "safety": SAFETY, "health": HEALTH,
    "bond": BOND,
}  # fmt: skip

Table = dict[object, int]
"""Bits by answer."""
Tests = tuple[tuple[Callable[..., bool | None], int, int], ...]
"""Predicates with their bits of "true" and "false"."""


def _bit(name: str, value: bool | None) -> int:
    """The bit of a predicate with this value; none for unknown."""
    true = _TRUE[name]
    return 0 if value is None else true if value else true << 1


def _read_alone(predicate: Predicate | DirectionPredicate) -> str:
    """The one field with few answers that a predicate reads, or "" if it reads more, or days or lists."""
    fields = predicate.fields(_NOBODY)
    name = fields[0].removeprefix("eligible.") if len(fields) == 1 else ""
    return name if any(name in part and part[name].kind for part in _PARTS.values()) else ""


def _tables(part: str) -> tuple[tuple[int, Table], ...]:
    """What the predicates that read one field alone make of each answer: asked once, then looked up.

    A field is named by its place in its part.
    """
    found: dict[str, Table] = {}
    for predicate in all_predicates():
        name = _read_alone(predicate)
        if name in _PARTS[part]:
            table = found.setdefault(name, {})
            for answer in (*_PARTS[part][name].values, None):
                own: dict[str, Any] = {name: answer}
                holder = getattr(_NOBODY, part)._replace(**own)
                table[answer] = table.get(answer, 0) | _bit(predicate.name, _asked(predicate, part, holder))
    fields = getattr(_NOBODY, part)._fields
    return tuple((fields.index(name), table) for name, table in found.items())


def _asked(predicate: Predicate | DirectionPredicate, part: str, holder: Any) -> bool | None:
    if isinstance(predicate, DirectionPredicate):
        return predicate.test(holder)
    whole: dict[str, Any] = {part: holder}
    return predicate.test(_NOBODY._replace(**whole), _NEVER)


_LOOKED_UP: Final = tuple(
    (Partner._fields.index(part), _tables(part)) for part in _PARTS if part != "direction"
)
_DIRECTION_TABLES: Final = _tables("direction")


def _tests(predicates: Iterable[Predicate | DirectionPredicate]) -> Tests:
    return tuple((p.test, _TRUE[p.name], _TRUE[p.name] << 1) for p in predicates)


_ACT_TESTS: Final = _tests(p for p in PREDICATES if p.reads_alone == "acts")
_CONTROL_TESTS: Final = _tests(p for p in PREDICATES if p.reads_alone == "control")
_TESTS: Final = _tests(p for p in PREDICATES if not p.reads_alone and not _read_alone(p))
_DIRECTION_TESTS: Final = _tests(p for p in DIRECTION_PREDICATES if not _read_alone(p))


@lru_cache(maxsize=4096)
def _act_bits(past_year: frozenset[str], earlier: frozenset[str], unknown: frozenset[str]) -> int:
    """What the predicates that read acts alone make of one partner's report, received and done pooled."""
    reported = _NOBODY._replace(safety=Safety(Harm({}, {}, past_year, earlier, unknown)))
    return _tested(_ACT_TESTS, reported, _NEVER)


@lru_cache(maxsize=4096)
def _control_bits(received: frozenset[str] | None, done: frozenset[str] | None) -> int:
    """What the predicates that read the kinds of control alone make of one partner's two lists."""
    safety = Safety(Harm.of({}, {}), control_received=received, control_done=done)
    return _tested(_CONTROL_TESTS, _NOBODY._replace(safety=safety), _NEVER)


def _tested(tests: Tests, *given: object) -> int:
    bits = 0
    for test, true, false in tests:
        value = test(*given)
        if value:
            bits |= true
        elif value is not None:
            bits |= false
    return bits


def _status(participation: Participation) -> int:
    held = (participation == "submitted", participation in EXPECTED, participation in GONE)
    return sum(
        _TRUE[name] if value else _TRUE[name] << 1 for name, value in zip(STATUS_NAMES, held, strict=True)
    )


_STATUS: Final = {participation: _status(participation) for participation in PARTICIPATIONS}


def partner_bits(partner: Partner | None, participation: Participation, scene: Scene) -> int:
    """One partner without the direction answers; of an absent partner only the participation is known."""
    bits = _STATUS[participation]
    if partner is None:
        return bits
    safety = partner.safety
    bits |= _act_bits(safety.harm.past_year, safety.harm.earlier, safety.harm.unknown)
    bits |= _control_bits(safety.control_received, safety.control_done)
    for part, tables in _LOOKED_UP:
        answers: Any = partner[part]
        for place, table in tables:
            bits |= table[answers[place]]
    return bits | _tested(_TESTS, partner, scene)


def direction_bits(direction: Direction) -> int:
    """One partner's direction answers."""
    bits = _tested(_DIRECTION_TESTS, direction)
    for place, table in _DIRECTION_TABLES:
        bits |= table[direction[place]]
    return bits


def couple_bits(couple: Couple) -> int:
    """What is known of both together: two control kinds, clearances, standing findings; already in place."""
    held = {TWO_KINDS} if has_two_kinds(couple) else set[str]()
    if not (held or couple.standing or couple.clearances):
        return _NOTHING
    held |= {CLEARED[tier] for tier in cleared_tiers(couple)}
    for finding in couple.standing:
        if not is_cleared_since(couple, finding.tier, finding.found_on):
            held.add(STANDING[finding.tier])
    return _together(held)


def _together(held: Set[str]) -> int:
    bits = 0
    for name in COUPLE_NAMES:
        true = 1 << LAYOUT.places["ours", name]
        bits |= true if name in held else true << 1
    return bits


_NOTHING: Final = _together(frozenset())


def words(partners: dict[Slot, int], together: int) -> dict[Slot, int]:
    """The packed number read from each partner's place."""
    a, b = partners["a"], partners["b"]
    return {"a": a | b << WIDTH | together, "b": b | a << WIDTH | together}
