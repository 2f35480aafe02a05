"""Conditions of rules: expressions over named three-valued predicates of two partners.

A rule is one expression, read from the place of one partner ("mine", "theirs") or of both together
("ours"). It holds for a couple when it holds from either place, so no rule can tell a from b.

A predicate is true, false or unknown. ``is_true(p)`` asks for true; ``~is_true(p)`` also holds for
unknown. ``compiled`` makes a test of one couple, packed into one whole number (two bits a predicate: true,
false); ``support`` says which predicates made it hold; any other reader may walk the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal

Whose = Literal["mine", "theirs", "ours"]
Test = Callable[[int], bool]


class Expression:
    """Something that holds or does not; combines with ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def __and__(self, then: Expression) -> Expression:
        return All((*_parts(self, All), *_parts(then, All)))

    def __or__(self, then: Expression) -> Expression:
        return Some((*_parts(self, Some), *_parts(then, Some)))

    def __invert__(self) -> Expression:
        return Not(self)


@dataclass(frozen=True, slots=True)
class Leaf(Expression):
    """Predicate ``name`` of ``whose`` has this value: True, False, or None for unknown."""

    whose: Whose
    name: str
    value: bool | None = True


@dataclass(frozen=True, slots=True)
class All(Expression):
    """Every part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Some(Expression):
    """At least one part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """The part does not hold."""

    part: Expression


@dataclass(frozen=True, slots=True)
class Layout:
    """Which bits of the packed number belong to which predicate: (whose, name) -> bit of "true".

    The bit after it says "false"; neither set means unknown.
    """

    places: Mapping[tuple[Whose, str], int]

    def bit(self, leaf: Leaf) -> int:
        """The bit that a leaf asks for (for unknown: both bits, to be found empty)."""
        true = 1 << self.places[leaf.whose, leaf.name]
        if leaf.value is None:
            return true | true << 1
        return true if leaf.value else true << 1

    def holds(self, leaf: Leaf, word: int) -> bool:
        """Whether a leaf holds for a packed number."""
        return bool(word & self.bit(leaf)) == (leaf.value is not None)


def mine(name: str) -> Leaf:
    """The predicate is true of the partner from whose place the rule is read."""
    return Leaf("mine", name)


def theirs(name: str) -> Leaf:
    """The predicate is true of the other partner."""
    return Leaf("theirs", name)


def ours(name: str) -> Leaf:
    """The predicate is true of the couple."""
    return Leaf("ours", name)


def either(name: str) -> Expression:
    """The predicate is true of at least one partner: both reports are pooled."""
    return mine(name) | theirs(name)


def both(name: str) -> Expression:
    """The predicate is true of both partners."""
    return mine(name) & theirs(name)


def is_false(leaf: Leaf) -> Leaf:
    """The predicate is known to be false."""
    return Leaf(leaf.whose, leaf.name, value=False)


def is_unknown(leaf: Leaf) -> Leaf:
    """The predicate is neither known to be true nor known to be false."""
    return Leaf(leaf.whose, leaf.name, value=None)


def support(expression: Expression, layout: Layout, word: int) -> tuple[Leaf, ...] | None:
    """The leaves that make the expression hold for one packed number; None where it does not hold.

    Of alternatives only those that hold speak for it; what stands under a Not is no support.
    """
    if isinstance(expression, Leaf):
        return (expression,) if layout.holds(expression, word) else None
    if isinstance(expression, All | Some):
        found = [support(part, layout, word) for part in expression.parts]
        held = [leaf for part in found if part is not None for leaf in part]
        needed = len(found) if isinstance(expression, All) else 1
        return tuple(held) if len([part for part in found if part is not None]) >= needed else None
    if isinstance(expression, Not):
        return () if support(expression.part, layout, word) is None else None
    raise TypeError(type(expression).__name__)


def every_leaf(expression: Expression) -> Iterator[Leaf]:
    """All leaves, those under a Not included."""
    if isinstance(expression, Not):
        yield from every_leaf(expression.part)
    elif isinstance(expression, All | Some):
        for part in expression.parts:
            yield from every_leaf(part)
    elif isinstance(expression, Leaf):
        yield expression


def hint(expression: Expression, layout: Layout, usual: int) -> int:
    """Bits of which at least one is set wherever the expression holds: no such bit, no need to try it.

    Of what must hold together, the part with the fewest of the ``usual`` bits is taken. -1 where nothing can
    be said: what stands under a Not, or is asked to be unknown.
    """
    if isinstance(expression, Leaf):
        return -1 if expression.value is None else layout.bit(expression)
    if isinstance(expression, Some):
        return reduce(or_, [hint(part, layout, usual) for part in expression.parts])
    if isinstance(expression, All):
        found = [hint(part, layout, usual) for part in expression.parts]
        return min(found, key=lambda bits: (bits < 0, (bits & usual).bit_count()))
    return -1


def compiled(expression: Expression, layout: Layout) -> Test:
    """The expression as a test of one packed number; a row of leaves becomes one comparison."""
    if isinstance(expression, Leaf):
        return _leaf(expression, layout)
    if isinstance(expression, All):
        return _all(expression.parts, layout)
    if isinstance(expression, Some):
        return _some(expression.parts, layout)
    if isinstance(expression, Not):
        test = compiled(expression.part, layout)
        return lambda word: not test(word)
    raise TypeError(type(expression).__name__)


def _parts(expression: Expression, kind: type[All | Some]) -> tuple[Expression, ...]:
    return expression.parts if isinstance(expression, kind) else (expression,)


def _leaf(leaf: Leaf, layout: Layout) -> Test:
    bit = layout.bit(leaf)
    if leaf.value is None:
        return lambda word: not word & bit
    return lambda word: bool(word & bit)


def _all(parts: tuple[Expression, ...], layout: Layout) -> Test:
    wanted = _mask([part for part in parts if _is_set(part)], layout)
    barred = _mask(
        [part.part if isinstance(part, Not) else part for part in parts if _is_clear(part)], layout
    )
    rest = [compiled(part, layout) for part in parts if not (_is_set(part) or _is_clear(part))]
    asked = wanted | barred
    if not rest:
        return lambda word: word & asked == wanted

    def holds(word: int) -> bool:
        if word & asked != wanted:
            return False
        for test in rest:  # noqa: SIM110 - a plain loop is twice as fast as all(), and this runs for every row
            if not test(word):
                return False
        return True

    return holds


def _some(parts: tuple[Expression, ...], layout: Layout) -> Test:
    accepted = _mask([part for part in parts if _is_set(part)], layout)
    rest = [compiled(part, layout) for part in parts if not _is_set(part)]
    if not rest:
        return lambda word: bool(word & accepted)

    def holds(word: int) -> bool:
        if word & accepted:
            return True
        for test in rest:  # noqa: SIM110 - a plain loop is twice as fast as any(), and this runs for every row
            if test(word):
                return True
        return False

    return holds


def _is_set(part: Expression) -> bool:
    return isinstance(part, Leaf) and part.value is not None


def _is_clear(part: Expression) -> bool:
    return (isinstance(part, Not) and _is_set(part.part)) or (isinstance(part, Leaf) and part.value is None)


def _mask(parts: list[Expression], layout: Layout) -> int:
    return reduce(or_, [layout.bit(part) for part in parts if isinstance(part, Leaf)], 0)
