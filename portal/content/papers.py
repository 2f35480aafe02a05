"""Words of the documents that an admin makes, and the sheet they are set on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from portal.content.reading import Strict, Texts, read
from portal.domain.questionnaire import Wording

_FILE = Path(__file__).with_name("papers.yaml")
_SHEET = Path(__file__).with_name("paper.typ")


class _PapersIn(Strict):
    words: dict[str, Texts]
    groups: dict[str, Texts]


@cache
def words() -> Mapping[str, Wording]:
    """Every text by its key."""
    return {key: texts.wording() for key, texts in read(_FILE).as_model(_PapersIn).words.items()}


@cache
def groups() -> Mapping[str, Wording]:
    """What counts are told by, in a few words: by route, reason, model or signature."""
    return {key: texts.wording() for key, texts in read(_FILE).as_model(_PapersIn).groups.items()}


def group(code: str, language: str) -> str:
    """A group in words: "consult: child" part by part; a month, which has no words, as it is."""
    known = groups()
    return ": ".join(known[one].in_locale(language) if one in known else one for one in code.split(": "))


@cache
def sheet() -> str:
    """The typst template; it reads title, mark, notes and sections of tables, lists and texts as data."""
    return _SHEET.read_text("utf-8")
