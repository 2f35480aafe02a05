"""One frame of the space as diagrams: which row comes first, in parts that have no question in common.

The first row of the whole table is the earliest of the first rows of the parts, so the parts can be walked
one by one and joined by their ends alone: every combination is still covered.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, TypeVar

from portal.domain.couple import SLOTS, Slot
from portal.domain.expressions import All, Expression, Some
from portal.domain.proof_diagrams import ALWAYS, NEVER, Diagrams, row_end, row_of
from portal.domain.proof_readings import Readings, View
from portal.domain.proof_space import KEYS, PLACES, STAGES, Frame, Key, couple_file, states, weights
from portal.domain.rules import Ruleset

_Name = TypeVar("_Name", int, str)


@dataclass(frozen=True, slots=True)
class Part:
    """Questions (bits) that conditions read together.

    ``rows``: place in the table -> condition; ``named``: the page's rows and the bars by their names;
    ``first``: ends in the first row that holds, in the last one where none does.
    """

    questions: int
    rows: Mapping[int, int]
    named: Mapping[str, int]
    first: int


@dataclass(frozen=True, slots=True)
class Walk:
    """One frame in parts; ``ends``: the rows that each part can come to."""

    frame: Frame
    parts: tuple[Part, ...]
    ends: tuple[frozenset[int], ...]

    def beside(self, part: Part) -> frozenset[int]:
        """The first rows that all other parts together can come to."""
        others = [ends for one, ends in zip(self.parts, self.ends, strict=True) if one is not part]
        highest = min(map(max, others))
        return frozenset(row for ends in others for row in ends if row <= highest)


@dataclass(frozen=True, slots=True)
class Proving:
    """A ruleset under proof; ``named``: the page's rows and the bars, each with a name."""

    ruleset: Ruleset
    diagrams: Diagrams
    readings: Readings
    named: tuple[tuple[str, Expression], ...]
    _counts: dict[tuple[int, tuple[tuple[int, ...], ...]], dict[int, int]] = field(default_factory=dict)

    @property
    def both_sent(self) -> Frame:
        """The frame in which both have sent."""
        return {"a": STAGES[0], "b": STAGES[0]}

    @property
    def last(self) -> int:
        """The place of the row that stands where no other does."""
        return len(self.ruleset.rules) - 1

    def walk(self, frame: Frame) -> Walk:
        """A frame in parts. The first part holds what the stages alone decide."""
        view = View(frame)
        named = [(name, node) for name, when in self.named for node in self._ways(when, "a", view)]
        parts = tuple(self._parts(list(self._live(view)), named))
        return Walk(frame, parts, tuple(self.ends(part) for part in parts))

    def firsts_of(self, frame: Frame, *, turned: bool) -> frozenset[int]:
        """The first rows, part by part, of the live rules alone; ``turned``: a's answers are b's."""
        return frozenset(part.first for part in self._parts(list(self._live(View(frame, turned))), []))

    def ends(self, part: Part) -> frozenset[int]:
        """The rows that a part can come to."""
        return frozenset(map(row_of, self.diagrams.ends(part.first)))

    def _live(self, view: View) -> Iterator[tuple[int, int]]:
        for row, rule in enumerate(self.ruleset.rules):
            if rule.when is not None:
                for slot in SLOTS:
                    for node in self._ways(rule.when, slot, view):
                        yield row, node

    def _ways(self, expression: Expression, me: Slot, view: View) -> Iterator[int]:
        """The alternatives of a condition, as far apart as they can be told."""
        if isinstance(expression, Some):
            for part in expression.parts:
                yield from self._ways(part, me, view)
            return
        parts = expression.parts if isinstance(expression, All) else (expression,)
        nodes = [self.readings.node(part, me, view) for part in parts]
        still = [part for part, node in zip(parts, nodes, strict=True) if node != ALWAYS]
        if NEVER in nodes:
            return
        if isinstance(expression, All) and len(still) == 1:
            yield from self._ways(still[0], me, view)
        else:
            yield reduce(self.diagrams.both, nodes, ALWAYS)

    def _parts(self, live: list[tuple[int, int]], named: list[tuple[str, int]]) -> Iterator[Part]:
        """Conditions sorted by the questions they share; what asks nothing first."""
        groups = (0, *_grouped({self.diagrams.questions(node) for _, node in (*live, *named)}))
        owner = {1 << bit: group for group in groups for bit in range(len(KEYS)) if group >> bit & 1}
        rows: dict[int, dict[int, int]] = {group: {} for group in groups}
        names: dict[int, dict[str, int]] = {group: {} for group in groups}
        for row, node in live:
            self._add(rows[self._group(node, owner)], row, node)
        for name, node in named:
            self._add(names[self._group(node, owner)], name, node)
        for group in groups:
            yield Part(group, rows[group], names[group], self._first(rows[group]))

    def _group(self, node: int, owner: Mapping[int, int]) -> int:
        asked = self.diagrams.questions(node)
        return owner.get(asked & -asked, 0)

    def _add(self, held: dict[_Name, int], name: _Name, node: int) -> None:
        held[name] = self.diagrams.either(held.get(name, NEVER), node)

    def _first(self, rows: Mapping[int, int]) -> int:
        first = row_end(self.last)
        for row in sorted(rows, reverse=True):
            first = self.diagrams.where(rows[row], row_end(row), first)
        return first

    def counts(self, walk: Walk) -> dict[int, int]:
        """How many couples of a frame come to each row first."""
        of_frame = weights(walk.frame)
        total: dict[int, int] = {self.last: states(walk.frame)}
        for part in walk.parts:
            mine = tuple(of if part.questions >> n & 1 else (1,) for n, of in enumerate(of_frame))
            whole = math.prod(map(sum, mine))
            # A part's questions are counted in full before it is joined, so their number is taken out again.
            total = _joined(
                {row: count // whole for row, count in total.items()}, self._counted(part.first, mine)
            )
        return total

    def _counted(self, first: int, mine: tuple[tuple[int, ...], ...]) -> dict[int, int]:
        found = self._counts.get((first, mine))
        if found is None:
            found = self._counts[first, mine] = self.diagrams.counts(first, mine)
        return found

    def couple(self, walk: Walk, part: Part, way: Mapping[int, int], beside: int) -> dict[str, Any]:
        """A couple file: this way through one part, and the others so that ``beside`` is their first row."""
        answers = dict(way)
        owed = True
        for other, ends in zip(walk.parts, walk.ends, strict=True):
            if other is not part:
                row = beside if owed and beside in ends else max(ends)
                owed = owed and row != beside
                end = row_end(row)
                answers.update(self.diagrams.way_to(other.first, other.first, end, end))
        given: dict[Key, int] = {KEYS[question]: place for question, place in answers.items()}
        return couple_file(walk.frame, given, self.ruleset)


def place_of(path: str, slot: Slot) -> int:
    """The question's number."""
    return PLACES[path, slot]


def _joined(one: Mapping[int, int], ends: Mapping[int, int]) -> dict[int, int]:
    """Counts of the earliest row of two independent parts."""
    found: dict[int, int] = {}
    for row, count in one.items():
        for end, more in ends.items():
            earliest = min(row, row_of(end))
            found[earliest] = found.get(earliest, 0) + count * more
    return found


def _grouped(masks: set[int]) -> list[int]:
    """Questions gathered so that no two groups have one in common."""
    groups: list[int] = []
    for mask in sorted(masks - {0}):
        joined = mask
        for group in groups:
            joined |= group if group & mask else 0
        groups = [*(group for group in groups if not group & joined), joined]
    return groups
