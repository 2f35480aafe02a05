"""Reads the sentences of a ruleset, ``rules/<id>.yaml``.

They are checked against the engine's own lists, so that no row, gate, flag, field or alternative is without
words, and no words without a use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from portal.content.faults import Fault
from portal.content.reading import Document, Strict, Text, Texts, read_checked
from portal.content.rules import RULESETS
from portal.domain.couple_fields import FIELD_ORDER
from portal.domain.fit import MODELS
from portal.domain.flags import FLAGS
from portal.domain.gates import GATES
from portal.domain.questionnaire import Wording
from portal.domain.routing import ALTERNATIVES
from portal.domain.rules import PROTECTIVENESS
from portal.domain.table import TABLE
from portal.domain.texts import RulesetTexts, RuleTexts

NOTES: Final = ("answer", "answers", "heuristic", "self_report")

_FOLDER: Final = Path(__file__).parent / "rules"


class RuleContent(Strict):
    """The words of one row."""

    visibility: Literal["own", "therapist_only"]
    source: Text
    evidence: Texts
    when: Texts
    reasons: dict[str, Texts]


class RulesContent(Strict):
    """The file as it stands."""

    id: Text
    routes: dict[str, Texts]
    next_steps: dict[str, Texts]
    rules: dict[str, RuleContent]
    gates: dict[str, Texts]
    flags: dict[str, Texts]
    alternatives: dict[str, Texts]
    models: dict[str, Texts]
    notes: dict[str, Texts]
    fields: dict[str, Texts]


def shipped() -> dict[str, RulesetTexts]:
    """The sentences of every ruleset that ships."""
    return {named: load_texts(_FOLDER / f"{named}.yaml") for named in RULESETS}


def load_texts(path: Path) -> RulesetTexts:
    """The sentences of one file; ContentError with every fault at once."""
    content = read_checked(path, RulesContent, _faults)
    return RulesetTexts(
        rules={key: _rule(rule) for key, rule in content.rules.items()},
        routes=_wordings(content.routes),
        next_steps=_wordings(content.next_steps),
        gates=_wordings(content.gates),
        flags=_wordings(content.flags),
        fields=_wordings(content.fields),
        alternatives=_wordings(content.alternatives),
        models=_wordings(content.models),
        notes=_wordings(content.notes),
    )


def _rule(rule: RuleContent) -> RuleTexts:
    return RuleTexts(
        rule.when.wording(), _wordings(rule.reasons), rule.visibility, rule.source, rule.evidence.wording()
    )


def _wordings(texts: Mapping[str, Texts]) -> dict[str, Wording]:
    return {key: text.wording() for key, text in texts.items()}


def _faults(document: Document, content: RulesContent) -> Iterator[Fault]:
    wanted: dict[str, Iterable[str]] = {
        "routes": PROTECTIVENESS,
        "next_steps": PROTECTIVENESS,
        "rules": [rule.id for rule in TABLE],
        "gates": GATES,
        "flags": FLAGS,
        "alternatives": ALTERNATIVES,
        "models": MODELS,
        "notes": NOTES,
        "fields": FIELD_ORDER,
    }
    if content.id != document.name.removesuffix(".yaml"):
        yield document.fault("id: does not match the file's name", "id")
    for part, keys in wanted.items():
        yield from _differences(document, (part,), keys, getattr(content, part))
    for rule in TABLE:
        if rule.id in content.rules:
            reasons = [reason for reason in (rule.reason, rule.reason_if_call_first) if reason]
            place = ("rules", rule.id, "reasons")
            yield from _differences(document, place, reasons, content.rules[rule.id].reasons)


def _differences(
    document: Document, place: tuple[str, ...], wanted: Iterable[str], given: Mapping[str, object]
) -> Iterator[Fault]:
    name = ".".join(place)
    expected = set(wanted)
    for key in sorted(expected - set(given)):
        yield document.fault(f"{name}.{key}: is missing", *place)
    for key in sorted(set(given) - expected):
        yield document.fault(f"{name}.{key}: is nothing the engine knows", *place, key)
