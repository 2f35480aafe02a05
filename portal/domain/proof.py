"""``routing verify``: the rules proven over the whole decision space (clinical.md §4, "Invariants").

Every pair of stages is a frame; inside it every combination of answers is walked as decision diagrams. What
is true of (a, b) is proven for (b, a) by the swap, so each unordered pair is walked once and counted twice.
The checks are in ``proof_checks.py`` and ``proof_samples.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from portal.domain.proof_checks import (
    JOINT,
    Violation,
    bars,
    blank_steps,
    check_conditions,
    check_joint,
    check_printed,
    check_reached,
    check_steps,
    check_symmetry,
    danger_steps,
)
from portal.domain.proof_diagrams import Diagrams
from portal.domain.proof_printed import Row, printed
from portal.domain.proof_readings import Readings
from portal.domain.proof_samples import check_samples
from portal.domain.proof_space import STAGES, WIDTHS, Frame, states
from portal.domain.proof_walk import Proving, Walk
from portal.domain.rules import PROTECTIVENESS, Route, Ruleset


@dataclass(frozen=True, slots=True)
class Proof:
    """What was walked and what was found.

    ``states``: couples that differ in an answer the rules read; ``rows`` and ``routes``: how many of them
    come to each row first, and to each route. ``branchings``: size of the diagrams. ``violations``: the first
    counterexample of every check that failed.
    """

    states: int
    frames: int
    branchings: int
    rows: Mapping[str, int]
    routes: Mapping[Route, int]
    violations: tuple[Violation, ...]


def prove(ruleset: Ruleset) -> Proof:
    """Walk the whole space of a ruleset and check everything that is promised of it."""
    page = printed(ruleset)
    made = proving(ruleset, page)
    walks = [made.walk(frame) for frame in frames()]
    counts = _counts(made, walks)
    rows = {rule.id: count for rule, count in zip(ruleset.rules, counts, strict=True)}
    return Proof(
        states=sum(_twice(walk) * states(walk.frame) for walk in walks),
        frames=len(STAGES) ** 2,
        branchings=_branchings(made, walks),
        rows=rows,
        routes=_routes(ruleset, rows),
        violations=tuple(_violations(made, walks, page, rows)),
    )


def first_fault(ruleset: Ruleset) -> Violation | None:
    """The first violation alone, found as early as it can be; None where the whole proof holds."""
    page = printed(ruleset)
    for violation in check_printed(ruleset, page):
        return violation
    made = proving(ruleset, page)
    for frame in frames():
        for violation in check_conditions(made, [made.walk(frame)], page):
            return violation
    return next(iter(prove(ruleset).violations), None)


def proving(ruleset: Ruleset, page: tuple[Row, ...]) -> Proving:
    """A ruleset with its predicates read, ready to be walked."""
    diagrams = Diagrams(WIDTHS)
    named = (*((row, when) for row, _, _, when in page), *bars())
    return Proving(ruleset, diagrams, Readings(ruleset, diagrams), named)


def frames() -> Iterator[Frame]:
    """Every unordered pair of stages, the pair of two who have sent first."""
    for n, a in enumerate(STAGES):
        for b in STAGES[n:]:
            yield {"a": a, "b": b}


def _branchings(proving: Proving, walks: Iterable[Walk]) -> int:
    firsts = {part.first for walk in walks for part in walk.parts}
    return sum(len(proving.diagrams.reached(first)) for first in firsts)


def _twice(walk: Walk) -> int:
    return 1 if walk.frame["a"] is walk.frame["b"] else 2


def _counts(proving: Proving, walks: Iterable[Walk]) -> list[int]:
    found = [0] * len(proving.ruleset.rules)
    for walk in walks:
        for row, count in proving.counts(walk).items():
            found[row] += _twice(walk) * count
    return found


def _routes(ruleset: Ruleset, rows: Mapping[str, int]) -> dict[Route, int]:
    return {
        route: sum(rows[rule.id] for rule in ruleset.rules if rule.route == route) for route in PROTECTIVENESS
    }


def _violations(
    proving: Proving, walks: list[Walk], page: tuple[Row, ...], rows: Mapping[str, int]
) -> Iterator[Violation]:
    """The first of each check."""
    checks = (
        check_printed(proving.ruleset, page),
        check_conditions(proving, walks, page),
        check_symmetry(proving, walks),
        check_steps(proving, walks, danger_steps(), "danger", is_less_protective),
        check_steps(proving, walks, blank_steps(), "blank", is_joint_anew),
        check_joint(proving, walks),
        check_reached(rows),
        check_samples(proving, walks),
    )
    yield from chain.from_iterable(islice(check, 1) for check in checks)


def is_less_protective(before: Route, after: Route) -> bool:
    """Whether a step lowers the protection."""
    return PROTECTIVENESS[after] < PROTECTIVENESS[before]


def is_joint_anew(before: Route, after: Route) -> bool:
    """Whether a step opens a joint route."""
    return after in JOINT and before not in JOINT
