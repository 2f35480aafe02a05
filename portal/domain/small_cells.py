"""Tables of counts with small cells left out, so that nobody can be told from a figure (security.md §3.3).

A cell of one to four is left out, and a second one with it, so that it cannot be reckoned from the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

#: A count below this is left out, unless it is nought.
SMALLEST: Final = 5

Key = TypeVar("Key")


def is_small(count: int) -> bool:
    """Whether a count is left out by itself."""
    return 0 < count < SMALLEST


def line(counts: Mapping[Key, int]) -> dict[Key, int | None]:
    """A table whose total is known: None where a cell is left out.

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
