"""The engine's keys as sentences a tired therapist reads once."""

from __future__ import annotations

from collections.abc import Iterable

from portal.domain.texts import RulesetTexts


def reason_text(texts: RulesetTexts, rule: str, reason: str, fields: Iterable[str], locale: str) -> str:
    """The sentence for a reason, with the answers behind it named in brackets; never their values."""
    sentence = texts.rules[rule].reasons[reason].in_locale(locale)
    named = [texts.fields[field].in_locale(locale) for field in fields]
    if not named:
        return sentence
    told = texts.notes["answer" if len(named) == 1 else "answers"].in_locale(locale)
    return f"{sentence} ({told}: {'; '.join(named)})"


def model_text(texts: RulesetTexts, model: str, locale: str) -> str:
    """The suggested couple model and, always, that it is a heuristic."""
    return f"{texts.models[model].in_locale(locale)} {texts.notes['heuristic'].in_locale(locale)}"
