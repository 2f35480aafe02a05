"""The sentences of a ruleset, in every language of the portal; the engine only ever handles their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from portal.domain.questionnaire import Wording

Visibility = Literal["own", "therapist_only"]


@dataclass(frozen=True, slots=True)
class RuleTexts:
    """What is said about one row: its condition in words, a sentence for each of its reasons, its source.

    ``visibility``: "own" where the sentence speaks only of what that partner said about themselves and
    reveals no danger; all else is for the therapist alone. ``evidence`` says how well the row is founded.
    """

    when: Wording
    reasons: Mapping[str, Wording]
    visibility: Visibility
    source: str
    evidence: Wording


@dataclass(frozen=True, slots=True)
class RulesetTexts:
    """Every sentence of a ruleset by key: rules, routes and what comes next, gates, flags, fields, models."""

    rules: Mapping[str, RuleTexts]
    routes: Mapping[str, Wording]
    next_steps: Mapping[str, Wording]
    gates: Mapping[str, Wording]
    flags: Mapping[str, Wording]
    fields: Mapping[str, Wording]
    alternatives: Mapping[str, Wording]
    models: Mapping[str, Wording]
    notes: Mapping[str, Wording]
