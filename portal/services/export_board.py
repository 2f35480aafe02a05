"""Counts for the board: how many came, where they were advised to go, what was signed. No row of anybody.

People are counted by the month they sent; couples (cases) by route, reason and signature. Small cells are
left out, so that nobody can be worked out from the rest (``domain/small_cells.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from portal.domain import small_cells
from portal.services.export_columns import CASE_KEY, DEIDENTIFIED, UNREADABLE, Cell

COLUMNS: Final = (*DEIDENTIFIED, CASE_KEY)
#: The columns of a report of counts.
KEYS: Final = ("table", "group", "count")
#: Stands for a count that is not shown.
HIDDEN: Final = "hidden"
TOTAL: Final = "total"
TABLES: Final = (
    "people_by_month",
    "cases_by_route",
    "cases_by_reason",
    "cases_by_signature",
    "cases_by_model",
)
_AT: Final = {column.key: at for at, column in enumerate(COLUMNS)}


def counted(rows: Iterable[Sequence[Cell]]) -> list[tuple[str, str, Cell]]:
    """(table, group, count) from rows of ``COLUMNS``; each table ends with its total, hidden where small."""
    people: Counter[str] = Counter()
    cases: dict[str, Sequence[Cell]] = {}
    for row in rows:
        people[str(row[_AT["month"]])] += 1
        cases[str(row[_AT["case_key"]])] = row
    tables: Mapping[str, Counter[str]] = {
        "people_by_month": people,
        "cases_by_route": Counter(_text(row, "route") for row in cases.values()),
        "cases_by_reason": Counter(
            f"{_text(row, 'route')}: {_text(row, 'reason')}" for row in cases.values() if row[_AT["reason"]]
        ),
        "cases_by_signature": Counter(_signature(row) for row in cases.values()),
        "cases_by_model": Counter(_text(row, "model") for row in cases.values() if row[_AT["model"]]),
    }
    return [line for name in TABLES for line in _lines(name, tables[name])]


def _lines(name: str, counts: Counter[str]) -> list[tuple[str, str, Cell]]:
    ordered = {key: counts[key] for key in sorted(counts)}
    shown = small_cells.suppressed(ordered)
    lines = [(name, key, HIDDEN if count is None else count) for key, count in shown.items()]
    whole = small_cells.total(ordered)
    return [*lines, (name, TOTAL, HIDDEN if whole is None else whole)]


def _text(row: Sequence[Cell], key: str) -> str:
    return str(row[_AT[key]] or "none")


def _signature(row: Sequence[Cell]) -> str:
    signed, advised = row[_AT["signed_route"]], row[_AT["route"]]
    if advised == UNREADABLE:
        return UNREADABLE
    if signed is None:
        return "not signed"
    return "signed as recommended" if signed == advised else "signed otherwise"
