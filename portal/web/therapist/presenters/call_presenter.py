"""A call in words: by when, whether it is a safe hour there now, what may be said, what was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.content.calls import script
from portal.domain import safe_hours
from portal.services.call_list import Attempt, Call
from portal.web import context, kit
from portal.web.therapist import words

OUTCOMES = {
    "reached": _l("Reached: we talked"),
    "no_answer": _l("No answer"),
    "voicemail_left": _l("Left a message"),
    "asked_to_call_back": _l("Asked us to call another time"),
    "wrong_number": _l("Wrong number"),
}
OCCASIONS = {
    "ours": _l("We called"),
    "agreed": _l("We called at a time agreed with this person"),
    "theirs": _l("This person called us"),
}
_SHORT = {
    "await_call": _l("Await call"),
    "other_channel": _l("Not by phone"),
    "wrong_number": _l("Wrong number"),
}
_BARRIERS = {
    "await_call": _l("No safe channel: nobody calls. This person calls us."),
    "other_channel": _l("Not by phone: this person chose another channel. Agree on a time there first."),
    "wrong_number": _l("Somebody else answered at this number. Do not call it again; wait for a new one."),
}
REFUSALS = {
    **_BARRIERS,
    "not_theirs": _l("Somebody who calls us was reached, or asked us to call another time."),
    "voicemail_not_ok": _l(
        "This person does not allow a message. If one was left all the same, say so in the note of a call "
        "without answer."
    ),
    "outside_hours": _l(
        "This lies outside the hours this person named as safe. It can be noted where the time was agreed, "
        "or where this person called us."
    ),
    "next_outside_hours": _l("The next try lies outside the hours this person named as safe."),
    "contact_blocked": _l("This person does not take part. The practice makes no new contact with them."),
}  # fmt: skip
FAULTS = {
    "nobody_there": _l("There is nobody in this place of the case yet."),
    "not_lately": _l("Please give a time within the last seven days."),
    "not_soon": _l("Please give a time within the next sixty days."),
}
STEPS = {
    "open": _l("When somebody answers"),
    "private": _l("First, whatever else"),
    "not_private": _l("If not alone"),
    "begin": _l("Only when alone"),
    "close": _l("At the end"),
    "other_person": _l("If somebody else answers"),
    "voicemail": _l("If a machine answers"),
}


@dataclass(frozen=True)
class CallCard:
    """One person to call, as the page shows it. ``barrier`` stands where nobody may simply call."""

    case_id: str
    slot: str
    name: str
    due: str
    is_overdue: bool
    is_red: bool
    has_withdrawn: bool
    settled: str
    channel: str
    number: str = field(repr=False)
    hours: str = field(repr=False)
    there: str
    state: tuple[str, str, str]
    rules: tuple[str, ...]
    barrier: tuple[str, str] | None
    next_try: str
    tries: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, str], ...]
    language: str


def card(call: Call, staff: Mapping[str, str]) -> CallCard:
    """One person of the list or of a case."""
    given = call.contact or {}
    zone = str(given.get("time_zone") or context.practice().time_zone)
    barrier = call.channel.barrier
    now = kit.tools().now()
    is_overdue = call.due_at is not None and call.settled_at is None and call.due_at < now
    return CallCard(
        case_id=call.case_id,
        slot=call.slot,
        name=call.name or _("Partner %(slot)s", slot=call.slot.upper()),
        due=_due(call),
        is_overdue=is_overdue,
        is_red=barrier == "await_call" or is_overdue or call.level == 0,
        has_withdrawn=call.has_withdrawn,
        settled=words.moment_words(call.settled_at) if call.settled_at else "",
        channel=str(words.CHANNELS[call.channel.kind]),
        number="" if call.channel.kind == "none" else str(given.get("address", "")),
        hours=str(given.get("hours", "")),
        there=_(
            "%(zone)s, now %(time)s there", zone=words.zone_words(zone), time=words.local_time(zone) or "?"
        ),
        state=_state(str(given.get("hours", "")), zone) if barrier is None else ("none", "", ""),
        rules=_rules(given),
        barrier=(str(_SHORT[barrier]), str(_BARRIERS[barrier])) if barrier else None,
        next_try=words.moment_words(call.next_try_at) if call.next_try_at else "",
        tries=tuple(_try(one, staff) for one in call.attempts),
        lines=_lines(call, given, staff),
        language="Español" if call.language == "es" else "English",
    )


def _due(call: Call) -> str:
    """The last day of the promise: the moment after it is midnight."""
    if call.due_at is None:
        return ""
    zone = ZoneInfo(context.practice().time_zone)
    last = (call.due_at.astimezone(zone)).date()
    return words.day(last.fromordinal(last.toordinal() - 1))


def _state(hours: str, zone: str) -> tuple[str, str, str]:
    """(level, words, more): whether this is a safe hour there, and when the next one is."""
    now = safe_hours.at(hours, kit.tools().now(), ZoneInfo(zone))
    if now.next is not None:
        return "soon", _("Outside the safe hours"), _("next there: %(span)s", span=_span(now.next))
    if now.is_safe is None:
        return "clock", _("Judge for yourself"), _("These words can mean more than one thing.")
    return "none", _("Within the safe hours") if hours.strip() else _("No hours named"), ""


def _span(span: tuple[datetime, datetime]) -> str:
    """Day and hours by the person's own clock."""
    begins, ends = (words.clock_there(moment) for moment in span)
    return f"{format_date(span[0].date(), 'full')}, {begins}–{ends}"


def _rules(given: Mapping[str, object]) -> tuple[str, ...]:
    return (
        _("A message may be left.") if given.get("voicemail_ok") else _("Leave no message."),
        _("The practice may be named.") if given.get("name_ok") else _("Do not name the practice."),
    )


def _try(one: Attempt, staff: Mapping[str, str]) -> tuple[str, str]:
    told = f"{OUTCOMES[one.outcome]} · {OCCASIONS[one.occasion]} · {staff.get(one.called_by, '–')}"
    return f"{words.moment_words(one.called_at)} · {told}", one.note


def _lines(call: Call, given: Mapping[str, object], staff: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The script in the language of the person called, not of the caller."""
    caller = staff.get(kit.viewer().id, "")
    practice = context.practice()
    filled = {"caller": caller, "practice": practice.name, "phone": practice.phone}
    lines = script(name_ok=bool(given.get("name_ok")), voicemail_ok=bool(given.get("voicemail_ok")))
    return tuple((str(STEPS[one.step]), one.text.in_locale(call.language).format(**filled)) for one in lines)
