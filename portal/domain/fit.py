"""R19, within couples: which couple model the pattern indices point to (clinical.md §4, §5).

A heuristic: no study matches couples to these models by intake pattern. It is always shown with the
runner-up and the margin, and says "therapist_choice" when the lead is small.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from portal.domain.constructs import INDEX_KEYS
from portal.domain.couple import Couple

MODELS: Final = (*INDEX_KEYS, "enrichment", "therapist_choice")
"""Everything that may be suggested."""

_BOTH_SENT: Final = {"submitted"}
_LOW: Final = 30
_HIGH: Final = 50


class ModelFit(NamedTuple):
    """The couple's indices 0-100 (mean rounded half up, None when either is not scored) and the suggestion.

    ``model``, ``runner_up`` and ``margin`` (lead of the best over the second, on unrounded means) are
    ``None`` outside couples.
    """

    values: tuple[int | None, int | None, int | None]
    model: str | None = None
    runner_up: str | None = None
    margin: int | float | None = None


def couple_sums(couple: Couple) -> tuple[int | None, int | None, int | None]:
    """The sum of both partners' indices, twice the unrounded mean; None unless both are sent and scored."""
    a, b = couple.sheets["a"], couple.sheets["b"]
    if a is None or b is None or set(couple.participation.values()) != _BOTH_SENT:
        return (None, None, None)
    (g1, e1, d1), (g2, e2, d2) = a.indices, b.indices
    return (_sum(g1, g2), _sum(e1, e2), _sum(d1, d2))


def fit(
    sums: tuple[int | None, int | None, int | None], *, within_couples: bool, index_margin: int
) -> ModelFit:
    """The suggestion for a couple; ``sums`` from ``couple_sums``, ``index_margin`` 0-100."""
    gottman, eft, developmental = sums
    values = (_half_up(gottman), _half_up(eft), _half_up(developmental))
    if not within_couples:
        return ModelFit(values)
    if gottman is None or eft is None or developmental is None:
        return ModelFit(values, "therapist_choice")
    # Equal values keep the order of the keys.
    (best, top), (second, next_), _ = sorted(
        zip(INDEX_KEYS, (gottman, eft, developmental), strict=True), key=lambda pair: -pair[1]
    )
    lead = top - next_
    return ModelFit(values, _model(best, top, lead, index_margin), second, _halved(lead))


def _model(best: str, top: int, lead: int, index_margin: int) -> str:
    if top < 2 * _LOW:
        return "enrichment"
    return best if top >= 2 * _HIGH and lead >= 2 * index_margin else "therapist_choice"


def _sum(one: int | None, two: int | None) -> int | None:
    return None if one is None or two is None else one + two


def _half_up(total: int | None) -> int | None:
    return None if total is None else (total + 1) // 2


def _halved(total: int) -> int | float:
    return total / 2 if total % 2 else total // 2
