"""``docs/routing.md``: the rules as a page, written from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from portal.domain.expressions import All, Expression, Leaf, Not, Some
from portal.domain.fit import MODELS
from portal.domain.population import RATES
from portal.domain.proof import Proof
from portal.domain.routing_riders import riders
from portal.domain.rules import PROTECTIVENESS, SAFE_RANGES, Rule, Ruleset
from portal.domain.study import Figure, Study

_WHOSE: Final = {"mine": "this partner", "theirs": "the other", "ours": "the couple"}
_WORK: Final = {
    "same_day_per_ten": "couples to be read the same day (R1, R1b, R2, R3, `leaving_risk`), of ten",
    "two_days_per_ten": "couples within two working days (R4), of ten",
    "five_days_per_ten": "couples within five working days (R5b, R5d), of ten",
    "calls_per_week": "individual calls a week",
    "safety_interviews_per_week": "of these: interviews about danger or harm",
}
_SETTINGS: Final = {
    "stale_days": "days until an intake is renewed (R12)",
    "alcohol_level": "untreated alcohol score that is looked at first (R5c)",
    "index_margin": "lead of the best index from which a model is suggested (R19)",
    "clarity_for_two": "1: discernment counseling is named as an alternative for two unsure partners (R16b)",
}


def routing_page(ruleset: Ruleset, meanings: Mapping[str, str], proof: Proof, study: Study) -> str:
    """The whole page; ``meanings``: predicate -> the answers that make it true."""
    parts = (
        _head(ruleset),
        _table_of_rules(ruleset),
        _riders(ruleset),
        _settings(ruleset),
        _exact(ruleset, meanings),
        _proof(proof),
        _study(study),
    )
    return "\n".join(line.rstrip() for part in parts for line in part) + "\n"


def _head(ruleset: Ruleset) -> Iterator[str]:
    yield from (
        "# How couples are routed",
        "",
        f"Ruleset {ruleset.id}. Written by `flask --app wsgi routing document docs` from the rules;",
        "a test fails when this page is not current. Change the rules, not the page.",
        "",
        "The portal suggests, a therapist decides; nothing here reaches a partner by itself. Answers are",
        "what people say about themselves and are not verified: no danger told does not mean there is none.",
        "",
        "The rows are tried in this order. The first that holds sets the route; every other one that holds",
        "is reported beside it. From the most to the least protective: " + _protectiveness() + ".",
        "",
        "![The rows in their order, each with the route it leads to](pictures/routing.svg)",
        "",
    )


def _protectiveness() -> str:
    levels: dict[int, list[str]] = {}
    for route, level in PROTECTIVENESS.items():
        levels.setdefault(level, []).append(route)
    return ", ".join(" = ".join(routes) for routes in levels.values())


def _table_of_rules(ruleset: Ruleset) -> Iterator[str]:
    texts = ruleset.texts
    yield from ("## The table", "")
    rows = []
    for rule in ruleset.rules:
        said = texts.rules[rule.id]
        reasons = " or ".join(f"`{rule.route} : {reason}`" for reason in said.reasons)
        words = " / ".join(text.in_locale("en") for text in said.reasons.values())
        rows.append(
            (rule.id, said.when.in_locale("en"), reasons, words, said.source, said.evidence.in_locale("en"))
        )
    yield from _table(("row", "if", "route : reason", "what the therapist reads", "source", "evidence"), rows)
    yield from ("", "### Routes", "")
    names = [
        (f"`{route}`", texts.routes[route].in_locale("en"), texts.next_steps[route].in_locale("en"))
        for route in PROTECTIVENESS
    ]
    yield from _table(("route", "means", "next step"), names)
    yield ""


def _riders(ruleset: Ruleset) -> Iterator[str]:
    texts = ruleset.texts
    yield from riders(texts)
    sections = (
        ("Alternatives that a row leaves open", texts.alternatives),
        ("R19: the model within couples, always a heuristic", {key: texts.models[key] for key in MODELS}),
    )
    for title, entries in sections:
        yield from (f"### {title}", "")
        yield from _table(("key", "says"), [(f"`{k}`", text.in_locale("en")) for k, text in entries.items()])
        yield ""
    yield texts.notes["heuristic"].in_locale("en")
    yield from (
        "All three indices under 30: enrichment. The best at 50 or more and ahead by the margin: that model.",
        "Else the therapist chooses. The runner-up and the margin are always shown.",
        "",
    )


def _settings(ruleset: Ruleset) -> Iterator[str]:
    yield from ("## What a practice may set", "")
    rows = [
        (f"`{name}`", _SETTINGS[name], str(getattr(ruleset, name)), f"{low} to {high}")
        for name, (low, high) in SAFE_RANGES.items()
    ]
    yield from _table(("setting", "is", "here", "safe range"), rows)
    yield from ("", "No safety row reads a setting, so none can loosen one.", "")


def _exact(ruleset: Ruleset, meanings: Mapping[str, str]) -> Iterator[str]:
    yield from (
        "## The conditions exactly",
        "",
        "Each row is read from the place of either partner (*this partner*, *the other*) and holds for the",
        "couple when it holds from one of the two. *Unknown* is an answer that was not given.",
        "",
    )
    yield from _table(("row", "holds when"), [(rule.id, _condition(rule)) for rule in ruleset.rules])
    yield from ("", "Names used above, with the answers that make them true:", "")
    yield from _table(("name", "true when"), [(f"`{name}`", said) for name, said in meanings.items()])
    yield ""


def _condition(rule: Rule) -> str:
    return "nothing above does" if rule.when is None else _words(rule.when)


def _words(expression: Expression) -> str:
    if isinstance(expression, Leaf):
        return f"{_WHOSE[expression.whose]}: {_named(expression)}"
    if isinstance(expression, Not):
        return f"not ({_words(expression.part)})"
    if isinstance(expression, All | Some):
        return (" and " if isinstance(expression, All) else " or ").join(_parts(expression))
    raise TypeError(type(expression).__name__)


def _named(leaf: Leaf) -> str:
    return f"`{leaf.name}`" + {True: "", False: " is false", None: " is unknown"}[leaf.value]


def _parts(expression: All | Some) -> Iterator[str]:
    """The parts in words; the same of this partner and of the other is said once."""
    whom = "both" if isinstance(expression, All) else "either"
    parts = list(expression.parts)
    while parts:
        part = parts.pop(0)
        if isinstance(part, Leaf) and parts and parts[0] == replace(part, whose="theirs"):
            parts.pop(0)
            yield f"{whom}: {_named(part)}"
        else:
            yield f"({_words(part)})" if isinstance(part, All | Some) else _words(part)


def _proof(proof: Proof) -> Iterator[str]:
    yield from (
        "## Proven",
        "",
        f"`routing verify` walks {proof.states:.2e} couples, all that differ in an answer the rules read",
        f"({proof.frames} pairs of stages). Violations: {len(proof.violations)}. It checks: one route each;",
        "a and b change over; no danger told lowers the protection; no blank opens a joint route; a joint",
        "route only when both are complete, private, fresh and free of uncleared danger; every row, gate",
        "and flag is reached; and every row holds exactly where a second writing of the table says.",
        "",
    )


def _study(study: Study) -> Iterator[str]:
    yield from (
        "## What a practice may expect",
        "",
        f"`routing simulate`: {study.practices} made-up practices of {study.couples} couples, each with",
        "rates of its own inside the ranges below. Figures are means, in brackets the middle nine tenths of",
        f"the practices. Weekly figures: {study.per_week} couples newly ask in a week. `[d]` is an",
        "assumption of ours: a practice that knows its own rates should trust those.",
        "",
    )
    yield from _table(("work", "mean (from - to)"), [(_WORK[k], _number(f)) for k, f in study.work.items()])
    yield ""
    yield from _table(("route", "of 100 couples"), [(f"`{k}`", _share(f)) for k, f in study.routes.items()])
    yield ""
    yield from _table(("first row", "of 100 couples"), [(k, _share(f)) for k, f in study.rows.items()])
    yield from ("", "### Base rates", "")
    rates = [(r.says, f"{100 * r.low:g} - {100 * r.high:g} %", r.source) for r in RATES]
    yield from _table(("of couples or partners", "between", "source"), rates)


def _number(figure: Figure) -> str:
    return f"{figure.mean:.1f} ({figure.low:.1f} - {figure.high:.1f})"


def _share(figure: Figure) -> str:
    return f"{100 * figure.mean:.1f} ({100 * figure.low:.0f} - {100 * figure.high:.0f})"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
