"""Counts that tell nobody who is in them: small cells are left out, and none can be worked out from the rest.

Fewer than five of a kind is the threshold that health statistics commonly publish under (CMS uses eleven
for its own files; a practice may hold few people, and nothing here leaves it without somebody's decision).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

#: The smallest count that is shown; nought is shown too, since nobody is in it.
LEAST: Final = 5

Key = TypeVar("Key", bound=Hashable)


def suppressed(counts: Mapping[Key, int], *, least: int = LEAST) -> dict[Key, int | None]:
    """The same cells with None for 1 to ``least - 1``, and for as many more as it takes to hide these.

    A reader who knows the total must not get a hidden cell by subtraction: at least two cells, of together at
    least ``least``, are hidden wherever one is. The smallest go first; ties in the order given.
    """
    hidden = {key for key, count in counts.items() if 0 < count < least}
    others = sorted((key for key, count in counts.items() if count >= least), key=lambda key: counts[key])
    while hidden and others and not _is_safe([counts[key] for key in hidden], least):
        hidden.add(others.pop(0))
    return {key: None if key in hidden else count for key, count in counts.items()}


def within(
    groups: Mapping[Key, int | None], counts: Mapping[tuple[Key, str], int], *, least: int = LEAST
) -> dict[tuple[Key, str], int | None]:
    """A finer table shown beside a coarser one, whose ``groups`` are hidden already where they must be.

    A reader adds up a group's cells and compares: of a hidden group every cell is hidden, and inside a shown
    one no small cell can be worked out from the group's own count. In the order of ``counts``.
    """
    shown: dict[tuple[Key, str], int | None] = {}
    for group, whole in groups.items():
        cells = {key: count for key, count in counts.items() if key[0] == group}
        shown |= dict.fromkeys(cells) if whole is None else suppressed(cells, least=least)
    return {key: shown[key] for key in counts}


def of(
    whole: int, counts: Mapping[Key, int], *, least: int = LEAST
) -> tuple[dict[Key, int | None], int | None]:
    """The cells and their sum, both part of a ``whole`` that is known: what is left is a cell too."""
    cells: dict[Key | None, int] = dict(counts.items())
    cells[None] = whole - sum(counts.values())
    shown = suppressed(cells, least=least)
    is_told = shown[None] is not None
    return {key: shown[key] for key in counts}, total(counts, least=least) if is_told else None


def _is_safe(hidden: list[int], least: int) -> bool:
    return len(hidden) > 1 and sum(hidden) >= least


def total(counts: Mapping[Key, int], *, least: int = LEAST) -> int | None:
    """The sum, or None where it is itself a small cell."""
    found = sum(counts.values())
    return None if 0 < found < least else found
