"""Rules and rulesets: the rows of the table, the thresholds a practice may set, the sentences."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, Final, Literal, NamedTuple

from portal.domain.couple import Slot
from portal.domain.errors import SettingFault
from portal.domain.expressions import Expression, Leaf, Test, Whose, compiled, every_leaf, hint
from portal.domain.predicates import DIRECTION_PREDICATES
from portal.domain.texts import RulesetTexts
from portal.domain.vectors import LAYOUT

Route = Literal["safety", "hold", "consult", "wait", "refresh", "solo", "discernment", "couples"]

PROTECTIVENESS: Final[Mapping[Route, int]] = {
    "safety": 6, "hold": 5, "consult": 4, "wait": 3, "refresh": 3, "solo": 2, "discernment": 1, "couples": 0,
}  # fmt: skip
"""safety > hold > consult > wait = refresh > solo > discernment > couples (clinical.md §4)."""

SAFE_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "stale_days": (14, 90),
    "alcohol_level": (4, 8),
    "index_margin": (5, 25),
    "clarity_for_two": (0, 1),
}
"""What a practice may set, lowest and highest. No safety rule reads a setting; the alcohol level can only
be lowered, so that no setting sends a couple past a row that the printed table stops them at."""

_PLACES: Final[tuple[Whose, ...]] = ("mine", "theirs")
_USUAL: Final = sum(
    LAYOUT.bit(Leaf(whose, name))
    for name in ("submitted", "leaning_in", "committed", "no_legal_steps")
    for whose in _PLACES
)
"""What is true of most partners, and so tells little."""

_DIRECTION: Final = frozenset(predicate.name for predicate in DIRECTION_PREDICATES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    ``when`` is ``None`` only for the last row: anything else. ``tier``: the findings of that tier say whose
    answers made it hold. ``shared``: it is about both partners, so its reason names neither.
    """

    id: str
    route: Route
    reason: str
    when: Expression | None
    tier: Literal["A", "B", "H", "crisis"] | None = None
    shared: bool = False
    reason_if_call_first: str = ""


class Told(NamedTuple):
    """A partner who made a row hold, or None for both together, and the answers behind it."""

    slot: Slot | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A rule made ready to be tried; ``reads_direction``: a direction answer may make or break it.

    ``hint``: bits of which at least one is set, from either place, wherever the rule holds. ``reads``: the
    bits it looks at. ``told`` remembers whose answers made it hold, by what was looked at (reasons.py).
    """

    rule: Rule
    test: Test
    hint: int
    reads_direction: bool
    reads: int
    told: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A versioned table with the practice's thresholds and the sentences.

    ``stale_days``: an intake older than this is refreshed (R12). ``alcohol_level``: score 0-12 from which
    untreated drinking is looked at first (R5c). ``index_margin``: lead of the best index, 0-100, from which
    it is suggested (R19). ``clarity_for_two``: 1 where discernment counseling is named as an alternative for
    two unsure partners (R16b), 0 where not; it never sets a route. Raises SettingFault with every threshold
    outside its safe range.
    """

    id: str
    rules: tuple[Rule, ...]
    texts: RulesetTexts = field(repr=False)
    stale_days: int = 60
    alcohol_level: int = 8
    index_margin: int = 10
    clarity_for_two: int = 1
    rows: tuple[Row, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = []
        for name, (low, high) in SAFE_RANGES.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                faults.append((name, f"must be a whole number from {low} to {high}"))
        if faults:
            raise SettingFault(tuple(faults))
        object.__setattr__(self, "rows", tuple(_row(rule) for rule in self.rules))


def _row(rule: Rule) -> Row:
    if rule.when is None:
        return Row(rule, lambda _word: True, -1, reads_direction=False, reads=0)
    leaves = tuple(every_leaf(rule.when))
    return Row(
        rule,
        compiled(rule.when, LAYOUT),
        hint(rule.when, LAYOUT, _USUAL),
        reads_direction=any(leaf.name in _DIRECTION for leaf in leaves),
        reads=reduce(or_, [3 << LAYOUT.places[leaf.whose, leaf.name] for leaf in leaves]),
    )
