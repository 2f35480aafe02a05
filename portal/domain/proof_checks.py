"""What ``routing verify`` checks of every couple in the space, each with its first counterexample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from portal.domain.constructs import ACTS, CONTROL_KINDS
from portal.domain.couple import SLOTS
from portal.domain.expressions import Expression, Some
from portal.domain.proof_diagrams import ALWAYS, NEVER, each_pair, row_of
from portal.domain.proof_printed import Row
from portal.domain.proof_readings import Says, Together
from portal.domain.proof_space import BY_PATH, QUESTIONS, STALE, Answer, Frame
from portal.domain.proof_tiers import CRISIS, TIER_A, TIER_B, TIER_H, open_tier
from portal.domain.proof_walk import Part, Proving, Walk, place_of
from portal.domain.rules import Route, Ruleset

JOINT: Final = frozenset({"couples", "discernment"})

FACTS: Final = frozenset(
    {"important_event_since", "shared_account", "validity_concern", "eligible.identity_conflict"}
)
"""Facts that staff or the portal state: nobody's answer, so nobody can leave them blank."""

_DANGERS: Final[Mapping[str, tuple[tuple[Answer, ...], tuple[Answer, ...]]]] = {
    **{
        f"{side}.{act}": (("none",), ("past_year", "earlier"))
        for side in ("harm_received", "harm_done")
        for act in ACTS
    },
    "fear": (("none",), ("some", "strong")),
    "fear_of_consequences": ((False,), (True,)),
    "control_received": (((),), tuple((kind,) for kind in CONTROL_KINDS)),
    "control_done": (((),), tuple((kind,) for kind in CONTROL_KINDS)),
    "escalating": (("nothing_happened", "no"), ("yes",)),
    "free_to_leave": (("yes",), ("hard", "not_safe")),
    "order_of_protection": (("none",), ("past", "current")),
    "child_danger": (("no",), ("concern", "now")),
    "suicide_level": ((0,), (1, 2, 3, 4, 5)),
    "suicidal_behavior": (("none",), ("earlier", "past_year", "past_3_months")),
    "harm_other": (("none",), ("thoughts", "intent")),
    "voluntary": ((3, 4, 5), (1, 2)),
    "private": (("yes",), ("no",)),
    "alcohol_score": ((0,), tuple(range(1, 13))),
    "alcohol_withdrawal": ((False,), (True,)),
    "drug_loss_of_control": ((False,), (True,)),
    "psychosis_mania": (("none",), ("past", "current_treated", "current_untreated")),
}
"""Answers that tell of no danger, and of one."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One check that failed: which, what it found, and the couples (files) that show it, none or more."""

    check: str
    text: str
    couples: tuple[dict[str, Any], ...] = ()


def bars() -> Iterator[tuple[str, Expression]]:
    """What must never stand beside a joint route: not complete, private, fresh or free of danger."""
    complete = (
        *(q.path for q in QUESTIONS[:26]), "private", "submitted_on", "alcohol_withdrawal", "lean",
        "first_step", "commit_months", "own_change", "legal_steps", "alcohol_score", "affair",
        "drug_loss_of_control", "psychosis_mania",
    )  # fmt: skip
    yield "incomplete", _either(*((path, (None,)) for path in complete if not path.endswith(".insult")))
    yield "not private", _either(("private", ("no",)), ("shared_account", (True,)))
    yield "not fresh", _either(("submitted_on", (STALE,)), ("important_event_since", (True,)))
    for name, tier in (("a", TIER_A), ("b", TIER_B), ("h", TIER_H), ("crisis", CRISIS)):
        yield f"tier {name} not cleared", open_tier(tier, name)
        yield f"earlier tier {name} not cleared", Together(f"{name}_standing")
    order = ("order_of_protection", ("current",))
    yield "an order or a child in danger", _either(order, ("child_danger", ("concern", "now")))


def _either(*answers: tuple[str, tuple[Answer, ...]]) -> Expression:
    return Some(tuple(Says(slot, path, given) for path, given in answers for slot in SLOTS))


def check_printed(ruleset: Ruleset, page: Sequence[Row]) -> Iterator[Violation]:
    """The rows are those of the page, in its order, with its routes and reasons."""
    rules = ruleset.rules
    live = [f"{rule.id} {rule.route} : {rule.reason}" for rule in rules]
    wanted = [f"{row} {route} : {reason}" for row, route, reason, _ in page]
    wanted.append("R20 consult : unclassified")
    for place, (found, asked) in enumerate(zip_longest(live, wanted, fillvalue="missing"), 1):
        if found != asked:
            yield Violation("as printed", f"row {place} is {found}; printed is {asked}")
    if [rule.id for rule in rules if rule.when is None] != ["R20"]:
        yield Violation("one route", "R20, and no other row, holds for anything else")


def check_conditions(proving: Proving, walks: Iterable[Walk], page: Sequence[Row]) -> Iterator[Violation]:
    """Every row holds exactly where the page says."""
    places = {rule.id: row for row, rule in enumerate(proving.ruleset.rules)}
    for walk in walks:
        for part in walk.parts:
            for name, *_ in page:
                live, printed = part.rows.get(places.get(name, -1), NEVER), part.named.get(name, NEVER)
                if live != printed:
                    yield _apart(proving, walk, part, (name, live, printed))


def _apart(proving: Proving, walk: Walk, part: Part, row: tuple[str, int, int]) -> Violation:
    name, live, printed = row
    met = set(each_pair(proving.diagrams.pairs(live, printed)))
    here = (ALWAYS, NEVER) in met
    way = proving.diagrams.way_to(live, printed, *((ALWAYS, NEVER) if here else (NEVER, ALWAYS)))
    says = "holds and should not" if here else "should hold and does not"
    couple = proving.couple(walk, part, way, max(walk.beside(part)))
    return Violation("as printed", f"{name} {says}", (couple,))


def check_symmetry(proving: Proving, walks: Iterable[Walk]) -> Iterator[Violation]:
    """Changing a and b over never changes the first row."""
    for walk in walks:
        turned: Frame = {"a": walk.frame["b"], "b": walk.frame["a"]}
        if proving.firsts_of(walk.frame, turned=False) != proving.firsts_of(turned, turned=True):
            part = walk.parts[0]
            couple = proving.couple(walk, part, {}, max(walk.beside(part)))
            yield Violation("swap", "a and b changed over come to another row", (couple,))


Step = tuple[int, int, int]
"""A question, the place of an answer, the place of the answer it is changed to."""


def danger_steps() -> list[Step]:
    """Every way to raise one answer from no danger to a danger."""
    return [
        (place_of(path, slot), BY_PATH[path].answers.index(one), BY_PATH[path].answers.index(two))
        for path, (calm, dangers) in _DANGERS.items()
        for slot in SLOTS
        for one in calm
        for two in dangers
    ]


def blank_steps() -> list[Step]:
    """Every way to leave one answer blank."""
    return [
        (place_of(question.path, slot), place, question.answers.index(None))
        for question in QUESTIONS
        if question.path not in FACTS and question.path != "submitted_on"
        for slot in SLOTS
        for place in range(len(question.answers) - 1)
    ]


def check_steps(
    proving: Proving,
    walks: Iterable[Walk],
    steps: Sequence[Step],
    check: str,
    is_broken: Callable[[Route, Route], bool],
) -> Iterator[Violation]:
    """No single step leads from a route to one that it must not lead to; ``is_broken``: before, after."""
    by_question: dict[int, list[tuple[int, int]]] = {}
    for question, one, two in steps:
        by_question.setdefault(question, []).append((one, two))
    routes = [rule.route for rule in proving.ruleset.rules]
    met: dict[int, int] = {}
    for walk in walks:
        for part in walk.parts:
            if part.first not in met:
                met[part.first] = _met(proving, part.first, by_question)
            others = walk.beside(part)
            for before, after in each_pair(met[part.first]):
                for beside in others:
                    was, is_now = routes[min(row_of(before), beside)], routes[min(row_of(after), beside)]
                    if is_broken(was, is_now):
                        text = f"one answer leads from {was} to {is_now}"
                        couples = _stepped(proving, walk, part, by_question, (before, after, beside))
                        yield Violation(check, text, couples)


def _met(proving: Proving, first: int, by_question: Mapping[int, list[tuple[int, int]]]) -> int:
    """Which rows stand opposite each other before and after any of the steps."""
    diagrams = proving.diagrams
    found = 0
    for node in diagrams.reached(first):
        branches = diagrams.branches[node]
        steps = by_question.get(diagrams.question[node], ())
        for one, two in {(branches[one], branches[two]) for one, two in steps}:
            if one != two:
                found |= diagrams.pairs(one, two)
    return found


def _stepped(
    proving: Proving,
    walk: Walk,
    part: Part,
    by_question: Mapping[int, list[tuple[int, int]]],
    rows: tuple[int, int, int],
) -> tuple[dict[str, Any], ...]:
    diagrams = proving.diagrams
    before, after, beside = rows
    ways = (
        (node, one, two)
        for node in diagrams.reached(part.first)
        for one, two in by_question.get(diagrams.question[node], ())
        if diagrams.meets(diagrams.branches[node][one], diagrams.branches[node][two], before, after)
    )
    node, one, two = next(ways)
    here, there = diagrams.branches[node][one], diagrams.branches[node][two]
    rest = {**diagrams.way_into(part.first, node), **diagrams.way_to(here, there, before, after)}
    question = diagrams.question[node]
    return tuple(proving.couple(walk, part, {**rest, question: place}, beside) for place in (one, two))


def check_joint(proving: Proving, walks: Iterable[Walk]) -> Iterator[Violation]:
    """A joint route only where both have sent, and nothing that bars it stands."""
    names = [name for name, _ in bars()]
    for walk in walks:
        sent = all(stage.name == "sent" for stage in walk.frame.values())
        for part in walk.parts:
            barred = {name: part.named[name] for name in names if name in part.named}
            for name, node in (barred if sent else {"not sent by both": ALWAYS}).items():
                yield from _joined(proving, walk, part, name, node)


def _joined(proving: Proving, walk: Walk, part: Part, name: str, node: int) -> Iterator[Violation]:
    """Joint routes where a condition on one part holds."""
    routes = [rule.route for rule in proving.ruleset.rules]
    others = walk.beside(part)
    for holds, end in each_pair(proving.diagrams.pairs(node, part.first)):
        for beside in others:
            if holds == ALWAYS and routes[min(row_of(end), beside)] in JOINT:
                way = proving.diagrams.way_to(node, part.first, holds, end)
                couple = proving.couple(walk, part, way, beside)
                yield Violation("joint", f"a joint route although {name}", (couple,))


def check_reached(rows: Mapping[str, int]) -> Iterator[Violation]:
    """Every row is the first one for somebody."""
    for rule, count in rows.items():
        if not count:
            yield Violation("reached", f"{rule} is the first row of nobody")
