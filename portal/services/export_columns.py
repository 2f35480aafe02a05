"""Columns of a report as declared data, and cells that cannot break a file.

The de-identified columns are those of contract.md ("De-identified report"). Names, dates and item answers
stand in a report only where it was asked for as identified; item answers by kind, each kind for itself.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from portal.content import questionnaire as bank
from portal.domain.answers import Answer
from portal.domain.constructs import POLICIES
from portal.domain.questionnaire import Item, Kind, Section

Cell = str | int | list[str] | None
Sensitivity = Literal["plain", "identity", "safety", "suicide", "affair", "substance", "text"]

#: Kinds of item answers that an identified report may hold, each by a tick of its own.
KINDS: Final = ("safety", "suicide", "affair", "substance", "text")
#: Excel reads UTF-8 only behind this mark.
MARK: Final = b"\xef\xbb\xbf"
#: A cell that begins with one of these is a formula to a spreadsheet (security.md T03).
_RISKY: Final = frozenset("=+-@\t\r\0＝＋－＠")
#: Whatever ``clean`` may change: anything but the printable characters that every text is made of.
_UNCLEAN: Final = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff]")
#: Words and numbers, as in nearly every line: nothing to quote, nothing that begins a formula.
_PLAIN_LINE: Final = re.compile(r"{0}(?:,{0})+".format("(?:[0-9A-Za-z][0-9A-Za-z_ .:-]*)?"))
_SUICIDE: Final = frozenset({"suicide_level", "suicidal_behavior", "threatened_suicide_if_left"})
_SAFETY: Final = frozenset({"free_to_leave", "voluntary", "harm_other", "staying_from_fear"})


_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Source(NamedTuple):
    """All that one row may be made of: one sent intake. ``scores``: the partner of the couple file; empty
    where what belongs to the row could not be opened."""

    export_id: str
    slot: str
    sent_on: date
    scores: Mapping[str, Any] = _EMPTY
    recommendation: Mapping[str, Any] | None = None
    signed_route: str | None = None
    case_key: str = ""
    case_id: str = ""
    name: str | None = None
    answers: Mapping[str, Answer] = _EMPTY

    def __repr__(self) -> str:
        return f"<Source {self.export_id}>"

    @property
    def is_readable(self) -> bool:
        """Whether everything that belongs to the row could be opened."""
        return bool(self.scores)


@dataclass(frozen=True)
class Column:
    """One column: its key, how sensitive it is, and how it is read from a source."""

    key: str
    sensitivity: Sensitivity
    read: Callable[[Source], Cell]


#: Stands for the route of a row that could not be opened: counted, never dropped in silence.
UNREADABLE: Final = "unreadable"


#: What a report tells of a recommendation.
SAID: Final = ("route", "reason", "rule", "model", "gates")


def _said(key: str) -> Callable[[Source], Cell]:
    return lambda source: None if source.recommendation is None else source.recommendation[key]


def _route(source: Source) -> Cell:
    return _said("route")(source) if source.is_readable else UNREADABLE


def _scored(key: str) -> Callable[[Source], Cell]:
    return lambda source: source.scores.get(key)


def _index(key: str) -> Callable[[Source], Cell]:
    return lambda source: source.scores.get("indices", {}).get(key)


def _answered(key: str) -> Callable[[Source], Cell]:
    return lambda source: source.answers.get(key)


DEIDENTIFIED: Final = (
    Column("export_id", "plain", lambda source: source.export_id),
    Column("slot", "plain", lambda source: source.slot),
    Column("month", "plain", lambda source: source.sent_on.isoformat()[:7]),
    Column("route", "plain", _route),
    Column("reason", "plain", _said("reason")),
    Column("rule", "plain", _said("rule")),
    Column("model", "plain", _said("model")),
    Column("signed_route", "plain", lambda source: source.signed_route),
    Column("lean", "plain", _scored("lean")),
    Column("satisfaction", "plain", _scored("satisfaction")),
    Column("mood_score", "plain", _scored("mood_score")),
    Column("gottman", "plain", _index("gottman")),
    Column("eft", "plain", _index("eft")),
    Column("developmental", "plain", _index("developmental")),
    Column("gates", "plain", _said("gates")),
)
IDENTITY: Final = (
    Column("case", "identity", lambda source: source.case_id),
    Column("name", "identity", lambda source: source.name),
    Column("sent_on", "identity", lambda source: source.sent_on.isoformat()),
)


#: Beside the de-identified ones, for counting couples: which rows are of one case, within this report alone.
CASE_KEY: Final = Column("case_key", "plain", lambda source: source.case_key)


def columns(*, identified: bool, include: Sequence[str] = ()) -> tuple[Column, ...]:
    """The columns of a report, the de-identified ones first. ``include`` (of ``KINDS``): kinds of answers."""
    if not identified:
        return DEIDENTIFIED
    wanted = (column for kind in KINDS if kind in include for column in _answers_by_kind()[kind])
    return (*DEIDENTIFIED, *IDENTITY, *wanted)


@cache
def _answers_by_kind() -> Mapping[str, tuple[Column, ...]]:
    """A column for each item that any shipped version asks under any policy, by its one kind."""
    kinds: dict[str, Sensitivity] = {}
    for version in bank.versions():
        for policy in POLICIES:
            for section in bank.load(version, policy=policy).sections:
                for item in section.items:
                    if (kind := kind_of(section, item)) is not None:
                        kinds.setdefault(item.key, kind)
    return {
        kind: tuple(Column(key, found, _answered(key)) for key, found in kinds.items() if found == kind)
        for kind in KINDS
    }


def kind_of(section: Section, item: Item) -> Sensitivity | None:
    """The one kind an item belongs to, the most protected first; None for an item of no kind."""
    tests: tuple[tuple[Sensitivity, bool], ...] = (
        ("text", item.kind is Kind.TEXT),
        ("substance", item.part2),
        ("suicide", item.key in _SUICIDE),
        ("affair", section.key == "affair"),
        ("safety", section.key == "safety" or item.key in _SAFETY),
    )
    return next((kind for kind, is_it in tests if is_it), None)


def clean(text: str) -> str:
    """Text that no reader chokes on: control characters as symbols, halves and non-characters as U+FFFD.

    Line ends become LF; tabs stay.
    """
    if not _UNCLEAN.search(text):  # nearly every cell of a long report
        return text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_shown(char) for char in plain)


def _shown(char: str) -> str:
    code = ord(char)
    if char in "\n\t" or (code >= 0x20 and not _is_poison(code)):
        return char
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _is_poison(code: int) -> bool:
    """DEL and C1 controls, lone surrogates, non-characters."""
    return (
        0x7F <= code <= 0x9F
        or 0xD800 <= code <= 0xDFFF
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
    )


def inert(text: str) -> str:
    """A cell that a spreadsheet takes for text: an apostrophe before whatever would begin a formula.

    Blanks and invisible characters in front do not hide the beginning (security.md T03).
    """
    if text[:1].isalnum():  # begins neither a formula nor with what hides one
        return text
    seen = next((char for char in text if char in _RISKY or not _is_invisible(char)), "")
    return f"'{text}" if seen in _RISKY and seen else text


def _is_invisible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) == "Cf"


def head(chosen: Iterable[Column]) -> bytes:
    """What stands before the first row of a CSV: mark and column names."""
    return MARK + csv_line([column.key for column in chosen])


def cells(chosen: Iterable[Column], source: Source) -> list[Cell]:
    """One row, texts made harmless to readers."""
    found = [column.read(source) for column in chosen]
    if not _UNCLEAN.search("".join([cell for cell in found if isinstance(cell, str)])):
        return found
    return [clean(cell) if isinstance(cell, str) else cell for cell in found]


def flat(cell: Cell) -> str:
    """A cell as text: lists by blanks, nothing for none."""
    if cell is None:
        return ""
    return clean(" ".join(cell)) if isinstance(cell, list) else str(cell)


def csv_row(row: Iterable[Cell]) -> bytes:
    """One row of a CSV, CRLF, no cell a formula."""
    texts = [cell if isinstance(cell, str) else flat(cell) for cell in row]
    line = ",".join(texts)
    if line.count(",") == len(texts) - 1 and _PLAIN_LINE.fullmatch(line):
        return f"{line}\r\n".encode()
    return csv_line([inert(text) for text in texts])


def json_row(keys: Sequence[str], row: Sequence[Cell]) -> bytes:
    """One row as a JSON object and LF."""
    return json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False).encode() + b"\n"


def csv_line(values: Sequence[str]) -> bytes:
    """Texts as one CSV line, UTF-8, CRLF."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(values)
    return buffer.getvalue().encode()
