"""The made-up population: what its rates do, and what the study counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from couple_files import RULES, couple_file, routed
from portal.domain.couple_file import parse_couple
from portal.domain.expressions import Expression
from portal.domain.population import RATES, couple, practice_rates
from portal.domain.routing_page import _words
from portal.domain.sequence import fixed_sequence
from portal.domain.study import Figure, is_same_day, needs_safety_interview, study

CALM = dict.fromkeys([rate.key for rate in RATES], 0.0)


def rules_with(changes: Mapping[str, float]) -> set[str]:
    """The first rows of couples drawn from a population in which nothing but ``changes`` ever happens."""
    draw = fixed_sequence(3)
    files = [couple({**CALM, **changes}, draw) for _ in range(60)]
    return {routed(file).rule for file in files}


def test_a_population_without_troubles_is_matched() -> None:
    assert rules_with({}) == {"R18b"}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"mixed": 1.0}, {"R17b"}),
        ({"mixed": 1.0, "out_no": 1.0}, {"R17c"}),
        ({"mixed": 1.0, "own_low": 1.0}, {"R17a"}),
        ({"mixed": 1.0, "commits": 1.0}, {"R18b"}),
        ({"mixed": 1.0, "decided": 1.0}, {"R15"}),
        ({"both_out": 1.0}, {"R16a", "R16b"}),
        ({"both_out": 1.0, "apart": 1.0}, {"R16a", "R16b"}),
        ({"in_no": 1.0}, {"R18d"}),
        ({"not_yet": 1.0}, {"R10"}),
        ({"refuses": 1.0}, {"R9"}),
        ({"physical": 1.0}, {"R18b"}),
        ({"physical": 1.0, "told": 1.0}, {"R5b"}),
        ({"physical": 1.0, "told": 1.0, "threat": 1.0}, {"R4"}),
        ({"physical": 1.0, "told": 1.0, "injury": 1.0}, {"R1"}),
        ({"physical": 1.0, "told": 1.0, "strangled": 1.0}, {"R1"}),
        ({"pressure": 1.0, "told": 1.0}, {"R5b"}),
        ({"fear_without": 1.0}, {"R5b"}),
        ({"fear_without": 1.0, "strong": 1.0}, {"R1"}),
        ({"severe_control": 1.0}, {"R4"}),
        ({"control": 1.0}, {"R18b"}),
        ({"consequences": 1.0}, {"R4"}),
        ({"escalating": 1.0}, {"R4"}),
        ({"order": 1.0}, {"R3"}),
        ({"child_concern": 1.0}, {"R5d"}),
        ({"child_now": 1.0}, {"R1b"}),
        ({"suicide_high": 1.0}, {"R2"}),
        ({"suicide_some": 1.0}, {"R18b"}),
        ({"alcohol": 1.0}, {"R5c"}),
        ({"unstable": 1.0}, {"R5"}),
        ({"forced": 1.0}, {"R6"}),
        ({"pushed": 1.0}, {"R18b"}),
        ({"not_private": 1.0}, {"R7"}),
        ({"declines": 1.0}, {"R8"}),
        ({"missing": 1.0}, {"R11"}),
        ({"secret": 1.0}, {"R14"}),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else str(value),
)
def test_every_rate_does_what_it_says(changes: Mapping[str, float], rules: set[str]) -> None:
    assert rules_with(changes) == rules


def test_a_practice_draws_its_rates_inside_their_ranges() -> None:
    for edge in (0.0, 0.999999):
        rates = practice_rates(lambda edge=edge: edge)
        assert all(rate.low <= rates[rate.key] <= rate.high for rate in RATES)


WORK: dict[str, tuple[Callable[[], dict[str, Any]], bool, bool]] = {
    "calm": (couple_file, False, False),
    "strangled": (lambda: couple_file({"harm_done__strangled": "earlier"}), True, True),
    "escalating": (lambda: couple_file({"escalating": "yes"}), False, True),
    "physical": (lambda: couple_file({"harm_done__physical": "past_year"}), True, True),
    "leaving": (lambda: couple_file({"lean": 4, "threatened_suicide_if_left": True}), True, False),
}


@pytest.mark.parametrize("name", [name for name in WORK if name != "physical"])
def test_what_is_read_the_same_day(name: str) -> None:
    file, same_day, interview = WORK[name]
    made = routed(file())
    assert (is_same_day(made), needs_safety_interview(made)) == (same_day, interview)


def test_a_study_adds_up() -> None:
    made = study(RULES, fixed_sequence(5), practices=20, couples=30, per_week=10)
    assert sum(figure.mean for figure in made.routes.values()) == pytest.approx(1)
    assert sum(figure.mean for figure in made.rows.values()) == pytest.approx(1)
    for figures in (made.routes, made.rows, made.work):
        assert all(
            figure.low <= figure.mean <= figure.high or figure.high == 0 for figure in figures.values()
        )
    calls, interviews = made.work["calls_per_week"], made.work["safety_interviews_per_week"]
    assert isinstance(calls, Figure)
    assert 10 < calls.low <= calls.high <= 20
    assert interviews.mean < calls.mean


def test_a_drawn_couple_is_a_good_file() -> None:
    draw = fixed_sequence(9)
    rates = practice_rates(draw)
    for _ in range(100):
        parse_couple(couple(rates, draw))


def test_what_is_no_expression_has_no_words() -> None:
    with pytest.raises(TypeError, match="Expression"):
        _words(Expression())
