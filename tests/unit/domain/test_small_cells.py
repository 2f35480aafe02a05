"""Small cells are left out, and with them whatever would give them away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.domain import small_cells
from portal.domain.small_cells import SMALLEST, line


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


@given(st.dictionaries(st.integers(0, 9), st.integers(0, 12)))
def test_nothing_can_be_reckoned_back_from_the_whole(counts: dict[int, int]) -> None:
    shown = line(counts)
    assert all(shown[key] in (None, count) for key, count in counts.items())
    assert all(shown[key] is None for key, count in counts.items() if small_cells.is_small(count))
    gone = [count for key, count in counts.items() if shown[key] is None]
    left = [count for key, count in counts.items() if shown[key]]
    assert not gone or not left or (len(gone) > 1 and sum(gone) >= SMALLEST)
