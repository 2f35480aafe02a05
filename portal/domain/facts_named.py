"""Which answers stand behind a predicate: their names, from the facts alone (``facts.py``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Final

from portal.domain.couple import SLOTS, Harm, Partner, Slot, other
from portal.domain.couple_fields import DIRECTION, FIELD_ORDER
from portal.domain.facts import (
    CALM_PARTNER,
    DONE_KINDS,
    KINDS,
    OPEN_BITS,
    RECEIVED_KINDS,
    REPORT_BITS,
    REPORTS,
)
from portal.domain.predicates import (
    DirectionPredicate,
    Fields,
    Predicate,
    all_predicates,
    is_open_to_r8,
)
from portal.domain.safety import TWO_KINDS


def two_kinds_fields(a: int, b: int) -> list[tuple[str, Slot]]:
    """The lists of control that make two kinds used by one person, with the partner who gave each."""
    found: list[tuple[str, Slot]] = []
    facts: dict[Slot, int] = {"a": a, "b": b}
    for user in SLOTS:
        done, received = DONE_KINDS.of(facts[user]), RECEIVED_KINDS.of(facts[other(user)])
        if (done | received).bit_count() >= 2:
            found += [("control_done", user)] if done else []
            found += [("control_received", other(user))] if received else []
    return found


def fields_of(name: str, facts: int) -> Fields:
    """The answers that make a predicate true of a partner with these facts."""
    fixed = _FIXED[name]
    if fixed or not facts & ANSWER_BITS[name]:
        return fixed
    return tuple(dict.fromkeys([field for bit, field in _NAMED[name] if facts & bit]))


def _reported() -> Iterator[tuple[int, Partner]]:
    """Each bit that stands for one act or one kind of control, and a partner who told of nothing else."""
    safety = CALM_PARTNER.safety
    for (side, act, when), place in REPORTS.items():
        told = {act: when}
        harm = Harm.of(told, {}) if side == "received" else Harm.of({}, told)
        yield REPORT_BITS.bit(place), CALM_PARTNER._replace(safety=safety._replace(harm=harm))
    for kind, place in KINDS.items():
        kinds = frozenset({kind})
        yield DONE_KINDS.bit(place), CALM_PARTNER._replace(safety=safety._replace(control_done=kinds))
        yield (
            RECEIVED_KINDS.bit(place),
            CALM_PARTNER._replace(safety=safety._replace(control_received=kinds)),
        )


def _is_for_r8(field: str) -> bool:
    return is_open_to_r8(field, skipped=True)


_REPORTED: Final = tuple(_reported())


def _named(predicate: Predicate | DirectionPredicate) -> tuple[tuple[int, str], ...]:
    """Of a predicate that may name several answers: each bit with the answer that it stands for."""
    waits_for = _OPEN.get(predicate.name)
    if waits_for is not None:
        return tuple(
            (OPEN_BITS.bit(place), field) for field, place in FIELD_ORDER.items() if waits_for(field)
        )
    return tuple((bit, field) for bit, partner in _REPORTED for field in predicate.fields(partner))


_OPEN: Final[Mapping[str, Callable[[str], bool]]] = {
    "safety_unanswered": _is_for_r8,
    "direction_blank": lambda field: field in DIRECTION,
    "health_blank": lambda field: field not in DIRECTION and not _is_for_r8(field),
}
"""Which of the answers left open each of these waits for."""
_FIXED: Final = {p.name: p.fields(CALM_PARTNER) for p in all_predicates()}
_NAMED: Final = {p.name: _named(p) for p in all_predicates() if not _FIXED[p.name]}
ANSWER_BITS: Final[Mapping[str, int]] = {
    **{name: reduce(or_, [bit for bit, _ in named]) for name, named in _NAMED.items()},
    TWO_KINDS: DONE_KINDS.within | RECEIVED_KINDS.within,
}
"""Of the predicates that name one answer or another: the facts that say which."""
