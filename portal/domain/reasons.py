"""Why a row matched: whose answers, and which ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache, reduce
from operator import or_
from typing import Any, Final

from portal.domain.clearing import covers_current_answers, is_cleared_since
from portal.domain.couple import SLOTS, TIERS, Couple, Slot, Tier
from portal.domain.couple_fields import FIELD_ORDER
from portal.domain.expressions import Expression, support
from portal.domain.facts_named import ANSWER_BITS, fields_of, two_kinds_fields
from portal.domain.rules import Row, Told
from portal.domain.safety import SIGNS, TWO_KINDS, findings_of
from portal.domain.vectors import LAYOUT, PARTNER_NAMES, STATUS_NAMES

_BOTH: Final = (Told(None, ()),)
_MANY: Final = 512
"""Ways that a row remembers; then it forgets them all, so that memory stays what it is. Four thousand couples
of the population need fewer; forms filled in by chance (``make soak``) made thousands in ten minutes."""


def tellers(
    couple: Couple, row: Row, *, places: Mapping[Slot, int], held: tuple[Slot, ...]
) -> Iterable[Told]:
    """Whose answers made a row hold: one entry for each partner it is about, or one that names neither.

    ``places`` are the packed numbers from both places, ``held`` those from whose place the row holds.
    """
    if row.rule.shared:
        return _BOTH
    if row.rule.tier is not None:
        return _of_tier(couple, row, row.rule.tier, places)
    return [Told(slot, _fields(couple, row, slot, places[slot])) for slot in held]


def _fields(couple: Couple, row: Row, slot: Slot, word: int) -> tuple[str, ...]:
    """The answers of one partner that make a row hold, in the order of the couple file."""
    sheet, when = couple.sheets[slot], row.rule.when
    if sheet is None or when is None:
        return ()
    reads, answers = _looked_at(row.reads)
    key = (word & reads, sheet.facts & answers)
    found: tuple[str, ...] | None = row.told.get(key)
    return found if found is not None else _kept(row, key, _worked_out(when, *key))


def _worked_out(when: Expression, word: int, facts: int) -> tuple[str, ...]:
    found = {
        field
        for leaf in support(when, LAYOUT, word) or ()
        if leaf.whose == "mine" and leaf.name in _WITH_FIELDS
        for field in fields_of(leaf.name, facts)
    }
    return tuple(sorted(found, key=FIELD_ORDER.__getitem__))


def _of_tier(couple: Couple, row: Row, tier: Tier, places: Mapping[Slot, int]) -> tuple[Told, ...]:
    """Fields of this tier's uncleared findings by partner; of an earlier one only the partner is known."""
    a, b = couple.sheets["a"], couple.sheets["b"]
    reads, answers = _TERMS[tier]
    standing = tuple(
        one.slot
        for one in couple.standing
        if one.tier == tier and not is_cleared_since(couple, tier, one.found_on)
    )
    words = (places["a"] & reads, places["b"] & reads)
    facts = (a.facts & answers if a else 0, b.facts & answers if b else 0)
    is_covered = covers_current_answers(couple, tier)
    key = (words, facts, is_covered, standing)
    found: tuple[Told, ...] | None = row.told.get(key)
    if found is None:
        by_slot = {} if is_covered else _found(tier, words, facts)
        told = [Told(slot, tuple(by_slot.get(slot, ()))) for slot in SLOTS if slot in (*by_slot, *standing)]
        found = _kept(row, key, tuple(told))
    return found


def _found(tier: Tier, words: tuple[int, int], facts: tuple[int, int]) -> dict[Slot, list[str]]:
    def says(term: str) -> list[tuple[str, Slot]]:
        if term == TWO_KINDS:
            return two_kinds_fields(*facts)
        bit = 1 << LAYOUT.places["mine", term]
        told = [(slot, of) for slot, word, of in zip(SLOTS, words, facts, strict=True) if word & bit]
        return [(field, slot) for slot, of in told for field in fields_of(term, of)]

    found: dict[Slot, list[str]] = {}
    for finding in findings_of(tier, says):
        found.setdefault(finding.slot, []).append(finding.field)
    return found


@lru_cache(maxsize=1024)
def _looked_at(reads: int) -> tuple[int, int]:
    """The bits of the packed number, and of the facts, that say whose answers made a row hold."""
    named = {name for (_, name), place in LAYOUT.places.items() if reads >> place & 3}
    return reads, _answers(named)


def _terms(tier: Tier) -> tuple[int, int]:
    """The same for the findings of a tier: which terms are true, and of what."""
    terms = {term for sign in SIGNS[tier] for term in sign}
    mine = [1 << LAYOUT.places["mine", term] for term in terms if term != TWO_KINDS]
    return reduce(or_, mine), _answers(terms)


def _answers(names: Iterable[str]) -> int:
    return reduce(or_, [ANSWER_BITS.get(name, 0) for name in names], 0)


def _kept(row: Row, key: Hashable, found: Any) -> Any:
    if len(row.told) >= _MANY:
        row.told.clear()
    row.told[key] = found
    return found


_WITH_FIELDS: Final = frozenset(PARTNER_NAMES) - frozenset(STATUS_NAMES)
_TERMS: Final = {tier: _terms(tier) for tier in TIERS}
