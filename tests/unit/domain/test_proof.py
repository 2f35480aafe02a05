"""The whole decision space: the live rules hold, and every planted fault is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from couple_files import RULES
from portal.domain import proof as proof_module
from portal.domain import proof_readings, proof_samples, proof_walk
from portal.domain.couple import SLOTS, Couple, Direction, Partner, Slot
from portal.domain.couple_file import parse_couple
from portal.domain.expressions import All, Expression, Not, Some, either, mine, theirs
from portal.domain.predicates import DirectionPredicate, Predicate, all_predicates
from portal.domain.proof import (
    Proof,
    first_fault,
    frames,
    is_joint_anew,
    is_less_protective,
    prove,
    proving,
)
from portal.domain.proof_checks import (
    JOINT,
    Violation,
    blank_steps,
    check_conditions,
    check_joint,
    check_printed,
    check_reached,
    check_steps,
    check_symmetry,
    danger_steps,
)
from portal.domain.proof_printed import printed
from portal.domain.proof_readings import View
from portal.domain.proof_samples import check_samples
from portal.domain.proof_space import STAGES, Stage
from portal.domain.proof_walk import Proving, Walk
from portal.domain.recommendation import Recommendation
from portal.domain.routing import recommend
from portal.domain.rules import PROTECTIVENESS, Rule, Ruleset


@pytest.fixture(scope="module")
def proof() -> Proof:
    return prove(RULES)


def test_the_live_rules_hold_over_the_whole_space(proof: Proof) -> None:
    assert proof.violations == ()


def test_every_couple_has_exactly_one_row(proof: Proof) -> None:
    assert sum(proof.rows.values()) == sum(proof.routes.values()) == proof.states
    assert list(proof.rows) == [rule.id for rule in RULES.rules]
    assert all(proof.rows.values())
    assert list(proof.routes) == list(PROTECTIVENESS)


def test_the_space_is_every_answer(proof: Proof) -> None:
    # Two who have sent, nothing else: twenty acts of five answers each, and so on.
    assert (proof.frames, proof.states > 5**40 * 10**50) == (100, True)


@pytest.mark.deep
def test_no_setting_in_its_safe_range_breaks_it() -> None:
    for level in range(4, 9):
        assert first_fault(replace(RULES, stale_days=10 + level, alcohol_level=level)) is None


def test_a_proof_without_a_fault_has_no_first_one(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = (Violation("reached", "R99 is the first row of nobody"),)
    monkeypatch.setattr(proof_module, "prove", lambda _rules: Proof(0, 0, 0, {}, {}, planted))
    assert first_fault(RULES) == planted[0]
    monkeypatch.setattr(proof_module, "prove", lambda _rules: Proof(0, 0, 0, {}, {}, ()))
    assert first_fault(RULES) is None


PAGE = printed(RULES)
ROWS = tuple(enumerate(RULES.rules[:-1]))
NAMES = [rule.id for _, rule in ROWS]


def put(place: int, *rules: Rule) -> Ruleset:
    """The live ruleset with one row replaced by others, or by none."""
    return replace(RULES, rules=(*RULES.rules[:place], *rules, *RULES.rules[place + 1 :]))


def fault(ruleset: Ruleset) -> str:
    found = first_fault(ruleset)
    return "" if found is None else found.check


@pytest.mark.parametrize(("place", "rule"), ROWS, ids=NAMES)
def test_a_dropped_row_is_refused(place: int, rule: Rule) -> None:
    assert fault(put(place)) == "as printed"


@pytest.mark.parametrize(("place", "rule"), ROWS, ids=NAMES)
def test_two_rows_changed_over_are_refused(place: int, rule: Rule) -> None:
    rules = list(RULES.rules)
    rules[place], rules[place + 1] = rules[place + 1], rules[place]
    assert fault(replace(RULES, rules=tuple(rules))) == "as printed"


@pytest.mark.parametrize("change", [{"route": "couples"}, {"reason": "matched"}, {"id": "R99"}], ids=str)
def test_another_route_reason_or_id_is_refused(change: dict[str, Any]) -> None:
    assert [fault(put(place, replace(rule, **change))) for place, rule in ROWS[:-1]] == ["as printed"] * 28


def mutants(expression: Expression) -> Iterator[Expression]:
    """Every expression in which one "and" is an "or", one "or" an "and", or one "not" is gone."""
    if isinstance(expression, Not):
        yield expression.part
        yield from (Not(part) for part in mutants(expression.part))
    elif isinstance(expression, All | Some):
        parts = expression.parts
        yield (Some if isinstance(expression, All) else All)(parts)
        for n, part in enumerate(parts):
            for mutant in mutants(part):
                yield type(expression)((*parts[:n], mutant, *parts[n + 1 :]))


@pytest.fixture(scope="module")
def live() -> Proving:
    return proving(RULES, PAGE)


@pytest.mark.parametrize(("place", "rule"), ROWS, ids=NAMES)
def test_every_or_made_an_and_is_refused(place: int, rule: Rule, live: Proving) -> None:
    """Every connective of every row; a row of one predicate has none."""
    assert rule.when is not None
    for when in mutants(rule.when):
        planted = replace(live, ruleset=put(place, replace(rule, when=when)))
        faults = (
            fault for frame in frames() for fault in check_conditions(planted, [planted.walk(frame)], PAGE)
        )
        assert next(faults).check == "as printed"


def test_a_row_of_one_predicate_turned_round_is_refused() -> None:
    place, rule = next((place, rule) for place, rule in ROWS if rule.id == "R1b")
    assert fault(put(place, replace(rule, when=~mine("child_now")))) == "as printed"


Values = dict[str, Callable[..., bool | None]]

CUT_OFFS: dict[str, tuple[Callable[..., bool | None], ...]] = {
    "leaning_in": (lambda d: d.lean and d.lean <= 1, lambda d: d.lean and d.lean <= 3),
    "leaning_out": (lambda d: d.lean and d.lean >= 2, lambda d: d.lean and d.lean >= 4),
    "leaving": (lambda d: d.lean and d.lean >= 3, lambda d: d.lean and d.lean >= 5),
    "decided": (lambda d: d.reading == 4, lambda d: d.lean == 5),
    "own_change_low": (
        lambda d: d.own_change is not None and d.own_change < 3,
        lambda d: d.own_change is not None and d.own_change < 5,
    ),
    "suicide_high": (
        lambda p, _: p.health.suicide_level is not None and p.health.suicide_level >= 2,
        lambda p, _: p.health.suicide_level is not None and p.health.suicide_level >= 4,
    ),
    "stale": (
        lambda p, s: p.setting.submitted_on and (s.as_of - p.setting.submitted_on).days >= s.stale_days,
        lambda p, s: p.setting.submitted_on and (s.as_of - p.setting.submitted_on).days > s.stale_days + 1,
    ),
    "alcohol_untreated": (
        lambda p, s: (p.health.alcohol_score or 0) >= s.alcohol_level - 1 and not p.health.alcohol_treated,
        lambda p, s: (p.health.alcohol_score or 0) >= s.alcohol_level + 1 and not p.health.alcohol_treated,
    ),
    "forced": (lambda p, _: p.safety.voluntary in {1, 2}, lambda p, _: p.safety.voluntary == 0),
    "pushed": (lambda p, _: p.safety.voluntary == 1, lambda p, _: p.safety.voluntary in {2, 3}),
    "fear_any": (lambda p, _: p.safety.fear == "strong", lambda p, _: p.safety.fear is not None),
    "fear_strong": (lambda p, _: p.safety.fear in {"some", "strong"}, lambda p, _: False),
    "harm_thoughts": (lambda p, _: p.health.harm_other == "thoughts", lambda p, _: False),
    "behavior_recent": (lambda p, _: p.health.suicidal_behavior in {"past_year", "past_3_months"},),
    "physical_past_year": (lambda p, _: "physical" in p.safety.harm.past_year | p.safety.harm.earlier,),
    "severe_past_year": (lambda p, _: "injury" in p.safety.harm.past_year,),
    "any_act": (lambda p, _: bool(p.safety.harm.past_year | p.safety.harm.earlier),),
    "order_past": (lambda p, _: p.safety.order_of_protection in {"past", "current"},),
    "private_matter": (lambda p, _: p.bond.affair in {"past_secret", "current_secret"},),
}
"""Predicates with their cut-off one lower and one higher, or the next answer taken in or left out."""

PLANTED = [(name, n) for name, tests in CUT_OFFS.items() for n in range(len(tests))]


@pytest.mark.parametrize(("name", "n"), PLANTED)
def test_a_cut_off_moved_by_one_is_refused(name: str, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted() -> Iterator[Predicate | DirectionPredicate]:
        for predicate in all_predicates():
            yield replace(predicate, test=CUT_OFFS[name][n]) if predicate.name == name else predicate

    monkeypatch.setattr(proof_readings, "all_predicates", planted)
    assert fault(RULES) == "as printed"


@pytest.mark.parametrize("kinds", [1, 3])
def test_the_number_of_control_kinds_moved_by_one_is_refused(
    kinds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(partners: Mapping[Slot, Partner]) -> bool:
        a, b = (partners[slot].safety for slot in SLOTS)
        used = ((a.control_done, b.control_received), (b.control_done, a.control_received))
        return any(len((done or set()) | (got or set())) >= kinds for done, got in used)

    monkeypatch.setattr(proof_readings, "has_two_kinds", planted)
    assert fault(RULES) == "as printed"


@pytest.mark.parametrize("firm", [7, 9])
def test_the_firmness_moved_by_one_is_refused(firm: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(self: Direction) -> int | None:
        soft = self.lean == 5 and self.decision_firmness is not None and self.decision_firmness < firm
        return 4 if soft else self.lean

    monkeypatch.setattr(Direction, "reading", property(planted))
    assert fault(RULES) == "as printed"


# The promises by themselves, each broken by a ruleset or an engine that keeps the others from speaking first.


Check = Callable[[Proving, list[Walk]], Iterator[Violation]]


def broken(live: Proving, ruleset: Ruleset, check: Check, *stages: Stage) -> Violation:
    """What a check says first of a planted ruleset, where both have come as far as ``stages``."""
    planted = replace(live, ruleset=ruleset)
    a, b = stages or (STAGES[0], STAGES[0])
    return next(check(planted, [planted.walk({"a": a, "b": b})]))


def dangers(proving: Proving, walks: list[Walk]) -> Iterator[Violation]:
    return check_steps(proving, walks, danger_steps(), "danger", is_less_protective)


def blanks(proving: Proving, walks: list[Walk]) -> Iterator[Violation]:
    return check_steps(proving, walks, blank_steps(), "blank", is_joint_anew)


def routes(ruleset: Ruleset, *couples: dict[str, Any]) -> list[str]:
    return [recommend(parse_couple(couple), ruleset, would_change=False).route for couple in couples]


def rule(key: str) -> tuple[int, Rule]:
    return next((place, rule) for place, rule in ROWS if rule.id == key)


def test_a_danger_that_leads_to_a_joint_route_is_found(live: Proving) -> None:
    planted = replace(RULES, rules=(Rule("R1", "couples", "matched", either("strangled")), *RULES.rules))
    found = broken(live, planted, dangers)
    before, after = routes(planted, *found.couples)
    assert (found.check, found.text) == ("danger", f"one answer leads from {before} to {after}")
    assert after == "couples"


def test_a_blank_that_opens_a_joint_route_is_found(live: Proving) -> None:
    planted = put(rule("R8")[0])
    found = broken(live, planted, blanks)
    before, after = routes(planted, *found.couples)
    assert (found.check, found.text) == ("blank", f"one answer leads from {before} to {after}")
    assert (before in JOINT, after in JOINT) == (False, True)


def test_a_joint_route_in_spite_of_danger_is_found(live: Proving) -> None:
    found = broken(live, put(0), check_joint)
    assert (found.check, found.text) == ("joint", "a joint route although earlier tier a not cleared")
    assert routes(put(0), *found.couples)[0] in JOINT
    assert routes(RULES, *found.couples) == ["safety"]


def test_a_joint_route_before_both_have_sent_is_found(live: Proving) -> None:
    planted = Rule("R9", "couples", "matched", mine("submitted") & ~theirs("submitted"))
    found = broken(live, put(rule("R9")[0], planted), check_joint, STAGES[0], STAGES[-1])
    assert (found.check, found.text) == ("joint", "a joint route although not sent by both")
    assert len(found.couples) == 1


def test_a_row_that_nobody_reaches_is_found() -> None:
    assert list(check_reached({"R1": 7, "R99": 0})) == [
        Violation("reached", "R99 is the first row of nobody")
    ]


def test_a_table_without_an_end_is_found() -> None:
    last = replace(RULES.rules[-1], when=mine("submitted"))
    planted = replace(RULES, rules=(*RULES.rules[:-1], last))
    assert [one.check for one in check_printed(planted, PAGE)] == ["one route"]


def test_rules_read_from_one_place_alone_break_the_swap(
    live: Proving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_walk, "SLOTS", ("a",))
    found = broken(live, RULES, check_symmetry)
    assert (found.check, len(found.couples)) == ("swap", 1)


def test_an_engine_that_reads_otherwise_is_found(live: Proving, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(couple: Couple, ruleset: Ruleset, *, would_change: bool) -> Recommendation:
        made = recommend(couple, ruleset, would_change=would_change)
        return replace(made, gates=(), matched_rules=made.matched_rules[:1])

    monkeypatch.setattr(proof_samples, "recommend", planted)
    monkeypatch.setattr(proof_samples, "FLAGS", ("a_flag_of_nobody",))
    monkeypatch.setattr(proof_samples, "MIXED_PER_FRAME", 40)
    found = {one.check: one for one in check_samples(live, [live.walk(next(frames()))])}
    assert {key: len(one.couples) for key, one in found.items()} == {
        "evaluators": 1,
        "gates": 1,
        "reached": 0,
    }


def test_what_is_no_expression_is_refused(live: Proving) -> None:
    with pytest.raises(TypeError, match="Expression"):
        live.readings.node(Expression(), "a", View(next(frames())))
