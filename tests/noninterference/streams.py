"""Randomness that can be repeated: every actor draws from streams of their own, one a place in the code.

Two worlds then draw equal ids, names and tokens for equal acts of A, however much B or the staff drew in
between. Nothing is masked: a value that still differs hangs on something A must not see.
"""

from __future__ import annotations

import hmac
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Who acts right now; the worker acts for whoever caused its work.
ACTOR: ContextVar[str] = ContextVar("actor", default="nobody")


#: Arguments that say for whom something is drawn: a link mailed to B draws nothing from A's links.
_WHOSE = ("to", "account_id", "token")


@contextmanager
def acting(name: str) -> Iterator[None]:
    """Everything drawn inside belongs to ``name``."""
    token = ACTOR.set(name)
    try:
        yield
    finally:
        ACTOR.reset(token)


def _place() -> str:
    """The portal's functions that ask for randomness, innermost first; how they were reached is left out."""
    frame, names = sys._getframe(2), []
    while frame is not None and len(names) < 3:
        if frame.f_globals.get("__name__", "").startswith("portal."):
            names.append(frame.f_code.co_qualname)
            names[-1] += "".join(str(frame.f_locals.get(local, "")) for local in _WHOSE)
        frame = frame.f_back  # type: ignore[assignment]
    return " < ".join(names)


class Streams:
    """Stands in for ``secrets.token_bytes``."""

    def __init__(self) -> None:
        self._drawn: Counter[str] = Counter()

    def restart(self) -> None:
        """As at the beginning of the world."""
        self._drawn.clear()

    def __call__(self, size: int) -> bytes:
        stream = f"{ACTOR.get()}|{_place()}"
        self._drawn[stream] += 1
        label = f"{stream}|{self._drawn[stream]}"
        blocks = (
            hmac.new(b"one seed for every world", f"{label}|{at}".encode(), "sha256").digest()
            for at in range(-(-size // 32))
        )
        return b"".join(blocks)[:size]
