"""Cohen's kappa against published examples and against its own definition."""

from __future__ import annotations

import pytest

from portal.domain.agreement import Agreement, by_rule, kappa


def table(rows: list[list[int]]) -> dict[tuple[str, str], int]:
    return {(str(i), str(j)): count for i, row in enumerate(rows) for j, count in enumerate(row)}


@pytest.mark.parametrize(
    ("rows", "share", "value", "error"),
    [
        # Fleiss, Levin & Paik 2003, table 18.1: kappa .68, standard error .087 (rounded there).
        ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.89, 0.6765, 0.0877),
        # Fleiss, Cohen & Everitt 1969: kappa .492, standard error .051.
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.7, 0.4915, 0.0510),
        ([[20, 5], [10, 15]], 0.7, 0.4, 0.1270),
        ([[10, 0], [0, 10]], 1.0, 1.0, 0.0),
        ([[0, 10], [10, 0]], 0.0, -1.0, 0.0),
        ([[25, 25], [25, 25]], 0.5, 0.0, 0.1),
    ],
)
def test_kappa_and_its_interval(rows: list[list[int]], share: float, value: float, error: float) -> None:
    found = kappa(table(rows))
    assert found is not None
    assert found.kappa is not None
    assert found.low is not None
    assert found.high is not None
    assert (round(found.share, 4), round(found.kappa, 4)) == (share, value)
    assert round(found.kappa - found.low, 3) == pytest.approx(min(1.96 * error, value + 1), abs=0.001)
    assert round(found.high - found.kappa, 3) == pytest.approx(min(1.96 * error, 1 - value), abs=0.001)


def test_where_nothing_but_one_answer_is_given_kappa_is_not_defined() -> None:
    assert kappa({("couples", "couples"): 9}) == Agreement(9, 1.0, None, None, None)


def test_nothing_signed_agrees_with_nothing() -> None:
    assert kappa({}) is None


def test_one_row_against_all_others() -> None:
    counts = {
        ("R17b", "discernment", "discernment"): 8, ("R17b", "discernment", "consult"): 2,
        ("R18b", "couples", "couples"): 20, ("R18b", "couples", "discernment"): 1,
        ("R16a", "consult", "consult"): 5,
    }  # fmt: skip
    assert by_rule(counts, "R17b", "discernment") == {
        ("yes", "yes"): 8, ("yes", "no"): 2, ("no", "no"): 25, ("no", "yes"): 1,
    }  # fmt: skip
