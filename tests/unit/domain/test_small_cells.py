"""Small cells are left out, and with them whatever would give them away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.domain import small_cells
from portal.domain.small_cells import SMALLEST, grid, line


def test_a_small_count_takes_a_second_one_with_it() -> None:
    assert line({"a": 3, "b": 20, "c": 7, "d": 0}) == {"a": None, "b": 20, "c": None, "d": 0}


def test_two_small_ones_hide_each_other_when_they_are_enough_together() -> None:
    assert line({"a": 3, "b": 20, "c": 4}) == {"a": None, "b": 20, "c": None}
    assert line({"a": 1, "b": 20, "c": 2}) == {"a": None, "b": None, "c": None}


def test_nothing_is_left_out_for_nothing() -> None:
    assert line({"a": 5, "b": 0}) == {"a": 5, "b": 0}
    assert [small_cells.is_small(count) for count in (0, 1, 4, 5)] == [False, True, True, False]


def test_a_lonely_small_one_has_nobody_to_hide_behind() -> None:
    assert line({"a": 2, "b": 0}) == {"a": None, "b": 0}


def test_no_line_of_a_table_has_exactly_one_cell_left_out() -> None:
    counts = {("r", "x"): 2, ("r", "y"): 9, ("s", "x"): 30, ("s", "y"): 8}
    assert grid(counts, ["r", "s"], ["x", "y"]) == {
        ("r", "x"): None, ("r", "y"): None, ("s", "x"): None, ("s", "y"): None,
    }  # fmt: skip
    wide = {("r", "x"): 2, ("r", "y"): 9, ("r", "z"): 6, ("s", "x"): 30, ("s", "y"): 8, ("s", "z"): 40}
    assert grid(wide, ["r", "s"], ["x", "y", "z"]) == {
        ("r", "x"): None, ("r", "y"): 9, ("r", "z"): None, ("s", "x"): None, ("s", "y"): 8, ("s", "z"): None,
    }  # fmt: skip


def test_a_table_without_small_cells_stands_as_it_is() -> None:
    assert grid({("r", "x"): 5}, ["r"], ["x", "y"]) == {("r", "x"): 5, ("r", "y"): 0}
    assert grid({}, [], []) == {}


@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=4))
def test_nothing_can_be_reckoned_back_from_the_totals(rows: list[list[int]]) -> None:
    counts = {(str(i), str(j)): count for i, row in enumerate(rows) for j, count in enumerate(row)}
    names, columns = [str(i) for i in range(len(rows))], ["0", "1", "2"]
    shown = grid(counts, names, columns)
    assert all(shown[pair] is None or not small_cells.is_small(count) for pair, count in counts.items())
    assert all(shown[pair] in (None, count) for pair, count in counts.items())
    lines = [[(row, column) for column in columns] for row in names]
    lines += [[(row, column) for row in names] for column in columns]
    for cells in lines:
        gone = [counts[pair] for pair in cells if shown[pair] is None]
        assert len(gone) != 1
        assert not gone or sum(gone) >= SMALLEST or len(gone) == len(cells)
