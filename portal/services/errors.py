"""The named refusals of the verbs. ``web`` turns them into answers; none tells who exists."""

from __future__ import annotations

import traceback
from pathlib import Path


class Refused(Exception):
    """A verb was refused. ``reason`` is a key that presenters turn into words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotFound(Refused):
    """No such thing, or not this viewer's: the same answer for both (404)."""

    def __init__(self) -> None:
        super().__init__("not_found")


class OutOfOrder(Refused):
    """Right person, wrong moment (partner: 303 to the right page; staff: 409)."""


class BadInput(Refused):
    """The input cannot be taken; ``faults`` maps a field to a reason key (400, text kept)."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("bad_input")
        self.faults = faults


class NotFresh(Refused):
    """A sensitive act needs a sign-in at most five minutes old (400, with a password field)."""

    def __init__(self) -> None:
        super().__init__("not_fresh")


class Conflict(Refused):
    """Another tab was quicker, or it is already done (409)."""


def told(error: BaseException) -> str:
    """What a log may say of an unexpected error: its class and where it happened, innermost first.

    Never its text: that may hold an answer, a name or an address.
    """
    steps = reversed(traceback.extract_tb(error.__traceback__))
    where = " < ".join(f"{Path(step.filename).name}:{step.lineno}" for step in steps)
    return f"{type(error).__name__} at {where}"
