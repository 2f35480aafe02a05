"""What is read off a list of counts by value: the median and how many lie within a bound."""

from __future__ import annotations

from collections.abc import Mapping


def median(counts: Mapping[int, int]) -> int:
    """The lower median: the value in the middle, of two the smaller. Needs at least one."""
    half, seen = (sum(counts.values()) + 1) // 2, 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= half:
            return value
    raise ValueError("nothing was counted")


def within(counts: Mapping[int, int], bound: int) -> int:
    """How many have at most this value."""
    return sum(count for value, count in counts.items() if value <= bound)
