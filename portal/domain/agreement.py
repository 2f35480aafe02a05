"""How far two judgements agree beyond chance: Cohen's kappa with its 95 % interval.

Standard error after Fleiss, Cohen & Everitt 1969, for any number of categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

_Z: Final = 1.959963984540054

#: (first judgement, second judgement) -> how often.
Table = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Agreement:
    """``share`` agreed among ``count``; ``kappa`` from ``low`` to ``high``, None where it is not defined."""

    count: int
    share: float
    kappa: float | None
    low: float | None
    high: float | None


def kappa(table: Table) -> Agreement | None:
    """The agreement in a table of counts; None for an empty one.

    Kappa is undefined where both always give the same single answer: then nothing beyond chance can show.
    """
    count = sum(table.values())
    if count == 0:
        return None
    keys = sorted({key for pair in table for key in pair})
    cells = {pair: found / count for pair, found in table.items()}
    rows = {key: sum(share for pair, share in cells.items() if pair[0] == key) for key in keys}
    columns = {key: sum(share for pair, share in cells.items() if pair[1] == key) for key in keys}
    agreed = sum(cells.get((key, key), 0.0) for key in keys)
    chance = sum(rows[key] * columns[key] for key in keys)
    if chance >= 1:
        return Agreement(count, agreed, None, None, None)
    value = (agreed - chance) / (1 - chance)
    error = sqrt(_spread(cells, rows, columns, value, chance) / count) / (1 - chance)
    return Agreement(count, agreed, value, max(-1.0, value - _Z * error), min(1.0, value + _Z * error))


def _spread(
    cells: Mapping[tuple[str, str], float],
    rows: Mapping[str, float],
    columns: Mapping[str, float],
    value: float,
    chance: float,
) -> float:
    """The variance of one case, where kappa may differ from nought (Fleiss et al. 1969, formula 13)."""
    rest = 1 - value
    same = sum(cells.get((key, key), 0.0) * (1 - (rows[key] + columns[key]) * rest) ** 2 for key in rows)
    others = sum(
        share * (columns[one] + rows[other]) ** 2 for (one, other), share in cells.items() if one != other
    )
    return max(0.0, same + rest**2 * others - (value - chance * rest) ** 2)


def by_rule(table: Mapping[tuple[str, str, str], int], rule: str, route: str) -> Table:
    """One row against all others: recommended by it or not, signed as it says or not.

    ``table``: (rule, recommended route, signed route) -> how often. A case of another row counts as signed
    the row's way where a therapist overrode it to the row's route.
    """
    found: dict[tuple[str, str], int] = {}
    for (by, recommended, signed), count in table.items():
        kept = signed == recommended if by == rule else signed == route != recommended
        pair = ("yes" if by == rule else "no", "yes" if kept else "no")
        found[pair] = found.get(pair, 0) + count
    return found
