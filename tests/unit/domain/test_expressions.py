"""The compiled test of an expression against a plain walk of the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.expressions import (
    All,
    Expression,
    Layout,
    Leaf,
    Not,
    Some,
    both,
    compiled,
    either,
    every_leaf,
    is_false,
    is_unknown,
    mine,
    ours,
    support,
    theirs,
)

NAMES = ("p", "q", "r")
LAYOUT = Layout(
    {
        (whose, name): 2 * (group * 3 + place)
        for group, whose in enumerate(("mine", "theirs", "ours"))
        for place, name in enumerate(NAMES)
    }
)
Values = dict[tuple[str, str], bool | None]

_LEAF = st.builds(
    Leaf,
    st.sampled_from(("mine", "theirs", "ours")),
    st.sampled_from(NAMES),
    st.sampled_from((True, False, None)),
)
_EXPRESSION = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds(lambda one: ~one, inner),
        st.builds(lambda one, two: one & two, inner, inner),
        st.builds(lambda one, two: one | two, inner, inner),
    ),
    max_leaves=12,
)
_VALUES = st.fixed_dictionaries({place: st.sampled_from((True, False, None)) for place in LAYOUT.places})


def walked(expression: Expression, values: Values) -> bool:
    if isinstance(expression, Leaf):
        return values[expression.whose, expression.name] is expression.value
    if isinstance(expression, All):
        return all(walked(part, values) for part in expression.parts)
    if isinstance(expression, Some):
        return any(walked(part, values) for part in expression.parts)
    assert isinstance(expression, Not)
    return not walked(expression.part, values)


def packed(values: Values) -> int:
    word = 0
    for place, value in values.items():
        bit = LAYOUT.places[place]  # type: ignore[index]
        word |= 0 if value is None else 1 << bit if value else 2 << bit
    return word


@given(_EXPRESSION, _VALUES)
def test_both_readings_agree(expression: Expression, values: Values) -> None:
    assert compiled(expression, LAYOUT)(packed(values)) is walked(expression, values)


@given(_EXPRESSION, _VALUES)
def test_support_is_found_exactly_where_it_holds(expression: Expression, values: Values) -> None:
    found = support(expression, LAYOUT, packed(values))
    assert (found is not None) is walked(expression, values)
    assert all(leaf in set(every_leaf(expression)) and walked(leaf, values) for leaf in found or ())


def test_only_the_alternatives_that_hold_are_support() -> None:
    values: Values = dict.fromkeys(LAYOUT.places)  # type: ignore[arg-type]
    values["mine", "p"] = values["mine", "q"] = True
    expression = mine("p") & mine("q") | mine("q") & mine("r") | mine("p") & ~mine("r")
    assert support(expression, LAYOUT, packed(values)) == (mine("p"), mine("q"), mine("p"))
    assert support(mine("r"), LAYOUT, packed(values)) is None


def test_expressions_read_as_they_are_written() -> None:
    assert (either("p"), both("p")) == (
        Some((Leaf("mine", "p"), Leaf("theirs", "p"))),
        All((Leaf("mine", "p"), Leaf("theirs", "p"))),
    )
    assert (is_false(mine("p")), is_unknown(theirs("q")), ours("r")) == (
        Leaf("mine", "p", value=False),
        Leaf("theirs", "q", value=None),
        Leaf("ours", "r"),
    )
    assert mine("p") & mine("q") & ~mine("r") == All((mine("p"), mine("q"), Not(mine("r"))))
    assert list(every_leaf(mine("p") | ~mine("q"))) == [mine("p"), mine("q")]


def test_something_else_is_no_expression() -> None:
    with pytest.raises(TypeError):
        compiled(Expression(), LAYOUT)
    with pytest.raises(TypeError):
        support(Expression(), LAYOUT, 0)
    assert list(every_leaf(Expression())) == []
