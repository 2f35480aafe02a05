"""The way in: which page comes next for a partner, in one order that everybody walks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal

Step = Literal["account", "leaving", "consent", "contact", "form", "home"]


@dataclass(frozen=True)
class WayIn:
    """What a partner has done so far, each by their own act alone.

    ``kept``: said that sign-in name and recovery code are written down. ``leaving_seen``: read what
    quick exit can and cannot do. ``sent``: the intake was sent.
    """

    kept: bool
    leaving_seen: bool
    consented: bool
    contact_given: bool
    sent: bool


#: Whose turn it is: the first of these that is not done yet is the next page (contract.md, "The way in").
_ORDER: Final[dict[str, Step]] = {
    "kept": "account",
    "leaving_seen": "leaving",
    "consented": "consent",
    "contact_given": "contact",
    "sent": "form",
}


def next_step(done: WayIn) -> Step:
    """The page that comes next; ``home`` once everything is done."""
    return next((_ORDER[item.name] for item in fields(done) if not getattr(done, item.name)), "home")


def may_open(step: Step, done: WayIn) -> bool:
    """Whether a page of the way in may be opened now: its own turn has come, or is past."""
    order: list[Step] = [*_ORDER.values(), "home"]
    return order.index(step) <= order.index(next_step(done))
