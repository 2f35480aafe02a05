"""How soon somebody must look: clinical.md §4, "When"."""

from __future__ import annotations

import pytest

from portal.domain.urgency import urgency


def says(
    *rules: str, route: str = "consult", gates: tuple[str, ...] = (), flags: tuple[str, ...] = ()
) -> dict[str, object]:
    return {
        "route": route,
        "matched_rules": list(rules),
        "gates": ["not_signed", *gates],
        "flags": [{"key": key, "slot": "a"} for key in flags],
    }


@pytest.mark.parametrize(
    ("recommendation", "want"),
    [
        (says("R1"), 0),
        (says("R1b"), 0),
        (says("R2"), 0),
        (says("R3"), 0),
        (says("R4"), 1),
        (says("R5b"), 2),
        (says("R5d"), 2),
        (says("R0", "R5b"), 2),
        (says("R17b", route="discernment"), 3),
        (says("R18b", route="couples"), 3),
        (says("R10", route="wait"), 4),
        (says("R12", route="refresh"), 4),
        (says("R10", "R1", route="wait"), 0),
        (says("R18b", route="couples", gates=("call_within_24h",)), 0),
        (says("R18b", route="couples", gates=("call_next_working_day",)), 1),
        (says("R15", flags=("leaving_risk",)), 0),
        (says("R15", flags=("perception_gap",)), 3),
    ],
)
def test_urgency(recommendation: dict[str, object], want: int) -> None:
    assert urgency(recommendation, is_signed=False) == want
    assert urgency(recommendation, is_signed=True) == 5
