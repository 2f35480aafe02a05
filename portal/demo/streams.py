"""Choices that look drawn and are always the same: a stream of HMAC-SHA256 blocks, one stream a label."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Stream:
    """Numbers that follow from a key and a label alone; equal labels give equal streams."""

    def __init__(self, label: str, *, key: bytes = b"demonstration practice") -> None:
        self._key = key
        self._label = label
        self._block = 0

    def bytes(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        drawn = b""
        while len(drawn) < count:
            message = f"{self._label}|{self._block}".encode()
            drawn += hmac.new(self._key, message, hashlib.sha256).digest()
            self._block += 1
        return drawn[:count]

    def below(self, limit: int) -> int:
        """A whole number from 0 to ``limit`` - 1."""
        return int.from_bytes(self.bytes(8), "big") % limit

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.below(len(choices))]


def spread(total: int, highest: Sequence[int], stream: Stream) -> tuple[int, ...]:
    """``total`` points over parts that hold at most ``highest`` each, uneven as people's answers are.

    The sum is exactly ``total``, or all that the parts hold.
    """
    points = [0] * len(highest)
    for _ in range(min(total, sum(highest))):
        open_parts = [n for n, most in enumerate(highest) if points[n] < most]
        lowest = min(points[n] / highest[n] for n in open_parts)
        points[stream.pick([n for n in open_parts if points[n] / highest[n] <= lowest + 0.3])] += 1
    return tuple(points)
