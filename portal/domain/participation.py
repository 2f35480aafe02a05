"""Where each partner stands towards taking part: derived from what happened, never stored.

Participation values are those of contract.md ("Couple file").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Participation = Literal["submitted", "in_progress", "invited", "not_invited", "declined", "do_not_contact"]


@dataclass(frozen=True)
class Signs:
    """What the practice knows of one person. Times are aware; None means it never happened.

    ``other_choice``: what the other partner said under "my partner" (invite / will_not_join /
    do_not_contact), newest only.
    """

    submitted_at: datetime | None = None
    joined_at: datetime | None = None
    invited_at: datetime | None = None
    withdrawn_at: datetime | None = None
    not_now_at: datetime | None = None
    other_choice: str | None = None


def _is_withdrawn(signs: Signs) -> bool:
    """A withdrawal counts until a later sending."""
    if signs.withdrawn_at is None:
        return False
    return signs.submitted_at is None or signs.submitted_at <= signs.withdrawn_at


def _has_said_not_now(signs: Signs) -> bool:
    """The answer "not for me right now" counts until that person joins after all."""
    if signs.not_now_at is None:
        return False
    return signs.joined_at is None or signs.joined_at <= signs.not_now_at


def participation(signs: Signs) -> Participation:
    """One person's participation. Submitted wins over anything the other partner says about them.

    "Will not join" and "do not contact" (the other's words) win over an invitation and an unsent intake:
    nobody writes to a person whom the other asked us not to contact.
    """
    if _is_withdrawn(signs):
        return "declined"
    if signs.submitted_at is not None:
        return "submitted"
    if signs.other_choice == "do_not_contact":
        return "do_not_contact"
    if _has_said_not_now(signs) or signs.other_choice == "will_not_join":
        return "declined"
    if signs.joined_at is not None:
        return "in_progress"
    return "not_invited" if signs.invited_at is None else "invited"
