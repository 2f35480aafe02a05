"""One chart of the insights with its table, and the few shapes they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Block:
    """One chart and its table. ``kind`` names the drawing; ``drawn`` is what it is made of."""

    id: str
    title: str
    kind: str
    note: str
    drawn: Sequence[Mapping[str, Any]]
    heads: Sequence[str]
    columns: Sequence[Any]
    rows: Sequence[Sequence[Any]]


def heat(
    key: str, title: str, corner: str, columns: Sequence[str], *, rows: Sequence[tuple[str, Any]], note: str
) -> Block:
    return Block(
        id=key,
        title=title,
        kind="heat",
        note=note,
        drawn=[{"label": label, "cells": cells} for label, cells in rows],
        heads=columns,
        columns=[corner, *((column, "num") for column in columns)],
        rows=[[label, *(count_words(cell) for cell in cells)] for label, cells in rows],
    )


def bars(key: str, title: str, head: str, *, rows: Sequence[tuple[str, int | None]], note: str) -> Block:
    return Block(
        id=key,
        title=title,
        kind="bars",
        note=note,
        drawn=[{"label": label, "count": count, "unit": ""} for label, count in rows],
        heads=(),
        columns=[head, (_("Count"), "num")],
        rows=[[label, count_words(count)] for label, count in rows],
    )


def pairs(counts: Counts) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for key, count in counts.items():
        first, _bar, second = key.partition("|")
        found[first, second] = count
    return found


def count_words(count: int | None) -> str:
    return _("fewer than 5, or left out") if count is None else str(count)


def percent(share: int | None) -> str:
    return count_words(None) if share is None else f"{share} %"
