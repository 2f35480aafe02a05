"""Who is to be called by when, and what a call may end in (clinical.md §4, "When")."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from portal.domain import urgency, working_days
from portal.domain.working_days import USUAL, Calendar

#: How a call may end. What settles it: the person was talked to.
OUTCOMES: Final = ("reached", "no_answer", "voicemail_left", "asked_to_call_back", "wrong_number")
REACHED: Final = "reached"
#: Whose call it was: ours, at a time that was agreed with the person, or the person called us.
OCCASIONS: Final = ("ours", "agreed", "theirs")
#: What a call from the other side can end in.
_THEIR_OUTCOMES: Final = (REACHED, "asked_to_call_back")

#: Working days from the finding on, by urgency; everybody else is called by their own clock.
_WITHIN: Final[Mapping[int, int]] = {urgency.SAME_DAY: 0, urgency.TWO_DAYS: 2, urgency.FIVE_DAYS: 5}
_NEXT_DAY_GATE: Final = "call_next_working_day"
#: Gates that ask for a call by a time of their own, of whoever said it, sent or not.
CALLED_SOON: Final = ("call_within_24h", _NEXT_DAY_GATE)


@dataclass(frozen=True)
class Plan:
    """One person's call: by when, for which urgency and which form; ``settled_at`` once they were reached."""

    due_at: datetime
    level: int
    sent_at: datetime | None
    settled_at: datetime | None = None


def end_of(day: date, zone: tzinfo) -> datetime:
    """The moment a day of the practice is over."""
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


def is_wanted(
    participation: str, slot: str, advice: Mapping[str, Any], *, concerned: Collection[str] = ()
) -> bool:
    """Whether this person is to be called: they sent, or said while writing what cannot wait.

    ``concerned``: slots whose own answers a gate with a time of its own is about (``CALLED_SOON``). Whoever
    withdrew is called for a danger they told that still stands, and for nothing else: they may have been
    made to, and were told that somebody may still get in touch. Whom the other ruled out is never called.
    """
    if participation == "submitted":
        return True
    if participation not in ("in_progress", "declined"):
        return False
    soon = _soon_rules(advice["matched_rules"])
    said = {(reason["slot"], reason["rule"]) for reason in advice["reasons"]}
    has_told = any((slot, rule) in said for rule in soon)
    if participation == "declined":
        return has_told
    is_asking = advice["reason"] == "call_first" and (slot, "R10") in said
    return has_told or is_asking or slot in concerned


def _soon_rules(rules: Collection[str]) -> set[str]:
    return {rule for rule in rules if urgency.of_rule(rule) is not None}


def due_at(
    advice: Mapping[str, Any],
    *,
    sent_at: datetime | None,
    made_at: datetime,
    zone: tzinfo,
    calendar: Calendar = USUAL,
) -> datetime:
    """Own sending plus the constant of every route, or sooner where something found cannot wait."""
    level = urgency.urgency(advice, is_signed=False)
    begun = (sent_at or made_at).astimezone(zone).date()
    ends = [end_of(working_days.after(begun, working_days.CALL_WITHIN, calendar), zone)]
    found = made_at.astimezone(zone).date()
    days = _WITHIN.get(level)
    if _NEXT_DAY_GATE in advice["gates"]:
        days = min(1, 1 if days is None else days)
    if days is not None:
        ends.append(end_of(working_days.after(found, days, calendar), zone))
    return min(ends)


def planned(before: Plan | None, new: Plan) -> Plan:
    """What stands after new advice: a promise never moves away, and a call that was held stays held.

    A form sent since, or more danger than then, asks for another call. A call that was never held stays
    due by when it was: danger told while writing, or a first form, waits no longer for a form sent since.
    """
    if before is None:
        return new
    is_newer = new.sent_at is not None and (before.sent_at is None or new.sent_at > before.sent_at)
    if before.settled_at is None:
        level = new.level if is_newer else min(before.level, new.level)
        return Plan(min(before.due_at, new.due_at), level, new.sent_at)
    return new if is_newer or new.level < min(before.level, urgency.REVIEW) else before


@dataclass(frozen=True)
class Channel:
    """A person's safe contact as a caller needs it; ``kind`` none where nothing safe was given."""

    kind: str
    voicemail_ok: bool
    is_wrong_number: bool = False

    @classmethod
    def of(cls, contact: Mapping[str, Any] | None, *, is_wrong_number: bool = False) -> Channel:
        """The channel of a contact statement."""
        given = contact or {}
        kind = str(given.get("channel", "none")) if given.get("address") else "none"
        return cls(kind, bool(given.get("voicemail_ok")), is_wrong_number)

    @property
    def barrier(self) -> str | None:
        """Why nobody may simply call: nothing safe, another channel, a number that was wrong."""
        if self.kind == "none":
            return "await_call"
        if self.kind != "phone":
            return "other_channel"
        return "wrong_number" if self.is_wrong_number else None


def refusal(channel: Channel, *, outcome: str, occasion: str, is_safe: bool | None) -> str | None:
    """Why a call cannot be logged as it is told; None where it can."""
    if occasion == "theirs":
        return None if outcome in _THEIR_OUTCOMES else "not_theirs"
    if outcome == "voicemail_left" and not channel.voicemail_ok:
        return "voicemail_not_ok"
    if occasion == "agreed":
        return None
    return channel.barrier or ("outside_hours" if is_safe is False else None)
