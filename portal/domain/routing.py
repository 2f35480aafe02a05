"""The engine: a couple and a ruleset in, a recommendation out. Pure: no clock, database or request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from portal.domain.couple import SLOTS, Couple, Slot
from portal.domain.expressions import compiled, either
from portal.domain.facts import (
    CALL_FIRST_BIT,
    DRAFT_TOPICS,
    FIREARM_BIT,
    GATE_BITS,
    SENT_TOPICS,
    SIGN_BITS,
    partner_bits,
    two_kinds,
)
from portal.domain.fit import couple_sums, fit
from portal.domain.flags import LEAVING_RISK, flags
from portal.domain.gates import WITHOUT_CALL, gates
from portal.domain.predicates import Scene
from portal.domain.reasons import tellers
from portal.domain.recommendation import Alternative, Cleared, Flag, Reason, Recommendation, Topic
from portal.domain.rules import Route, Row, Rule, Ruleset
from portal.domain.topics import FIREARM, topics
from portal.domain.vectors import LAYOUT, couple_bits, words
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

    row: Row
    held: tuple[Slot, ...]


def recommend(couple: Couple, ruleset: Ruleset, *, would_change: bool) -> Recommendation:
    """The recommendation for a couple. Equal input gives equal output.

    ``would_change`` also looks for the single answers that would lead elsewhere, some 20 times the work.
    """
    view = _view(couple, ruleset)
    matches = _matches(view.places, ruleset)
    first = matches[0].row.rule
    matched = tuple([match.row.rule.id for match in matches])
    facts = view.facts
    signs_a, signs_b = SIGN_BITS.of(facts["a"]), SIGN_BITS.of(facts["b"])
    found = flags(signs_a, signs_b, harm_between=_HARM_BETWEEN(view.places["a"]))
    sums = couple_sums(couple)
    return Recommendation(
        route=first.route,
        reason=_reason_of(facts, first),
        rule=first.id,
        matched_rules=matched,
        fit=fit(sums, within_couples=first.route == "couples", index_margin=ruleset.index_margin),
        gates=_gates(couple, facts, first.route, matched),
        topics=_topics(couple, facts, found),
        flags=found,
        reasons=tuple(_reasons(couple, matches, view, ruleset)),
        alternatives=_alternatives(first.id, matched, ruleset),
        if_cleared=_if_cleared(facts, matches, ruleset, sums),
        would_change=changes(couple, ruleset, first, view.fixed, view.together) if would_change else (),
        ruleset=ruleset.id,
        inputs_digest=couple.digest,
        texts=ruleset.texts,
    )


class _View(NamedTuple):
    """A couple packed: what was made of each partner, the couple, and both places."""

    facts: Mapping[Slot, int]
    fixed: Mapping[Slot, int]
    together: int
    places: Mapping[Slot, int]


def _view(couple: Couple, ruleset: Ruleset) -> _View:
    scene = Scene(couple.as_of, ruleset.stale_days, ruleset.alcohol_level)
    a, b = couple.sheets["a"], couple.sheets["b"]
    facts: dict[Slot, int] = {"a": a.facts if a else 0, "b": b.facts if b else 0}
    together = couple_bits(couple, two_kinds=two_kinds(facts["a"], facts["b"]))
    fixed: dict[Slot, int] = {
        "a": partner_bits(a, couple.participation["a"], scene),
        "b": partner_bits(b, couple.participation["b"], scene),
    }
    return _View(facts, fixed, together, words(fixed, together))


def _gates(
    couple: Couple, facts: Mapping[Slot, int], route: Route, matched: tuple[str, ...]
) -> tuple[str, ...]:
    asked = 0
    for slot in SLOTS:
        bits = GATE_BITS.of(facts[slot])
        asked |= bits if couple.participation[slot] == "submitted" else bits & WITHOUT_CALL
    return gates(asked, route, pressed="R6" in matched)


def _topics(couple: Couple, facts: Mapping[Slot, int], found: tuple[Flag, ...]) -> tuple[Topic, ...]:
    bits = 0
    is_someone_in_danger = any(flag.key == LEAVING_RISK for flag in found)
    for place, slot in enumerate(SLOTS):
        stretch = SENT_TOPICS if couple.participation[slot] == "submitted" else DRAFT_TOPICS
        bits |= stretch.of(facts[slot]) << place
        if is_someone_in_danger and facts[slot] & FIREARM_BIT.within:
            bits |= FIREARM << place
    return topics(bits)


def _reasons(couple: Couple, matches: list[Match], view: _View, ruleset: Ruleset) -> Iterator[Reason]:
    for row, held in matches:
        reason = _reason_of(view.facts, row.rule)
        visibility = ruleset.texts.rules[row.rule.id].visibility
        for slot, fields in tellers(couple, row, places=view.places, held=held):
            yield Reason(row.rule.id, reason, slot, fields, visibility)


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
                found.append(Match(row, _HELD[from_a, from_b]))
    return found or [Match(otherwise, SLOTS)]


def _reason_of(facts: Mapping[Slot, int], rule: Rule) -> str:
    if rule.reason_if_call_first and (facts["a"] | facts["b"]) & CALL_FIRST_BIT.within:
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
    facts: Mapping[Slot, int],
    matches: list[Match],
    ruleset: Ruleset,
    sums: tuple[int | None, int | None, int | None],
) -> Cleared | None:
    if matches[0].row.rule.tier is None:
        return None
    # Rows are evaluated independently, so the table without the four is the same list without them.
    first = next((one.row.rule for one in matches if one.row.rule.tier is None), ruleset.rules[-1])
    within = first.route == "couples"
    model = fit(sums, within_couples=within, index_margin=ruleset.index_margin).model
    return Cleared(first.route, _reason_of(facts, first), model)
