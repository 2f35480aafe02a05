"""Rows of a report as lines of what is written, a batch at a time.

A de-identified row holds a drawn id and then few words and numbers, the same ones in row after row: each of
them is cleaned, kept from being a formula, and quoted once a batch, and a line is put together from those.
Any other row is written cell by cell. Either way gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final

from portal.services import export_columns, export_spool
from portal.services.export_columns import DEIDENTIFIED, Cell, Column, Source

#: What the rows are written as: ``rows`` as a spool keeps them, ``csv`` or ``json`` as a file has them.
FORMS: Final = ("rows", "csv", "json")
#: What the cells of a line that is put together are; True would be taken for 1.
_PLAIN: Final = frozenset({str, int, tuple, type(None)})


def written(form: str, columns: Sequence[Column], sources: Sequence[Source]) -> bytes:
    """The lines of these rows in one of ``FORMS``, UTF-8."""
    if columns is DEIDENTIFIED:
        rows = [_few(source) for source in sources]
        if _PLAIN.issuperset(map(type, chain.from_iterable(rows))):
            try:
                return _joined(form, [source.export_id for source in sources], rows)
            except TypeError:  # a list of what is no text
                pass
    return _by_cell(form, columns, [export_columns.cells(columns, source) for source in sources])


def _few(source: Source) -> tuple[Any, ...]:
    """What the de-identified columns hold, but for the first; a list as a tuple, to be looked up by."""
    said, scores = source.recommendation, source.scores
    if not scores or said is None:
        return tuple([column.read(source) for column in DEIDENTIFIED[1:]])
    indices, gates = scores["indices"], said["gates"]
    return (
        source.slot, source.sent_on.isoformat()[:7],
        said["route"], said["reason"], said["rule"], said["model"], source.signed_route,
        scores["lean"], scores["satisfaction"], scores["mood_score"],
        indices["gottman"], indices["eft"], indices["developmental"],
        tuple(gates) if type(gates) is list else gates,
    )  # fmt: skip


class _Words(dict[Any, str]):
    """Each cell as it is written, worked out when it is met first."""

    def __init__(self, write: Callable[[Cell], str]) -> None:
        self._write = write

    def __missing__(self, cell: Any) -> str:
        found = self[cell] = self._write([*cell] if type(cell) is tuple else cell)
        return found


def _joined(form: str, ids: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> bytes:
    word = _Words(_in_csv if form == "csv" else _in_json).__getitem__
    if form == "csv":
        lines = [f"{drawn},{','.join(map(word, row))}\r\n" for drawn, row in zip(ids, rows, strict=True)]
        return "".join(lines).encode()
    if form == "rows":
        return "\n".join(
            [f'["{drawn}", {", ".join(map(word, row))}]' for drawn, row in zip(ids, rows, strict=True)]
        ).encode()
    line = "{{{}}}\n".format(", ".join(f'"{column.key}": %s' for column in DEIDENTIFIED))
    return "".join(
        [line % (f'"{drawn}"', *map(word, row)) for drawn, row in zip(ids, rows, strict=True)]
    ).encode()


def _in_csv(cell: Cell) -> str:
    text = export_columns.inert(export_columns.flat(_clean(cell)))
    # Beside another one: alone in its line, an empty cell is quoted.
    return export_columns.csv_line([text, ""]).decode().removesuffix(",\r\n")


def _in_json(cell: Cell) -> str:
    return json.dumps(_clean(cell), ensure_ascii=False)


def _clean(cell: Cell) -> Cell:
    return export_columns.clean(cell) if isinstance(cell, str) else cell


def _by_cell(form: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> bytes:
    if form == "rows":
        return export_spool.text_of(rows).encode()
    if form == "csv":
        return b"".join([export_columns.csv_row(row) for row in rows])
    keys = [column.key for column in columns]
    return b"".join([export_columns.json_row(keys, row) for row in rows])
