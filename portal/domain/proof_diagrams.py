"""Decision diagrams: functions of many questions with a few answers each, as shared graphs.

A function over every combination of answers is kept as one graph, in which equal parts stand once, so two
functions are equal exactly when their numbers are. Nothing is sampled: a statement about a diagram is a
statement about every combination. After Bryant 1986, with more than two answers to a question.

A diagram is a whole number: 0 is "never", 1 "always", ``row_end(n)`` ends in row n of a table, and every
other number is a branching on one question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import mul
from typing import Final

NEVER: Final = 0
ALWAYS: Final = 1
_ENDS: Final = 64
_BOTTOM: Final = 1 << 30


def row_end(row: int) -> int:
    """The end that says: this row."""
    return row + 2


def row_of(end: int) -> int:
    """The row of an end."""
    return end - 2


class Diagrams:
    """All diagrams over one list of questions; ``widths``: how many answers each question has."""

    def __init__(self, widths: Sequence[int]) -> None:
        self.widths = tuple(widths)
        self.question: list[int] = [_BOTTOM] * _ENDS
        self.branches: list[tuple[int, ...]] = [()] * _ENDS
        self._known: dict[tuple[int, tuple[int, ...]], int] = {}
        self._both: dict[tuple[int, int], int] = {}
        self._either: dict[tuple[int, int], int] = {}
        self._not: dict[int, int] = {NEVER: ALWAYS, ALWAYS: NEVER}
        self._where: dict[tuple[int, int, int], int] = {}
        self._pairs: dict[tuple[int, int], int] = {}
        self._questions: dict[int, int] = {}

    def branch(self, question: int, branches: tuple[int, ...]) -> int:
        """The diagram that asks a question and goes on as its answers say."""
        if branches.count(branches[0]) == len(branches):
            return branches[0]
        key = (question, branches)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.question)
            self.question.append(question)
            self.branches.append(branches)
        return found

    def answered(self, question: int, answers: Iterable[int]) -> int:
        """Holds where the question has one of these answers (by place)."""
        wanted = set(answers)
        return self.branch(question, tuple(int(place in wanted) for place in range(self.widths[question])))

    def both(self, one: int, two: int) -> int:
        """Holds where both hold."""
        return self._merge(one, two, NEVER, ALWAYS, self._both)

    def either(self, one: int, two: int) -> int:
        """Holds where at least one holds."""
        return self._merge(one, two, ALWAYS, NEVER, self._either)

    def _merge(self, one: int, two: int, ruling: int, idle: int, memo: dict[tuple[int, int], int]) -> int:
        if one in (ruling, two) or two == idle:
            return one
        if two == ruling or one == idle:
            return two
        key = (one, two) if one < two else (two, one)
        found = memo.get(key)
        if found is None:
            at, pairs = self._split(one, two)
            branches = tuple([self._merge(x, y, ruling, idle, memo) for x, y in pairs])
            found = memo[key] = self.branch(at, branches)
        return found

    def _split(self, one: int, two: int) -> tuple[int, Iterable[tuple[int, int]]]:
        """The first question of two diagrams and how both go on for each of its answers."""
        first, second = self.question[one], self.question[two]
        if first == second:
            return first, zip(self.branches[one], self.branches[two], strict=True)
        if first < second:
            return first, [(kid, two) for kid in self.branches[one]]
        return second, [(one, kid) for kid in self.branches[two]]

    def negated(self, one: int) -> int:
        """Holds where the other does not."""
        found = self._not.get(one)
        if found is None:
            branches = tuple([self.negated(kid) for kid in self.branches[one]])
            found = self._not[one] = self.branch(self.question[one], branches)
        return found

    def where(self, condition: int, end: int, rest: int) -> int:
        """``end`` where the condition holds, elsewhere ``rest``."""
        if condition == NEVER or rest == end:
            return rest
        if condition == ALWAYS:
            return end
        key = (condition, end, rest)
        found = self._where.get(key)
        if found is None:
            at, pairs = self._split(condition, rest)
            found = self._where[key] = self.branch(at, tuple([self.where(x, end, y) for x, y in pairs]))
        return found

    def settled(self, one: int, question: int, answer: int) -> int:
        """The diagram once a question has this answer (by place); for small diagrams."""
        if self.question[one] > question:
            return one
        if self.question[one] == question:
            return self.branches[one][answer]
        kids = tuple([self.settled(kid, question, answer) for kid in self.branches[one]])
        return self.branch(self.question[one], kids)

    def pairs(self, one: int, two: int) -> int:
        """Which ends stand opposite each other in two diagrams: bit ``64 * end + end``."""
        if one < _ENDS and two < _ENDS:
            return 1 << (one * _ENDS + two)
        found = self._pairs.get((one, two))
        if found is None:
            found = 0
            for x, y in set(self._split(one, two)[1]):
                found |= self.pairs(x, y)
            self._pairs[one, two] = found
        return found

    def meets(self, one: int, two: int, end: int, other_end: int) -> bool:
        """Whether these two ends stand opposite each other anywhere."""
        return bool(self.pairs(one, two) >> (end * _ENDS + other_end) & 1)

    def ends(self, one: int) -> frozenset[int]:
        """Every end that some combination reaches."""
        return frozenset(end for end, _ in each_pair(self.pairs(one, one)))

    def questions(self, one: int) -> int:
        """The questions that a diagram asks, as bits."""
        if one < _ENDS:
            return 0
        found = self._questions.get(one)
        if found is None:
            found = 1 << self.question[one]
            for kid in set(self.branches[one]):
                found |= self.questions(kid)
            self._questions[one] = found
        return found

    def reached(self, one: int) -> list[int]:
        """Every branching of a diagram, once."""
        found = {one} if one >= _ENDS else set[int]()
        for node in (order := list(found)):
            for kid in self.branches[node]:
                if kid >= _ENDS and kid not in found:
                    found.add(kid)
                    order.append(kid)
        return order

    def way_into(self, one: int, node: int) -> dict[int, int]:
        """Answers (question -> place) of one way from the top of a diagram to a branching in it."""
        came: dict[int, tuple[int, int]] = {}
        for above in self.reached(one):
            for place, kid in enumerate(self.branches[above]):
                came.setdefault(kid, (above, place))
        way: dict[int, int] = {}
        while node != one:
            node, place = came[node]
            way[self.question[node]] = place
        return way

    def way_to(self, one: int, two: int, end: int, other_end: int) -> dict[int, int]:
        """Answers for which one diagram ends in ``end`` and the other in ``other_end``."""
        way: dict[int, int] = {}
        wanted = 1 << (end * _ENDS + other_end)
        while one >= _ENDS or two >= _ENDS:
            at, pairs = self._split(one, two)
            place, (one, two) = next(
                (place, pair) for place, pair in enumerate(pairs) if self.pairs(*pair) & wanted
            )
            way[at] = place
        return way

    def end_of(self, one: int, answers: Sequence[int]) -> int:
        """Where one combination of answers (places, by question) ends."""
        while one >= _ENDS:
            one = self.branches[one][answers[self.question[one]]]
        return one

    def counts(self, one: int, weights: Sequence[Sequence[int]]) -> dict[int, int]:
        """How many combinations reach each end; ``weights``: how many answers each place stands for.

        The counts of all ends travel in one whole number, each in a field of its own that no count can fill.
        """
        below = [*accumulate(map(sum, reversed(weights)), mul, initial=1)][::-1]
        field = below[0].bit_length()
        packed = {end: 1 << field * end for end in range(_ENDS)}
        for node in sorted(self.reached(one), key=self.question.__getitem__, reverse=True):
            at = self.question[node]
            packed[node] = sum(
                weight * packed[kid] * (below[at + 1] // below[self._depth(kid, weights)])
                for weight, kid in zip(weights[at], self.branches[node], strict=True)
            )
        whole = packed[one] * (below[0] // below[self._depth(one, weights)])
        held = ((end, whole >> field * end & (1 << field) - 1) for end in range(_ENDS))
        return {end: count for end, count in held if count}

    def _depth(self, one: int, weights: Sequence[Sequence[int]]) -> int:
        """The question that a diagram asks first; behind the last one for an end."""
        return min(self.question[one], len(weights))


def each_pair(pairs: int) -> Iterator[tuple[int, int]]:
    """The pairs of ends that ``Diagrams.pairs`` gathered."""
    while pairs:
        lowest = pairs & -pairs
        yield divmod(lowest.bit_length() - 1, _ENDS)
        pairs ^= lowest
