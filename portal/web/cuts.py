"""Templates cut once: drawn with marks where something changes from one request to the next, then filled.

What is kept between requests is the text around the marks; what is put in is never looked at for marks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([^{_CLOSE}]+){_CLOSE}")

#: Text and the names of marks in turn, a text first and last.
Cut = tuple[str, ...]


def mark(name: str) -> Markup:
    """Where a value of this name belongs."""
    return Markup(f"{_OPEN}{name}{_CLOSE}")  # noqa: S704  (a mark of our own)


def cut(drawn: str) -> Cut:
    """What was drawn, parted at its marks."""
    return tuple(_MARK.split(drawn))


def around(pieces: Cut, name: str) -> tuple[Cut, Cut]:
    """What stands before the first mark of this name, and what after it."""
    at = 2 * pieces[1::2].index(name) + 1
    return pieces[:at], pieces[at + 1 :]


def in_bytes(pieces: Cut) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The bytes that are sent, with nothing where a mark is, and the names of the marks."""
    return tuple(b"" if at % 2 else piece.encode() for at, piece in enumerate(pieces)), pieces[1::2]


def fill(pieces: Cut, values: Mapping[str, str]) -> Markup:
    """The whole text; values are HTML already."""
    whole = list(pieces)
    whole[1::2] = [values[name] for name in pieces[1::2]]
    return Markup("".join(whole))  # noqa: S704  (drawn by a template, filled with HTML)
