"""What the engine hands back: a route with everything a therapist needs to judge it (contract.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from portal.domain import explain
from portal.domain.constructs import INDEX_KEYS
from portal.domain.couple import Slot
from portal.domain.fit import ModelFit
from portal.domain.rules import Route
from portal.domain.texts import RulesetTexts, Visibility


class Reason(NamedTuple):
    """Why a row matched. ``slot`` is None where it is about both; ``fields`` are the answers behind it."""

    rule: str
    reason: str
    slot: Slot | None
    fields: tuple[str, ...]
    visibility: Visibility


class Flag(NamedTuple):
    """Something only the therapist sees, about the partner in ``slot``."""

    key: str
    slot: Slot
    visibility: Literal["therapist_only"] = "therapist_only"


class Topic(NamedTuple):
    """A field to speak about in that partner's own interview."""

    slot: Slot
    field: str


class Alternative(NamedTuple):
    """Another way that the row which set the route leaves open; ``reason`` names it."""

    route: Route
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """One answer which, given differently and alone, would lead to ``route``."""

    slot: Slot
    field: str
    was: int | str | None
    becomes: int | str
    route: Route


class Cleared(NamedTuple):
    """What the table says once tiers A, B, H and crisis are cleared for everyone."""

    route: Route
    reason: str
    model: str | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A suggestion; a therapist decides. Lists stand in table order, ties a before b."""

    route: Route
    reason: str
    rule: str
    matched_rules: tuple[str, ...]
    fit: ModelFit
    gates: tuple[str, ...]
    topics: tuple[Topic, ...]
    flags: tuple[Flag, ...]
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    if_cleared: Cleared | None
    would_change: tuple[Change, ...]
    ruleset: str
    inputs_digest: str
    texts: RulesetTexts = field(repr=False, compare=False)

    def as_dict(self, locale: str = "en") -> dict[str, Any]:
        """The printed shape of contract.md ("Recommendation"), sentences in the language of ``locale``.

        ``printing.py`` writes the same as text.
        """
        return {
            "route": self.route,
            "reason": self.reason,
            "rule": self.rule,
            "matched_rules": list(self.matched_rules),
            "model": self.fit.model,
            "models": {
                **dict(zip(INDEX_KEYS, self.fit.values, strict=True)),
                "runner_up": self.fit.runner_up,
                "margin": self.fit.margin,
            },
            "gates": list(self.gates),
            "topics": [topic._asdict() for topic in self.topics],
            "flags": [flag._asdict() for flag in self.flags],
            "reasons": [told_reason(reason, self.texts, locale) for reason in self.reasons],
            "alternatives": [told_alternative(one, self.texts, locale) for one in self.alternatives],
            "if_cleared": self.if_cleared and self.if_cleared._asdict(),
            "would_change": [_change(change) for change in self.would_change],
            "ruleset": self.ruleset,
            "inputs_digest": self.inputs_digest,
        }


def told_reason(reason: Reason, texts: RulesetTexts, locale: str) -> dict[str, Any]:
    """One reason as printed."""
    text = explain.reason_text(texts, reason.rule, reason.reason, reason.fields, locale)
    return {"rule": reason.rule, "slot": reason.slot, "text": text, "visibility": reason.visibility}


def told_alternative(alternative: Alternative, texts: RulesetTexts, locale: str) -> dict[str, Any]:
    """One alternative as printed."""
    text = texts.alternatives[alternative.reason].in_locale(locale)
    return {"route": alternative.route, "reason": alternative.reason, "text": text}


def _change(change: Change) -> dict[str, Any]:
    return {
        "slot": change.slot,
        "field": change.field,
        "from": change.was,
        "to": change.becomes,
        "route": change.route,
    }
