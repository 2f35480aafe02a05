"""The smallest single-answer changes that move the route; never a safety answer (clinical.md §4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from portal.domain.couple import SLOTS, Couple, Slot
from portal.domain.recommendation import Change
from portal.domain.rules import Route, Row, Rule, Ruleset
from portal.domain.vectors import BESIDE_DIRECTION, direction_bits, words

_VALUES: Final[Mapping[str, tuple[int | str, ...]]] = {
    "lean": (1, 2, 3, 4, 5),
    "decision_firmness": tuple(range(11)),
    "first_step": ("yes", "one_or_two", "unsure", "no"),
    "commit_months": ("yes", "unsure", "no"),
    "own_change": tuple(range(11)),
    "doubts_told": ("yes", "partly", "no"),
    "legal_steps": ("none", "consulted", "living_apart", "filed", "final"),
    "legal_steps_by": ("self", "partner", "both"),
}

CHANGEABLE: Final = tuple(_VALUES)
"""The answers that may be named: where somebody stands and what they are ready for. Never harm, fear,
control, danger, pressure, privacy, health, substances or an affair."""

_IF_BLANK: Final[Mapping[str, int | str]] = {"decision_firmness": 10}
"""A blank firmness is read as firm; every other blank counts as standing before the first value."""


def changes(
    couple: Couple, ruleset: Ruleset, first: Rule, fixed: Mapping[Slot, int], together: int
) -> tuple[Change, ...]:
    """Each answer of a sent intake that alone would move the route, with the nearest value that does.

    ``first`` is the row that set the route, ``fixed`` each partner, packed.
    Order: fields in the order of the couple file, a before b; of two equally near values the first listed.
    """
    place = ruleset.rules.index(first)
    if not any(row.reads_direction for row in ruleset.rows[: place + 1]):
        return ()
    rows = tuple(row for n, row in enumerate(ruleset.rows) if n >= place or row.reads_direction)
    fixed = {slot: bits & BESIDE_DIRECTION for slot, bits in fixed.items()}
    toward = {slot: direction_bits(partner.direction) for slot, partner in couple.present()}
    found = []
    for field in CHANGEABLE:
        for slot, partner in couple.submitted():
            for value in nearest(field, getattr(partner.direction, field)):
                answer: dict[str, Any] = {field: value}
                changed = {**toward, slot: direction_bits(partner.direction._replace(**answer))}
                route = _route(rows, fixed, changed, together)
                if route != first.route:
                    was = "declined" if field in partner.declined else getattr(partner.direction, field)
                    found.append(Change(slot, field, was, value, route))
                    break
    return tuple(found)


def nearest(field: str, value: int | str | None) -> tuple[int | str, ...]:
    """The other values of a field, the nearest to ``value`` first."""
    return _NEAREST[field, value]


def _route(
    rows: tuple[Row, ...], fixed: Mapping[Slot, int], toward: Mapping[Slot, int], together: int
) -> Route:
    places = words({slot: fixed[slot] | toward.get(slot, 0) for slot in SLOTS}, together)
    a, b = places["a"], places["b"]
    return next(row.rule.route for row in rows if row.test(a) or row.test(b))


def _ordered(field: str, value: int | str | None) -> tuple[int | str, ...]:
    values = _VALUES[field]
    start = value if value is not None else _IF_BLANK.get(field)
    here = values.index(start) if start is not None else -1
    return tuple(
        sorted((one for one in values if one != value), key=lambda one: abs(values.index(one) - here))
    )


_NEAREST: Final = {
    (field, value): _ordered(field, value) for field in _VALUES for value in (*_VALUES[field], None)
}
