"""Help lines as pages show them: the shipped ones, or a practice's own, typed one a row.

A row reads ``name | number | when it helps and how to reach it``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from portal.content import resources

#: More lines than this nobody reads in need.
MOST: Final = 8
_LONGEST_NAME, _LONGEST_HOW = 80, 300
_NUMBER: Final = re.compile(r"\+?[0-9(][0-9 ()./-]{1,28}[0-9]")
_BETWEEN: Final = "|"


class NotHelpLines(ValueError):
    """The text holds a row that is no help line, or too many of them."""


@dataclass(frozen=True)
class ShownLine:
    """One line in one language; `contact` as printed."""

    name: str
    contact: str
    how: str


@cache
def shipped(language: str) -> tuple[ShownLine, ...]:
    """The lines of ``resources.yaml``."""
    return tuple(
        ShownLine(
            line.name.in_locale(language),
            line.phone,
            f"{line.about.in_locale(language)} {line.message.in_locale(language)}",
        )
        for line in resources.load().lines
    )


@cache
def of_text(text: str, language: str) -> tuple[ShownLine, ...]:
    """The lines of a practice's own text; the shipped ones where it is empty. NotHelpLines for a bad row."""
    rows = [row for row in text.splitlines() if row.strip()]
    if len(rows) > MOST:
        raise NotHelpLines
    return tuple(_line(row) for row in rows) or shipped(language)


def as_text(lines: tuple[ShownLine, ...]) -> str:
    """The lines as an admin reads and types them."""
    return "\n".join(f" {_BETWEEN} ".join((line.name, line.contact, line.how)) for line in lines)


def as_sentence(lines: tuple[ShownLine, ...]) -> str:
    """The names and numbers within a sentence."""
    return "; ".join(f"{line.name} ({line.contact})" for line in lines)


def _line(row: str) -> ShownLine:
    parts = [" ".join(part.split()) for part in row.split(_BETWEEN)]
    if len(parts) != 3:
        raise NotHelpLines
    name, contact, how = parts
    is_good = (
        0 < len(name) <= _LONGEST_NAME
        and _NUMBER.fullmatch(contact) is not None
        and 0 < len(how) <= _LONGEST_HOW
        and row.replace("\t", " ").isprintable()
    )
    if not is_good:
        raise NotHelpLines
    return ShownLine(name, contact, how)
