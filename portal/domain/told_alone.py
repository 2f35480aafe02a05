"""Advice where some of the answers cannot be read: what is told counts, what is missing counts for nothing.

Only rows that somebody's words make hold are tried: a row that holds because something is not answered would
hold by what is missing. Where none does, a person decides (R20). Beside the advice before nothing is taken
away: a route never becomes less protective, and what it named of danger stays until everything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from portal.domain.calling import CALLED_SOON
from portal.domain.couple import Couple
from portal.domain.flags import LEAVING_RISK
from portal.domain.gates import GATES, OF_THE_ROUTE
from portal.domain.routing import recommend
from portal.domain.rules import PROTECTIVENESS, Ruleset
from portal.domain.urgency import LOST

#: Rows of danger and of care that comes first: each holds by what somebody told, never by a blank.
TOLD: Final = frozenset({"R1", "R1b", "R2", "R3", "R4", "R5", "R5b", "R5c", "R5d", "R6"})

#: What else has a time of its own.
_SOON: Final = frozenset({*CALLED_SOON, LEAVING_RISK})

Body = Mapping[str, Any]


def advise(couple: Couple, ruleset: Ruleset, before: Body | None, *, lost: Collection[str]) -> dict[str, Any]:
    """What is told alone, beside ``before``, the newest recommendation (contract.md's JSON).

    ``lost``: slots of those of whose form something cannot be read; kept with it, so that staff see it.
    """
    told = recommend(couple, _told_rows(ruleset), would_change=False).as_dict()
    # What the table would say once a tier was cleared, or beside this, it would say by what is missing.
    places = {rule.id: place for place, rule in enumerate(ruleset.rules)}
    made = _beside(
        {**told, "if_cleared": None, "alternatives": []}, before, lambda rule: places.get(rule, len(places))
    )
    known = {key: value for key, value in made.items() if key != LOST}
    return {**known, LOST: sorted(lost)} if lost else known


def is_more(body: Body, before: Body) -> bool:
    """Whether an advice names danger, or a call that cannot wait, that the one before did not."""
    return not _asked(body) <= _asked(before)


def _asked(body: Body) -> set[str]:
    flags = {flag["key"] for flag in body["flags"]}
    return {*(TOLD & {*body["matched_rules"]}), *(_SOON & {*body["gates"], *flags})}


def _told_rows(ruleset: Ruleset) -> Ruleset:
    *rules, otherwise = ruleset.rules
    return replace(ruleset, rules=(*(rule for rule in rules if rule.id in TOLD), otherwise))


def _beside(told: dict[str, Any], before: Body | None, place: Callable[[str], int]) -> dict[str, Any]:
    """The more protective of two routes, of equals the first of the table, with what both name of danger."""
    if before is None:
        return told
    head, beside = sorted((before, told), key=lambda one: (-PROTECTIVENESS[one["route"]], place(one["rule"])))
    rules = {*head["matched_rules"], *TOLD.intersection(beside["matched_rules"])}
    gates = {*head["gates"], *(gate for gate in beside["gates"] if gate not in OF_THE_ROUTE)}
    return {
        **head,
        "matched_rules": sorted(rules, key=place),
        "reasons": sorted(_reasons(head, beside, rules), key=lambda one: place(one["rule"])),
        "gates": [gate for gate in GATES if gate in gates],
        **{name: [*head[name], *(one for one in beside[name] if one not in head[name])]
           for name in ("flags", "topics")},
        "would_change": [],
        "inputs_digest": told["inputs_digest"],
    }  # fmt: skip


def _reasons(head: Body, beside: Body, rules: Collection[str]) -> list[dict[str, Any]]:
    said = {(one["rule"], one["slot"]) for one in head["reasons"]}
    more = [one for one in beside["reasons"] if (one["rule"], one["slot"]) not in said]
    return [*head["reasons"], *(one for one in more if one["rule"] in rules)]
