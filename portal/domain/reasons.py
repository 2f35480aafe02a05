"""Why a row matched: whose answers, and which ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from portal.domain.clearing import covers_current_answers, is_cleared_since
from portal.domain.couple import SLOTS, Couple, Partner, Slot, Tier
from portal.domain.couple_fields import FIELD_ORDER
from portal.domain.expressions import support
from portal.domain.predicates import all_predicates
from portal.domain.recommendation import Reason
from portal.domain.rules import Rule
from portal.domain.safety import findings_of
from portal.domain.texts import RulesetTexts
from portal.domain.vectors import LAYOUT

_FIELDS = {predicate.name: predicate.fields for predicate in all_predicates()}


def reasons(
    couple: Couple, rule: Rule, reason: str, *,
    places: Mapping[Slot, int], held: Sequence[Slot], texts: RulesetTexts,
) -> Iterator[Reason]:  # fmt: skip
    """The reasons of one matched row: one for each partner it is about, or one that names neither.

    ``places`` are the packed numbers from both places, ``held`` those from whose place the row holds.
    """
    visibility = texts.rules[rule.id].visibility
    if rule.shared:
        yield Reason(rule.id, reason, None, (), visibility)
    elif rule.tier is not None:
        for slot, fields in _found(couple, rule.tier, places).items():
            yield Reason(rule.id, reason, slot, fields, visibility)
    else:
        for slot in held:
            fields = _fields(rule, couple.partners[slot], places[slot])
            yield Reason(rule.id, reason, slot, fields, visibility)


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

    def tellers(term: str) -> list[Slot]:
        bit = 1 << LAYOUT.places["mine", term]
        return [slot for slot in SLOTS if places[slot] & bit]

    found: dict[Slot, list[str]] = {}
    for finding in () if covers_current_answers(couple, tier) else findings_of(couple, tier, tellers):
        found.setdefault(finding.slot, []).append(finding.field)
    for earlier in couple.standing:
        if earlier.tier == tier and not is_cleared_since(couple, tier, earlier.found_on):
            found.setdefault(earlier.slot, [])
    return {slot: tuple(found[slot]) for slot in SLOTS if slot in found}
