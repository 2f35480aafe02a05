"""Filling {names} into texts. Only the names a text declares; a value is never read as a text again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from portal.domain.questionnaire import Wording

_NAME = re.compile(r"\{([^{}]*)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every {name} replaced; KeyError when a value is missing."""
    return _NAME.sub(lambda match: values[match.group(1)], text)


def names(text: str) -> frozenset[str]:
    """The names that a text wants filled in."""
    return frozenset(_NAME.findall(text))


def unknown(wording: Wording, known: Collection[str]) -> list[str]:
    """Placeholders that nobody fills, and those that stand in one language only; sorted."""
    english, spanish = names(wording.en), names(wording.es)
    return sorted((english | spanish).difference(known) | (english ^ spanish))
