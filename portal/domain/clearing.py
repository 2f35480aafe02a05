"""What a clinician's clearance takes away (clinical.md §3, contract.md "standing_findings").

It covers answers up to its date: newer answers raise anew, a draft is never cleared, and a clearance
dated after the day of reading is none yet.
"""

from __future__ import annotations

from datetime import date

from portal.domain.couple import Couple, Tier


def cleared_tiers(couple: Couple) -> frozenset[Tier]:
    """The tiers whose findings of the current answers are cleared."""
    return frozenset(one.tier for one in couple.clearances if _covers_every_answer(couple, one.on))


def covers_current_answers(couple: Couple, tier: Tier) -> bool:
    """Whether this tier's findings of the current answers are cleared."""
    return bool(couple.clearances) and tier in cleared_tiers(couple)


def is_cleared_since(couple: Couple, tier: Tier, found_on: date) -> bool:
    """Whether a clearance of this tier covers an earlier finding of that day."""
    return any(one.tier == tier and found_on <= one.on <= couple.as_of for one in couple.clearances)


def _covers_every_answer(couple: Couple, on: date) -> bool:
    """Everybody in the file submitted by that day, and nobody is writing again."""
    if on > couple.as_of:
        return False
    for slot, sheet in couple.sheets.items():
        if sheet is None:
            continue
        if sheet.sent is None or sheet.sent > on or couple.participation[slot] == "in_progress":
            return False
    return True
