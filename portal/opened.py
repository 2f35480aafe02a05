"""What one set of keys has opened, kept a while for the second look (decision 0091).

It belongs to the keys and is forgotten with them: when the key files change, a destroyed key opens nothing at
once. Asked for by place and what marks the ciphertext, so that a changed or an erased row finds nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, TypeVar

B = TypeVar("B", bound=Hashable)
T = TypeVar("T")

#: Two generations of so many things, each begun at least so many seconds after the last: what nobody asks for
#: any more is gone after two. A name takes 1 KB, a row of the caseload with its drawing 5.
SIZE: Final = 1000
LIFE: Final = 600.0


#: So much of a ciphertext is like no other's: which key, what was drawn for it, and the seal at its end.
_HEAD: Final = 48
_TAIL: Final = 16


def mark(blob: bytes) -> bytes:
    """What tells this ciphertext from any other: some are long, and would be kept for nothing but that."""
    return blob if len(blob) <= _HEAD + _TAIL else blob[:_HEAD] + blob[-_TAIL:]


class Opened:
    """Kept in memory alone. Threads may lose what another has just put in, never find what is not theirs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._young: dict[tuple[Hashable, Hashable], Any] = {}
        self._old: dict[tuple[Hashable, Hashable], Any] = {}

    def recall(self, place: Hashable, blob: Hashable, opening: Callable[[], T]) -> T:
        """What ``opening`` made of this blob (or of all that a row holds) in this place, now or lately."""
        self._turn()
        key = place, blob
        found: T | None = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            self._young[key] = found = opening() if found is None else found
        return found

    def recall_each(self, place: Hashable, blobs: Iterable[B], opening: Callable[[B], T]) -> list[T]:
        """The same for many at once."""
        self._turn()
        young, old, found = self._young, self._old, []
        for blob in blobs:
            key = place, blob
            one: T | None = young.get(key)
            if one is None:
                one = old.get(key)
                young[key] = one = opening(blob) if one is None else one
            found.append(one)
        return found

    def _turn(self) -> None:
        if len(self._young) >= SIZE or self._clock() - self._began >= LIFE:
            self._began, self._old, self._young = self._clock(), self._young, {}

    def forget(self) -> None:
        """Nothing is kept any more."""
        self._young, self._old = {}, {}
