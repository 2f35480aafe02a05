"""Why a row matched: whose answers, and which ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, reduce
from operator import or_
from typing import Final

from portal.domain.clearing import covers_current_answers, is_cleared_since
from portal.domain.couple import SLOTS, Couple, Partner, Slot, Tier
from portal.domain.couple_fields import FIELD_ORDER
from portal.domain.expressions import support
from portal.domain.facts import DONE_KINDS, RECEIVED_KINDS, REPORT_BITS, open_bits
from portal.domain.predicates import PREDICATES, all_predicates
from portal.domain.rules import Row, Rule, Told
from portal.domain.safety import SIGNS, TWO_KINDS, findings_of
from portal.domain.vectors import LAYOUT

_BOTH: Final = (Told(None, ()),)
_FIELDS = {predicate.name: predicate.fields for predicate in all_predicates()}


_KINDS: Final = DONE_KINDS.within | RECEIVED_KINDS.within
_ANSWERS: Final[Mapping[str, int]] = {
    **{one.name: REPORT_BITS.within for one in PREDICATES if one.reads_alone == "acts"},
    **dict.fromkeys(("any_control", "severe_control", TWO_KINDS), _KINDS),
    "safety_unanswered": open_bits(to_r8=True),
    **dict.fromkeys(("health_blank", "direction_blank"), open_bits(to_r8=False)),
}
"""Of the predicates that name one answer or another: the facts that say which."""
_MANY: Final = 4096
"""Ways that a row remembers; then it forgets them all, so that memory stays what it is."""


def tellers(
    couple: Couple, row: Row, *, places: Mapping[Slot, int], held: tuple[Slot, ...]
) -> tuple[Told, ...]:
    """Whose answers made a row hold: one entry for each partner it is about, or one that names neither.

    ``places`` are the packed numbers from both places, ``held`` those from whose place the row holds.
    """
    if row.rule.shared:
        return _BOTH
    key = _key(couple, row, places, held)
    found = row.told.get(key)
    if found is None:
        if len(row.told) >= _MANY:
            row.told.clear()
        found = row.told[key] = tuple(_told(couple, row.rule, places, held))
    return found


def _key(
    couple: Couple, row: Row, places: Mapping[Slot, int], held: tuple[Slot, ...]
) -> tuple[object, ...]:
    """Everything that ``_told`` goes by."""
    tier = row.rule.tier
    reads, answers = _looked_at(row.reads, tier)
    a, b = couple.sheets["a"], couple.sheets["b"]
    key = (
        held, places["a"] & reads, places["b"] & reads,
        None if a is None else a.facts & answers, None if b is None else b.facts & answers,
    )  # fmt: skip
    if tier is None:
        return key
    return (*key, covers_current_answers(couple, tier), tuple(_standing(couple, tier)))


@lru_cache(maxsize=1024)
def _looked_at(reads: int, tier: Tier | None) -> tuple[int, int]:
    """The bits of the packed numbers, and of the facts, that say whose answers made a row hold."""
    terms = {term for sign in SIGNS[tier] for term in sign} if tier else set[str]()
    for whose, name in LAYOUT.places:
        if name in terms:
            reads |= 3 << LAYOUT.places[whose, name]
    named = {name for (whose, name), place in LAYOUT.places.items() if reads >> place & 3}
    return reads, reduce(or_, [_ANSWERS.get(name, 0) for name in named])


def _standing(couple: Couple, tier: Tier) -> Iterator[Slot]:
    """Those with an earlier finding of this tier that no clearance covers."""
    for one in couple.standing:
        if one.tier == tier and not is_cleared_since(couple, tier, one.found_on):
            yield one.slot


def _told(
    couple: Couple, rule: Rule, places: Mapping[Slot, int], held: tuple[Slot, ...]
) -> Iterator[Told]:
    if rule.tier is not None:
        for slot, fields in _found(couple, rule.tier, places).items():
            yield Told(slot, fields)
    else:
        for slot in held:
            yield Told(slot, _fields(rule, couple.partners[slot], places[slot]))


def _fields(rule: Rule, partner: Partner | None, word: int) -> tuple[str, ...]:
    """The answers of one partner that make a row hold, in the order of the couple file."""
    if partner is None or rule.when is None:
        return ()
    found = {
        field
        for leaf in support(rule.when, LAYOUT, word) or ()
        if leaf.whose == "mine" and leaf.name in _FIELDS
        for field in _FIELDS[leaf.name](partner)
    }
    return tuple(sorted(found, key=FIELD_ORDER.__getitem__))


def _found(couple: Couple, tier: Tier, places: Mapping[Slot, int]) -> dict[Slot, tuple[str, ...]]:
    """Fields of this tier's uncleared findings by partner; of an earlier one only the partner is known."""

    def said_by(term: str) -> list[Slot]:
        bit = 1 << LAYOUT.places["mine", term]
        return [slot for slot in SLOTS if places[slot] & bit]

    found: dict[Slot, list[str]] = {}
    for finding in () if covers_current_answers(couple, tier) else findings_of(couple, tier, said_by):
        found.setdefault(finding.slot, []).append(finding.field)
    for slot in _standing(couple, tier):
        found.setdefault(slot, [])
    return {slot: tuple(found[slot]) for slot in SLOTS if slot in found}
