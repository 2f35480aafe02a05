"""Tables of counts with small cells left out, so that nobody can be told from a figure (security.md §3.3).

A cell of one to four is left out; where a total stands beside it, a second one goes with it, so that none
can be reckoned from the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

#: A count below this is left out, unless it is nought.
SMALLEST: Final = 5

Key = TypeVar("Key")


def is_small(count: int) -> bool:
    """Whether a count is left out by itself."""
    return 0 < count < SMALLEST


def line(counts: Mapping[Key, int]) -> dict[Key, int | None]:
    """One line whose total is known: None where a cell is left out.

    What is left out together must be at least `SMALLEST` and come from two cells that are not nought; else
    the smallest of the rest goes with it.
    """
    hidden = {key for key, count in counts.items() if is_small(count)}
    open_ones = sorted(
        (key for key in counts if key not in hidden and counts[key]), key=lambda key: counts[key]
    )
    while hidden and open_ones and (len(hidden) < 2 or sum(counts[key] for key in hidden) < SMALLEST):
        hidden.add(open_ones.pop(0))
    return {key: None if key in hidden else count for key, count in counts.items()}


def grid(
    counts: Mapping[tuple[Key, Key], int], rows: Sequence[Key], columns: Sequence[Key]
) -> dict[tuple[Key, Key], int | None]:
    """A table with known row and column totals: no line of it has exactly one cell left out."""
    whole = {(row, column): counts.get((row, column), 0) for row in rows for column in columns}
    hidden = {pair for pair, count in whole.items() if is_small(count)}
    lines = [
        *([(row, column) for column in columns] for row in rows),
        *([(row, column) for row in rows] for column in columns),
    ]
    while more := [pair for pair in (_second(whole, hidden, cells) for cells in lines) if pair]:
        hidden.add(more[0])
    return {pair: None if pair in hidden else count for pair, count in whole.items()}


def _second(
    whole: Mapping[tuple[Key, Key], int], hidden: set[tuple[Key, Key]], cells: Sequence[tuple[Key, Key]]
) -> tuple[Key, Key] | None:
    """The cell to leave out with a lonely one: the smallest that is not nought, else any."""
    gone = [pair for pair in cells if pair in hidden]
    left = [pair for pair in cells if pair not in hidden]
    if not gone or not left:
        return None
    if len(gone) >= 2 and sum(whole[pair] for pair in gone) >= SMALLEST:
        return None
    return min(left, key=lambda pair: (whole[pair] == 0, whole[pair]))
