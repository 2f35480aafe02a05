"""Tier C: what an interview should come back to, without changing the route (clinical.md §3)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from portal.domain.constructs import ACTS
from portal.domain.couple import SEVERE_CONTROL, SLOTS, Partner
from portal.domain.couple_fields import FIELD_ORDER, ITEMS
from portal.domain.gates import MOOD_LEVEL
from portal.domain.predicates import EARLIER, EVER, is_open_to_r8
from portal.domain.recommendation import Topic

ALCOHOL_LEVEL: Final = 4
"""Alcohol score 0-12 from which drinking is an interview topic (clinical.md §3)."""

_INSULT = frozenset({"insult"})
_MILD_WHEN_EARLIER = frozenset({"threat", "physical", "sexual_pressure"})
_ITEMS = ITEMS | {
    *("eligible.adult", "eligible.in_service_area"),
    *(f"{side}.{act}" for side in ("harm_received", "harm_done") for act in ACTS),
}


FIREARM: Final = 1 << 2 * FIELD_ORDER["firearm_access"]
"""The bit of a firearm: named where it is reported and someone may be in danger for leaving."""
_TOPICS: Final = tuple(Topic(slot, field) for field in FIELD_ORDER for slot in SLOTS)


def topic_bits(partner: Partner, *, sent: bool) -> int:
    """The topics that one partner's answers raise, two bits a field: one for a, the next for b.

    Answers given (declined ones too) are read in everybody's file, blanks only where the intake was
    sent: a draft is not finished yet.
    """
    fields = {*_answered(partner), *_unanswered(partner, sent=sent)}
    return sum(1 << 2 * FIELD_ORDER[field] for field in fields)


@lru_cache(maxsize=256)
def topics(bits: int) -> tuple[Topic, ...]:
    """The topics of both, in the order of the couple file's fields, a before b."""
    return tuple(topic for place, topic in enumerate(_TOPICS) if bits >> place & 1)


def _answered(partner: Partner) -> Iterator[str]:
    safety, health = partner.safety, partner.health
    yield from safety.harm.fields(_INSULT, EVER)
    yield from safety.harm.fields(_MILD_WHEN_EARLIER, EARLIER)
    for side, kinds in (("control_received", safety.control_received), ("control_done", safety.control_done)):
        if kinds and len(kinds) == 1 and not kinds & SEVERE_CONTROL:
            yield side
    if safety.free_to_leave == "hard":
        yield "free_to_leave"
    if safety.neck_wanted:
        yield "neck_wanted"
    if health.alcohol_score is not None and health.alcohol_score >= ALCOHOL_LEVEL:
        yield "alcohol_score"
    if health.mood_score is not None and health.mood_score >= MOOD_LEVEL:
        yield "mood_score"
    if safety.staying_from_fear:
        yield "staying_from_fear"
    yield from partner.not_asked


def _unanswered(partner: Partner, *, sent: bool) -> Iterator[str]:
    """Declined or skipped items, but for those that R8 waits for."""
    for field in partner.declined:
        if field in _ITEMS and not (sent and is_open_to_r8(field, skipped=False)):
            yield field
    if sent:
        yield from (field for field in partner.skipped if not is_open_to_r8(field, skipped=True))
