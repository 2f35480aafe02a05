"""Unicode's normal forms of any text, in a time that grows with its length.

Python sorts the accents behind one letter by exchanging neighbours: a hundred thousand of them, a single
post, take it fifteen seconds in which nothing else of the process runs. Here a text is composed in pieces.
"""

from __future__ import annotations

import unicodedata
from typing import Final, Literal

Form = Literal["NFC", "NFKC", "NFKD"]

#: Characters of a piece; it goes on, by as many at most, to where nothing is torn.
_PIECE: Final = 128
#: Behind so many characters nothing composes with what stood before them: three make a Korean syllable.
_BEFORE: Final = 3


def normalized(form: Form, text: str) -> str:
    """As ``unicodedata.normalize``, but for hundreds of accents in a row: those are sorted in parts."""
    if text.isascii():
        return text
    if len(text) <= _PIECE:
        return unicodedata.normalize(form, text)
    pieces, begin = [], 0
    while begin < len(text):
        end = _end(form, text, begin + _PIECE)
        pieces.append(unicodedata.normalize(form, text[begin:end]))
        begin = end
    return "".join(pieces)


def _end(form: Form, text: str, at: int) -> int:
    """Where a piece may end, from ``at`` on: before a character that is no accent and joins nothing."""
    for end in range(at, min(at + _PIECE, len(text))):
        if not unicodedata.combining(text[end]) and not _joins(form, text, end):
            return end
    return at + _PIECE


def _joins(form: Form, text: str, at: int) -> bool:
    before, here = text[at - _BEFORE : at], text[at]
    apart = unicodedata.normalize(form, before) + unicodedata.normalize(form, here)
    return unicodedata.normalize(form, before + here) != apart
