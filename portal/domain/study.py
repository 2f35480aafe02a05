"""What the rules would make of a practice's couples: routes, and work by its clock (clinical.md §4, "When").

Many practices of the same size are simulated, each with rates of its own (``population.py``); a figure is the
mean over them, its interval the middle nine tenths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Final

from portal.domain.couple_file import parse_couple
from portal.domain.flags import LEAVING_RISK
from portal.domain.population import Draw, couple, practice_rates
from portal.domain.recommendation import Recommendation
from portal.domain.routing import recommend
from portal.domain.rules import PROTECTIVENESS, Ruleset

SAME_DAY: Final = frozenset({"R1", "R1b", "R2", "R3"})
"""Rows read the same day; so is the flag ``leaving_risk``."""
TWO_DAYS: Final = frozenset({"R4"})
FIVE_DAYS: Final = frozenset({"R5b", "R5d"})


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over the simulated practices, and the 5th and 95th in a hundred."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Study:
    """Shares of the couples by route and by first row, and the work per ten couples and per week."""

    practices: int
    couples: int
    per_week: int
    routes: Mapping[str, Figure]
    rows: Mapping[str, Figure]
    work: Mapping[str, Figure]


def study(ruleset: Ruleset, draw: Draw, *, practices: int, couples: int, per_week: int) -> Study:
    """Simulate ``practices`` of ``couples`` each; ``per_week``: couples that newly ask in a week."""
    read = [list(_read(ruleset, draw, couples)) for _ in range(practices)]

    def figure(counts: Callable[[Recommendation], float], scale: float) -> Figure:
        return _figure([scale * sum(map(counts, made)) / couples for made in read])

    return Study(
        practices=practices,
        couples=couples,
        per_week=per_week,
        routes={route: figure(lambda m, r=route: m.route == r, 1) for route in PROTECTIVENESS},  # type: ignore[misc]
        rows={rule.id: figure(lambda m, r=rule.id: m.rule == r, 1) for rule in ruleset.rules},  # type: ignore[misc]
        work={
            "same_day_per_ten": figure(is_same_day, 10),
            "two_days_per_ten": figure(lambda m: not is_same_day(m) and m.rule in TWO_DAYS, 10),
            "five_days_per_ten": figure(lambda m: not is_same_day(m) and m.rule in FIVE_DAYS, 10),
            "calls_per_week": figure(_people, per_week),
            "safety_interviews_per_week": figure(lambda m: _people(m) * needs_safety_interview(m), per_week),
        },
    )


def is_same_day(made: Recommendation) -> bool:
    """Whether somebody has to read this couple today."""
    return not SAME_DAY.isdisjoint(made.matched_rules) or any(flag.key == LEAVING_RISK for flag in made.flags)


def needs_safety_interview(made: Recommendation) -> bool:
    """Whether the call with each partner becomes an interview about danger or harm."""
    return not (SAME_DAY | TWO_DAYS | FIVE_DAYS).isdisjoint(made.matched_rules)


def _people(made: Recommendation) -> int:
    """How many people of the couple are there to be called: nobody calls who has not sent, or said no."""
    return 1 if not {"R9", "R10"}.isdisjoint(made.matched_rules) else 2


def _read(ruleset: Ruleset, draw: Draw, couples: int) -> Iterator[Recommendation]:
    rates = practice_rates(draw)
    for _ in range(couples):
        yield recommend(parse_couple(couple(rates, draw)), ruleset, would_change=False)


def _figure(values: list[float]) -> Figure:
    ordered = sorted(values)
    edge = len(ordered) // 20
    # Exact: ``sum`` rounds in one way up to Python 3.11, and in another since.
    return Figure(fsum(ordered) / len(ordered), ordered[edge], ordered[-1 - edge])
