"""Couples worked out by hand from the page of the rules, each with what must come of it and why.

A line holds a couple file in which each partner is written as what differs from the calm one: ``changes`` by
path, and the paths left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from couple_files import BLANK, calm_partner, put, routed

FILE = Path(__file__).parents[2] / "data" / "couples" / "by_hand.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def whole(written: dict[str, Any]) -> dict[str, Any]:
    """The couple file of a line."""
    return {**written, "partners": {slot: _partner(one) for slot, one in written["partners"].items()}}


def _partner(written: dict[str, Any] | None) -> dict[str, Any] | None:
    if written is None:
        return None
    partner = calm_partner()
    for path in written["left_out"]:
        put(partner, path, BLANK)
    for path, value in written["changes"].items():
        put(partner, path, value)
    return partner


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_couple_worked_out_by_hand(case: dict[str, Any]) -> None:
    made = routed(whole(case["couple"])).as_dict()
    assert {key: made[key] for key in case["expect"]} == case["expect"], case["why"]
