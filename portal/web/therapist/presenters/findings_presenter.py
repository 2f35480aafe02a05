"""Safety findings as rows of a table: one for each answer, with every tier it takes part in."""

from __future__ import annotations

from collections.abc import Iterable

from portal.services.standing import FindingView
from portal.web.therapist import words

_GRAVEST_FIRST = tuple(words.TIERS)


def rows(findings: Iterable[FindingView]) -> list[tuple[str, list[str]]]:
    """(slot, [answer, tiers, rows of the table, state, when]), the gravest first."""
    found: dict[tuple[str, str, str, str], list[FindingView]] = {}
    for one in sorted(findings, key=lambda one: _GRAVEST_FIRST.index(one.tier)):
        key = (one.slot, one.field, one.state, words.moment_words(one.found_at))
        found.setdefault(key, []).append(one)
    return [
        (slot, [words.field_words(field), _tiers(group), _rules(group), str(words.STATES[state]), when])
        for (slot, field, state, when), group in found.items()
    ]


def _tiers(group: list[FindingView]) -> str:
    return "; ".join(dict.fromkeys(str(words.TIERS[one.tier]) for one in group))


def _rules(group: list[FindingView]) -> str:
    return ", ".join(dict.fromkeys(one.rule for one in group))
