"""Recommendations as JSON text: what ``json.dumps`` makes of ``as_dict``, byte for byte, in less time.

Most of what is printed - rows, gates, topics, flags, sentences - comes again and again: each piece is
written once and remembered, up to a limit, so that memory stays what it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from portal.domain.fit import ModelFit
from portal.domain.recommendation import (
    Alternative,
    Cleared,
    Flag,
    Reason,
    Recommendation,
    Topic,
    told_alternative,
    told_reason,
)
from portal.domain.texts import RulesetTexts

_REMEMBERED: Final = 4096


def printer(texts: RulesetTexts, locale: str = "en") -> Callable[[Recommendation], str]:
    """What writes recommendations of a ruleset with these sentences, in the language of ``locale``.

    It writes none that says what would change it: such a one is printed by itself, from ``as_dict``.
    """

    @lru_cache(maxsize=_REMEMBERED)
    def reason(one: Reason) -> str:
        return json.dumps(told_reason(one, texts, locale))

    @lru_cache(maxsize=_REMEMBERED)
    def beside(alternatives: tuple[Alternative, ...], cleared: Cleared | None) -> str:
        told = [told_alternative(one, texts, locale) for one in alternatives]
        return _inside({"alternatives": told, "if_cleared": cleared and cleared._asdict()})

    def text(made: Recommendation) -> str:
        head = _head(made.route, made.reason, made.rule, made.matched_rules)
        reasons = ", ".join([*map(reason, made.reasons)])
        return (
            f"{{{head}, {_models(made.fit)}, {_gates(made.gates)}, {_topics(made.topics)}, "
            f'{_flags(made.flags)}, "reasons": [{reasons}], {beside(made.alternatives, made.if_cleared)}, '
            f'"would_change": [], "ruleset": "{made.ruleset}", "inputs_digest": "{made.inputs_digest}"}}'
        )

    return text


def _inside(part: dict[str, Any]) -> str:
    """Some of the fields of an object, without its braces."""
    return json.dumps(part)[1:-1]


@lru_cache(maxsize=_REMEMBERED)
def _head(route: str, reason: str, rule: str, matched: tuple[str, ...]) -> str:
    return _inside({"route": route, "reason": reason, "rule": rule, "matched_rules": matched})


@lru_cache(maxsize=_REMEMBERED)
def _gates(keys: tuple[str, ...]) -> str:
    return _inside({"gates": keys})


@lru_cache(maxsize=_REMEMBERED)
def _topics(topics: tuple[Topic, ...]) -> str:
    return _inside({"topics": [topic._asdict() for topic in topics]})


@lru_cache(maxsize=_REMEMBERED)
def _flags(flags: tuple[Flag, ...]) -> str:
    return _inside({"flags": [flag._asdict() for flag in flags]})


def _models(fit: ModelFit) -> str:
    gottman, eft, developmental = map(_number, fit.values)
    return (
        f'"model": {_name(fit.model)}, "models": {{"gottman": {gottman}, "eft": {eft}, '
        f'"developmental": {developmental}, "runner_up": {_name(fit.runner_up)}, '
        f'"margin": {_number(fit.margin)}}}'
    )


def _number(value: int | float | None) -> str:
    return "null" if value is None else repr(value)


def _name(key: str | None) -> str:
    return "null" if key is None else f'"{key}"'
