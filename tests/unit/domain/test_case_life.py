"""A case's life: which step can be taken when, and which findings nobody has settled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.domain import case_life
from portal.domain.case_life import Danger

EARLY, FOUND, LATE = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3))
STRANGLED = Danger("a", "A", FOUND)
CHILD = Danger("b", "child", FOUND)


@pytest.mark.parametrize(
    ("is_closed", "is_merged", "stands", "close", "reopen"),
    [
        (False, False, "open", None, "not_closed"),
        (True, False, "closed", "already_closed", None),
        (True, True, "merged", "merged", "merged"),
        (False, True, "merged", "merged", "merged"),
    ],
)
def test_every_step_at_every_standing(
    is_closed: bool, is_merged: bool, stands: str, close: str | None, reopen: str | None
) -> None:
    found = case_life.standing(is_closed=is_closed, is_merged=is_merged)
    assert (found, case_life.refusal(found, "close"), case_life.refusal(found, "reopen")) == (
        stands, close, reopen,
    )  # fmt: skip
    assert {step for _stands, step in case_life.TRANSITIONS} == set(case_life.OWNERS)


@pytest.mark.parametrize(
    ("cleared", "confirmed", "left"),
    [
        ({}, {}, (STRANGLED, CHILD)),
        ({"A": EARLY}, {}, (STRANGLED, CHILD)),
        ({"A": FOUND}, {}, (CHILD,)),
        ({"B": LATE, "child": EARLY}, {("a", "child"): LATE}, (STRANGLED, CHILD)),
        ({"A": LATE}, {("b", "child"): LATE}, ()),
    ],
)
def test_what_settles_a_finding(
    cleared: dict[str, datetime], confirmed: dict[tuple[str, str], datetime], left: tuple[Danger, ...]
) -> None:
    assert case_life.uncleared([STRANGLED, CHILD], cleared=cleared, confirmed=confirmed) == left
