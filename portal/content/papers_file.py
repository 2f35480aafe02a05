"""Reads the words of documents."""

from __future__ import annotations

from pathlib import Path

from portal.content.papers import Words
from portal.content.reading import Strict, Texts, read

_FILE = Path(__file__).with_name("papers.yaml")


class _PapersIn(Strict):
    words: dict[str, Texts]
    groups: dict[str, Texts]


def shipped() -> Words:
    """The words that ship."""
    given = read(_FILE).as_model(_PapersIn)
    return Words(
        words={key: texts.wording() for key, texts in given.words.items()},
        groups={key: texts.wording() for key, texts in given.groups.items()},
    )
