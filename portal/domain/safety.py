"""Safety tiers A, B, H and crisis, and the findings behind them (clinical.md §3).

All reports of both partners, received and done, are pooled by OR; nothing is averaged, and a
disagreement raises. The tiers are data: a tier stands when every term of one of its signs is reported,
each by either partner. Basis: Bograd & Mederos 1999; Stith et al. 2011-12; Marshall et al. 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Final, Literal

from portal.domain.couple import SLOTS, Couple, Partner, Slot, other
from portal.domain.couple_fields import FIELD_ORDER
from portal.domain.expressions import Expression, either, ours
from portal.domain.predicates import SAFETY_PREDICATES, Scene

FindingTier = Literal["A", "child", "crisis", "order", "B", "H"]

TWO_KINDS: Final = "two_kinds"

RULE_OF_TIER: Final[dict[FindingTier, str]] = {
    "A": "R1", "child": "R1b", "crisis": "R2", "order": "R3", "B": "R4", "H": "R5b",
}  # fmt: skip
"""The row of the table that each tier answers to, in table order."""

SIGNS: Final[dict[FindingTier, tuple[tuple[str, ...], ...]]] = {
    "A": (
        ("strangled",),
        ("severe_past_year",),
        ("fear_strong",),
        ("fear_of_consequences", "any_act"),
        ("fear_of_consequences", "any_control"),
    ),
    "child": (("child_now",),),
    "crisis": (("suicide_high",), ("behavior_recent",), ("harm_intent",)),
    "order": (("order_current",),),
    "B": (
        ("severe_earlier",),
        ("threat_past_year",),
        ("fear_any", "any_act"),
        ("fear_any", "any_control"),
        ("severe_control",),
        (TWO_KINDS,),
        ("escalating",),
        ("order_past",),
        ("not_safe_to_leave",),
        ("fear_of_consequences",),
        ("harm_thoughts", "fear_any"),
        ("harm_thoughts", "threat_ever"),
    ),
    "H": (("physical_past_year",), ("pressure_past_year",), ("fear_any",)),
}
"""Each tier as a list of signs; a sign is a list of predicates that must all be reported by someone."""

_NO_KINDS: Final[frozenset[str]] = frozenset()
_NAMED: Final = frozenset(term for signs in SIGNS.values() for sign in signs for term in sign)
_TERMS: Final = {predicate.name: predicate for predicate in SAFETY_PREDICATES if predicate.name in _NAMED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one partner that takes part in a safety finding; ``rule`` is the row it feeds."""

    slot: Slot
    tier: FindingTier
    rule: str
    field: str


def tier_reported(tier: FindingTier) -> Expression:
    """The tier's condition on the pooled reports, before any clearance."""
    signs = [reduce(and_, [_pooled(term) for term in sign]) for sign in SIGNS[tier]]
    return reduce(or_, signs)


Partners = Mapping[Slot, Partner | None]
Says = Callable[[str], list[tuple[str, Slot]]]
"""Where a term of a sign is reported: fields, each with the partner who told."""


def findings(couple: Couple) -> tuple[Finding, ...]:
    """Every safety finding of the current answers, drafts included, before clearances.

    Order: tiers in table order, fields in the order of the couple file, a before b. Where several
    answers make a finding together (being afraid of the consequences, with an act that the other
    partner reports), each of them is listed under the partner who gave it. Tier H is listed beside A
    and B: whether it routes is the table's business.
    """
    # No safety predicate reads a threshold: a setting can never loosen one.
    scene = Scene(couple.as_of, 0, 0)

    def says(term: str) -> list[tuple[str, Slot]]:
        if term == TWO_KINDS:
            return _two_kinds_places(couple.partners)
        told = [(slot, file) for slot, file in couple.present() if _TERMS[term].test(file, scene)]
        return [(field, slot) for slot, file in told for field in _TERMS[term].fields(file)]

    return tuple(found for tier in RULE_OF_TIER for found in findings_of(tier, says))


def findings_of(tier: FindingTier, says: Says) -> list[Finding]:
    """The findings of one tier, in the same order; ``says`` tells where a term is reported."""
    here: set[tuple[int, Slot, str]] = set()
    for sign in SIGNS[tier]:
        places = [says(term) for term in sign]
        if all(places):
            here.update((FIELD_ORDER[field], slot, field) for told in places for field, slot in told)
    return [Finding(slot, tier, RULE_OF_TIER[tier], field) for _, slot, field in sorted(here)]


def has_two_kinds(partners: Partners) -> bool:
    """Whether one person uses two or more different kinds of control: a's received with b's done."""
    return any(len(_kinds_used_by(partners, user)) >= 2 for user in SLOTS)


def _pooled(term: str) -> Expression:
    return ours(TWO_KINDS) if term == TWO_KINDS else either(term)


def _two_kinds_places(partners: Partners) -> list[tuple[str, Slot]]:
    found: list[tuple[str, Slot]] = []
    for user in SLOTS:
        if len(_kinds_used_by(partners, user)) < 2:
            continue
        user_file, other_file = partners[user], partners[other(user)]
        if user_file is not None and user_file.safety.control_done:
            found.append(("control_done", user))
        if other_file is not None and other_file.safety.control_received:
            found.append(("control_received", other(user)))
    return found


def _kinds_used_by(partners: Partners, user: Slot) -> frozenset[str]:
    user_file, other_file = partners[user], partners[other(user)]
    done = user_file.safety.control_done if user_file is not None else None
    received = other_file.safety.control_received if other_file is not None else None
    return (done or _NO_KINDS) | (received or _NO_KINDS)
