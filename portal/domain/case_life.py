"""The life of a case: what may be done with it, as one dict of transitions. Nothing else closes a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Standing = Literal["open", "closed", "merged"]
Step = Literal["close", "reopen"]

#: (how the case stands, step) -> how it stands then.
TRANSITIONS: Final[Mapping[tuple[Standing, Step], Standing]] = {
    ("open", "close"): "closed",
    ("closed", "reopen"): "open",
}
#: Why every other step is refused.
_REFUSALS: Final[Mapping[tuple[Standing, Step], str]] = {
    ("open", "reopen"): "not_closed",
    ("closed", "close"): "already_closed",
    ("merged", "close"): "merged",
    ("merged", "reopen"): "merged",
}
#: Whose turn a step is. ``system``: something new came in, so that somebody must look again.
OWNERS: Final[Mapping[Step, tuple[str, ...]]] = {
    "close": ("therapist", "admin"),
    "reopen": ("therapist", "admin", "system"),
}
#: Why a case is closed.
REASONS: Final = ("finished", "not_taken_up", "referred_on", "withdrawn", "duplicate")
#: Why one is opened again: somebody sent the form, said something, a draft raised danger; or staff want to.
CAUSES: Final = ("by_hand", "sent", "said", "finding")


@dataclass(frozen=True)
class Danger:
    """A finding that was not corrected: whose it is, its tier, and when it was found."""

    slot: str
    tier: str
    found_at: datetime


def standing(*, is_closed: bool, is_merged: bool) -> Standing:
    """How a case stands; one that was merged away is over for good."""
    if is_merged:
        return "merged"
    return "closed" if is_closed else "open"


def refusal(stands: Standing, step: Step) -> str | None:
    """Why the step cannot be taken now; None where it can."""
    return None if (stands, step) in TRANSITIONS else _REFUSALS[stands, step]


def uncleared(
    dangers: Iterable[Danger],
    *,
    cleared: Mapping[str, datetime],
    confirmed: Mapping[tuple[str, str], datetime],
) -> tuple[Danger, ...]:
    """The findings nobody has settled since they were found.

    ``cleared``: tier -> its newest clearance. ``confirmed``: (slot, tier) -> when staff accepted newer
    answers, which is what settles an order of protection and a child in danger.
    """
    return tuple(
        danger
        for danger in dangers
        if not _is_since(cleared.get(danger.tier), danger)
        and not _is_since(confirmed.get((danger.slot, danger.tier)), danger)
    )


def _is_since(settled_at: datetime | None, danger: Danger) -> bool:
    return settled_at is not None and settled_at >= danger.found_at
