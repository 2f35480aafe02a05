"""How soon somebody must look at a case: what the caseload is sorted by (clinical.md §4, "When")."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

SAME_DAY: Final = 0
TWO_DAYS: Final = 1
FIVE_DAYS: Final = 2
REVIEW: Final = 3
WAITING: Final = 4
SIGNED: Final = 5
#: Where advice names those of whose form something is lost (``told_alone``).
LOST: Final = "lost"

_BY_RULE: Final[Mapping[str, int]] = {
    "R1": SAME_DAY,
    "R1b": SAME_DAY,
    "R2": SAME_DAY,
    "R3": SAME_DAY,
    "R4": TWO_DAYS,
    "R5b": FIVE_DAYS,
    "R5d": FIVE_DAYS,
}
#: Gates that put a case before its route's own time.
_BY_GATE: Final[Mapping[str, int]] = {"call_within_24h": SAME_DAY, "call_next_working_day": TWO_DAYS}


def of_rule(rule: str) -> int | None:
    """How soon a rule wants somebody to look; None where it says nothing of time."""
    return _BY_RULE.get(rule)


def urgency(recommendation: Mapping[str, Any], *, is_signed: bool) -> int:
    """0 same day, 1 within two working days, 2 within five, 3 to review, 4 waiting, 5 signed.

    ``recommendation``: contract.md's JSON. A signed review takes a case off the queue until something
    new is recommended. Safety rules that matched beside the first one count too.
    What is lost of a form may tell of danger, and is looked after like it.
    """
    if is_signed:
        return SIGNED
    if recommendation.get(LOST):
        return SAME_DAY
    soonest = _soonest(recommendation["matched_rules"], recommendation["gates"], recommendation["flags"])
    if soonest is not None:
        return soonest
    return WAITING if recommendation["route"] in ("wait", "refresh") else REVIEW


def _soonest(
    rules: Collection[str], gates: Collection[str], flags: Collection[Mapping[str, Any]]
) -> int | None:
    times = [_BY_RULE[rule] for rule in rules if rule in _BY_RULE]
    times += [_BY_GATE[gate] for gate in gates if gate in _BY_GATE]
    times += [SAME_DAY for flag in flags if flag["key"] == "leaving_risk"]
    return min(times, default=None)
