from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.domain.prerequisites import (
    Held,
    Standing,
    is_cleared,
    is_downward_from_safety,
    without_clearing_interview,
    without_interview,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
A = Standing("a", "submitted", NOON)
B = Standing("b", "submitted", NOON)
B_DRAFT = Standing("b", "in_progress", None)
A_GONE, B_GONE = Standing("a", "declined", None), Standing("b", "declined", None)


@pytest.mark.parametrize(
    ("people", "held", "want"),
    [
        ((A, B), (), ("a", "b")),
        ((A, B), (Held("a", True, BEFORE),), ("b",)),
        ((A, B), (Held("a", True, AFTER), Held("b", False, AFTER)), ("b",)),
        ((A, B_DRAFT), (Held("a", True, AFTER),), ()),
        ((A, B_GONE), (Held("a", True, AFTER),), ()),
    ],
)
def test_who_was_not_interviewed(
    people: tuple[Standing, ...], held: tuple[Held, ...], want: tuple[str, ...]
) -> None:
    assert without_interview(people, held) == want


@pytest.mark.parametrize(
    ("people", "held", "want"),
    [
        ((A, B), (), ("a", "b")),
        ((A, B), (Held("a", True, AFTER), Held("b", True, NOON)), ()),
        ((A, B), (Held("a", True, BEFORE), Held("b", True, AFTER)), ("a",)),
        ((A, B), (Held("a", False, AFTER), Held("b", True, AFTER)), ("a",)),
        ((A, B_DRAFT), (Held("a", True, AFTER),), ("b",)),
        ((A, B_DRAFT), (Held("a", True, AFTER), Held("b", True, BEFORE)), ()),
        ((A, B_GONE), (Held("a", True, AFTER),), ()),
        ((A_GONE, B_GONE), (), ("a", "b")),
        ((A_GONE, B_GONE), (Held("a", False, AFTER),), ("a", "b")),
        ((A_GONE, B_GONE), (Held("a", True, AFTER),), ()),
    ],
)
def test_who_must_be_seen_before_a_clearance(
    people: tuple[Standing, ...], held: tuple[Held, ...], want: tuple[str, ...]
) -> None:
    assert without_clearing_interview(people, held) == want


@pytest.mark.parametrize(
    ("people", "held", "want"),
    [
        ((A, B), (Held("a", True, AFTER), Held("b", True, AFTER)), ()),
        ((A, B), (Held("a", True, AFTER), Held("b", True, NOON)), ("b",)),
        ((A, B_DRAFT), (Held("a", True, AFTER), Held("b", True, BEFORE)), ("b",)),
        ((A, B_GONE), (Held("a", True, AFTER),), ()),
        ((A_GONE, B_GONE), (Held("a", True, NOON),), ("a", "b")),
        ((A_GONE, B_GONE), (Held("a", True, NOON), Held("b", True, AFTER)), ()),
    ],
)
def test_who_must_be_seen_again_after_a_finding(
    people: tuple[Standing, ...], held: tuple[Held, ...], want: tuple[str, ...]
) -> None:
    assert without_clearing_interview(people, held, found_at=AFTER) == want


@pytest.mark.parametrize(
    ("recommended", "chosen", "want"),
    [
        ("safety", "consult", True),
        ("safety", "hold", True),
        ("safety", "safety", False),
        ("hold", "couples", False),
        ("couples", "safety", False),
    ],
)
def test_what_leaves_safety(recommended: str, chosen: str, want: bool) -> None:
    assert is_downward_from_safety(recommended, chosen) is want


@pytest.mark.parametrize(
    ("rules", "cleared", "people", "want"),
    [
        (("R1", "R18b"), {"A": NOON}, (A, B), True),
        (("R1", "R18b"), {"A": BEFORE}, (A, B), False),
        (("R1", "R4"), {"A": AFTER}, (A, B), False),
        (("R1", "R4"), {"A": AFTER, "B": AFTER}, (A, B), True),
        (("R2",), {"crisis": AFTER}, (A, B), True),
        (("R3",), {"A": AFTER, "B": AFTER}, (A, B), False),
        (("R1b",), {"A": AFTER}, (A, B), False),
        (("R1",), {"A": AFTER}, (A, B_DRAFT), False),
    ],
)
def test_what_is_cleared_since_a_recommendation(
    rules: tuple[str, ...], cleared: dict[str, datetime], people: tuple[Standing, ...], want: bool
) -> None:
    assert is_cleared(rules, NOON, cleared, people) is want
