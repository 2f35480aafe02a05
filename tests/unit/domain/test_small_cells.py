"""Counts that tell nobody who is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.domain import small_cells


def test_small_cells_go_and_take_another_with_them() -> None:
    assert small_cells.suppressed({"a": 3, "b": 40, "c": 7, "d": 0}) == {
        "a": None,
        "b": 40,
        "c": None,
        "d": 0,
    }


def test_two_small_ones_hide_each_other_only_where_they_are_enough_together() -> None:
    assert small_cells.suppressed({"a": 3, "b": 4, "c": 9}) == {"a": None, "b": None, "c": 9}
    assert small_cells.suppressed({"a": 1, "b": 2, "c": 9, "d": 12}) == {
        "a": None,
        "b": None,
        "c": None,
        "d": 12,
    }


def test_nothing_small_nothing_hidden() -> None:
    assert small_cells.suppressed({"a": 5, "b": 0}) == {"a": 5, "b": 0}
    assert small_cells.suppressed({}) == {}


def test_a_small_total_is_hidden_as_well() -> None:
    assert (small_cells.total({"a": 2, "b": 2}), small_cells.total({"a": 5}), small_cells.total({})) == (
        None,
        5,
        0,
    )


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=8))
def test_no_hidden_cell_can_be_worked_out_from_the_total(counts: dict[str, int]) -> None:
    shown = small_cells.suppressed(counts)
    hidden = [counts[key] for key, count in shown.items() if count is None]
    assert all(count is None or count == 0 or count >= small_cells.LEAST for count in shown.values())
    left = [count for count in counts.values() if count]
    # A single hidden cell is only left where there is no other to hide it behind.
    assert not hidden or len(hidden) == len(left) or (len(hidden) > 1 and sum(hidden) >= small_cells.LEAST)


def test_a_finer_table_tells_nothing_that_the_coarser_one_hides() -> None:
    groups = {"consult": 20, "couples": None, "hold": None, "wait": 8}
    finer = {("wait", "a"): 5, ("consult", "b"): 20, ("couples", "c"): 9, ("hold", "d"): 2,
             ("wait", "e"): 2, ("wait", "f"): 1}  # fmt: skip
    shown = small_cells.within(groups, finer)
    assert (list(shown), {key for key in finer if shown[key] is not None}) == (
        list(finer),
        {("consult", "b")},
    )


def test_what_is_left_of_a_known_whole_is_a_cell_too() -> None:
    assert small_cells.of(16, {"eft": 9, "gottman": 7}) == ({"eft": 9, "gottman": 7}, 16)
    assert small_cells.of(25, {"eft": 9, "gottman": 7}) == ({"eft": 9, "gottman": 7}, 16)
    # Two without a model: neither they nor the sum may be worked out.
    assert small_cells.of(18, {"eft": 9, "gottman": 7}) == ({"eft": 9, "gottman": None}, None)
    assert small_cells.of(5, {}) == ({}, 0)
