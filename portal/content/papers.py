"""Words of the documents that an admin makes, and the sheet they are set on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.content import shipped
from portal.domain.questionnaire import Wording

_SHEET = Path(__file__).with_name("paper.typ")


@dataclass(frozen=True)
class Words:
    """Every text by its key, and what counts are told by."""

    words: Mapping[str, Wording]
    groups: Mapping[str, Wording]


def words() -> Mapping[str, Wording]:
    """Every text by its key."""
    return _words().words


def groups() -> Mapping[str, Wording]:
    """What counts are told by, in a few words: by route, reason, model or signature."""
    return _words().groups


def _words() -> Words:
    found: Words = shipped.part("papers")
    return found


def group(code: str, language: str) -> str:
    """A group in words: "consult: child" part by part; a month, which has no words, as it is."""
    known = groups()
    return ": ".join(known[one].in_locale(language) if one in known else one for one in code.split(": "))


@cache
def sheet() -> str:
    """The typst template; it reads title, mark, notes and sections of tables, lists and texts as data."""
    return _SHEET.read_text("utf-8")
