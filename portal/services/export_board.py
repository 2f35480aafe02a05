"""Counts for the board: how many came, where they were advised to go, what was signed. No row of anybody.

People are counted by the month they sent; couples (cases) by route, reason and signature. Small cells are
left out, so that nobody can be worked out from the rest (``domain/small_cells.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from portal.domain import small_cells
from portal.services.export_columns import CASE_KEY, DEIDENTIFIED, UNREADABLE, Cell

COLUMNS: Final = (*DEIDENTIFIED, CASE_KEY)
#: The columns of a report of counts.
KEYS: Final = ("table", "group", "count")
#: Stands for a count that is not shown.
HIDDEN: Final = "hidden"
TOTAL: Final = "total"
#: In this order.
TABLES: Final = (
    "people_by_month",
    "cases_by_route",
    "cases_by_reason",
    "cases_by_signature",
    "cases_by_model",
)
Couples = Sequence[Sequence[Cell]]
Key = TypeVar("Key", str, tuple[str, str])
_AT: Final = {column.key: at for at, column in enumerate(COLUMNS)}


def counted(rows: Iterable[Sequence[Cell]]) -> list[tuple[str, str, Cell]]:
    """(table, group, count) from rows of ``COLUMNS``; each table ends with its total, hidden where small.

    The tables lie side by side: what is hidden in one must not follow from another.
    """
    people: Counter[str] = Counter()
    cases: dict[str, Sequence[Cell]] = {}
    for row in rows:
        people[str(row[_AT["month"]])] += 1
        cases[str(row[_AT["case_key"]])] = row
    couples = list(cases.values())
    routes = _ordered(_text(row, "route") for row in couples)
    shown = small_cells.suppressed(routes)
    return [
        *_lines("people_by_month", _ordered(people.elements())),
        *_table("cases_by_route", shown, small_cells.total(routes)),
        *_reasons(couples, shown),
        *_lines("cases_by_signature", _ordered(_signature(row) for row in couples)),
        *_models(couples, shown),
    ]


def _reasons(couples: Couples, routes: Mapping[str, int | None]) -> list[tuple[str, str, Cell]]:
    """Inside each route; no total where it would tell how many of a hidden route have no reason."""
    told = [row for row in couples if row[_AT["reason"]]]
    counts = _ordered((_text(row, "route"), _text(row, "reason")) for row in told)
    cells = {": ".join(key): count for key, count in small_cells.within(routes, counts).items()}
    is_told = all(routes[_text(row, "route")] is not None for row in couples if not row[_AT["reason"]])
    return _table("cases_by_reason", cells, small_cells.total(counts) if is_told else None)


def _models(couples: Couples, routes: Mapping[str, int | None]) -> list[tuple[str, str, Cell]]:
    """Beside the routes that have models; nothing where one of those is hidden."""
    told = [row for row in couples if row[_AT["model"]]]
    counts = _ordered(_text(row, "model") for row in told)
    known = [routes[route] for route in sorted({_text(row, "route") for row in told})]
    if None in known:
        return _table("cases_by_model", dict.fromkeys(counts), None)
    return _table("cases_by_model", *small_cells.of(sum(count or 0 for count in known), counts))


def _ordered(groups: Iterable[Key]) -> dict[Key, int]:
    return dict(sorted(Counter(groups).items()))


def _lines(name: str, counts: Mapping[str, int]) -> list[tuple[str, str, Cell]]:
    return _table(name, small_cells.suppressed(counts), small_cells.total(counts))


def _table(name: str, shown: Mapping[str, int | None], whole: int | None) -> list[tuple[str, str, Cell]]:
    cells = {**shown, TOTAL: whole}
    return [(name, key, HIDDEN if count is None else count) for key, count in cells.items()]


def _text(row: Sequence[Cell], key: str) -> str:
    return str(row[_AT[key]] or "none")


def _signature(row: Sequence[Cell]) -> str:
    signed, advised = row[_AT["signed_route"]], row[_AT["route"]]
    if advised == UNREADABLE:
        return UNREADABLE
    if signed is None:
        return "not signed"
    return "signed as recommended" if signed == advised else "signed otherwise"
