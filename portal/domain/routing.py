"""The engine: a couple and a ruleset in, a recommendation out. Pure: no clock, database or request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from portal.domain.couple import SLOTS, Couple, Slot
from portal.domain.expressions import compiled, either
from portal.domain.fit import couple_sums, fit
from portal.domain.flags import LEAVING_RISK, flags
from portal.domain.gates import gates
from portal.domain.predicates import Scene
from portal.domain.reasons import reasons
from portal.domain.recommendation import Alternative, Cleared, Reason, Recommendation
from portal.domain.rules import Route, Rule, Ruleset
from portal.domain.topics import topics
from portal.domain.vectors import LAYOUT, couple_bits, direction_bits, partner_bits, words
from portal.domain.would_change import changes

_HARM_BETWEEN = compiled(either("any_act") | either("any_control"), LAYOUT)

_ALTERNATIVES: Final[Mapping[str, tuple[tuple[Route, str], ...]]] = {
    "R5c": (("couples", "alcohol_focused"),),
    "R16b": (("discernment", "clarity_for_two"),),
    "R17c": (("solo", "first_alone"),),
    "R18a": (("couples", "check_up"), ("solo", "willing_alone")),
}
_BARS_ALCOHOL_WORK: Final = frozenset(
    {"R5d", "R6", "R7", "R8", "R10", "R11", "R12", "R13", "R14", "R15", "R9"}
)

_HELD: Final[Mapping[tuple[bool, bool], tuple[Slot, ...]]] = {
    (True, True): ("a", "b"), (True, False): ("a",), (False, True): ("b",),
}  # fmt: skip
"""From whose place a row holds, by whether it does from a's and from b's."""

ALTERNATIVES: Final = tuple(reason for ways in _ALTERNATIVES.values() for _, reason in ways)
"""Every alternative, in table order."""


class Match(NamedTuple):
    """A row that holds, and the partners from whose place it holds."""

    rule: Rule
    held: tuple[Slot, ...]


def recommend(couple: Couple, ruleset: Ruleset, *, would_change: bool) -> Recommendation:
    """The recommendation for a couple. Equal input gives equal output.

    ``would_change`` also looks for the single answers that would lead elsewhere, some 20 times the work.
    """
    view = _view(couple, ruleset)
    matches = _matches(view.places, ruleset)
    first = matches[0].rule
    matched = tuple([match.rule.id for match in matches])
    found = flags(couple, harm_between=_HARM_BETWEEN(view.places["a"]))
    sums = couple_sums(couple)
    return Recommendation(
        route=first.route,
        reason=_reason_of(couple, first),
        rule=first.id,
        matched_rules=matched,
        fit=fit(sums, within_couples=first.route == "couples", index_margin=ruleset.index_margin),
        gates=gates(couple, first.route, matched),
        topics=topics(couple, leaving_risk=any(flag.key == LEAVING_RISK for flag in found)),
        flags=found,
        reasons=tuple(_reasons(couple, matches, view.places, ruleset)),
        alternatives=_alternatives(first.id, matched, ruleset),
        if_cleared=_if_cleared(couple, matches, ruleset, sums),
        would_change=changes(couple, ruleset, first, view.fixed, view.together) if would_change else (),
        ruleset=ruleset.id,
        inputs_digest=couple.digest,
        texts=ruleset.texts,
    )


class _View(NamedTuple):
    """A couple packed: each partner without the direction answers, the couple, and both places."""

    fixed: Mapping[Slot, int]
    together: int
    places: Mapping[Slot, int]


def _view(couple: Couple, ruleset: Ruleset) -> _View:
    scene = Scene(couple.as_of, ruleset.stale_days, ruleset.alcohol_level)
    fixed = {slot: partner_bits(couple.partners[slot], couple.participation[slot], scene) for slot in SLOTS}
    whole = dict(fixed)
    for slot, partner in couple.present():
        whole[slot] |= direction_bits(partner.direction)
    together = couple_bits(couple)
    return _View(fixed, together, words(whole, together))


def _reasons(
    couple: Couple, matches: list[Match], places: Mapping[Slot, int], ruleset: Ruleset
) -> Iterator[Reason]:
    for rule, held in matches:
        reason = _reason_of(couple, rule)
        yield from reasons(couple, rule, reason, places=places, held=held, texts=ruleset.texts)


def _matches(places: Mapping[Slot, int], ruleset: Ruleset) -> list[Match]:
    """Every row that holds; the last one, anything else, only where no other does."""
    *rows, otherwise = ruleset.rows
    a, b = places["a"], places["b"]
    either = a | b
    found: list[Match] = []
    for row in rows:
        if either & row.hint:
            from_a, from_b = row.test(a), row.test(b)
            if from_a or from_b:
                found.append(Match(row.rule, _HELD[from_a, from_b]))
    return found or [Match(otherwise.rule, SLOTS)]


def _reason_of(couple: Couple, rule: Rule) -> str:
    if rule.reason_if_call_first and any(partner.setting.call_first for _, partner in couple.present()):
        return rule.reason_if_call_first
    return rule.reason


def _alternatives(rule: str, matched: tuple[str, ...], ruleset: Ruleset) -> tuple[Alternative, ...]:
    # Work for two is not named while another row between the first and the joint ones still stands.
    if rule == "R5c" and not _BARS_ALCOHOL_WORK.isdisjoint(matched):
        return ()
    if rule == "R16b" and not ruleset.clarity_for_two:
        return ()
    return tuple(Alternative(route, reason) for route, reason in _ALTERNATIVES.get(rule, ()))


def _if_cleared(
    couple: Couple,
    matches: list[Match],
    ruleset: Ruleset,
    sums: tuple[int | None, int | None, int | None],
) -> Cleared | None:
    if matches[0].rule.tier is None:
        return None
    # Rows are evaluated independently, so the table without the four is the same list without them.
    first = next((match.rule for match in matches if match.rule.tier is None), ruleset.rules[-1])
    within = first.route == "couples"
    model = fit(sums, within_couples=within, index_margin=ruleset.index_margin).model
    return Cleared(first.route, _reason_of(couple, first), model)
