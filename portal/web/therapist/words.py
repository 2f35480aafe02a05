"""Keys as words: routes, participation, refusals, answers. Everything in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_time, format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.content import questionnaire as bank
from portal.content.rules import ruleset
from portal.domain.lint import Breach, Piece
from portal.domain.questionnaire import Wording
from portal.domain.texts import RulesetTexts
from portal.services.errors import BadInput
from portal.services.release_lint import LintRefused
from portal.web import context, kit, outcomes

ROUTES: Final = outcomes.ROUTES
REASON_CODES: Final = outcomes.REASON_CODES
MODELS: Final = {
    "gottman": _l("Gottman"),
    "eft": _l("Emotionally focused (EFT)"),
    "developmental": _l("Developmental"),
    "enrichment": _l("Enrichment"),
    "therapist_choice": _l("Therapist's choice"),
}
FORMATS: Final = {
    "in_person": _l("In person"),
    "online": _l("Online"),
    "check_up": _l("First a one-session check-up"),
}
#: The gravest first.
TIERS: Final = {
    "A": _l("A, acute danger"),
    "child": _l("A child in danger"),
    "crisis": _l("Crisis, a danger to life"),
    "order": _l("Order of protection"),
    "B": _l("B, danger or control"),
    "H": _l("H, harm or fear"),
}
PARTICIPATION: Final = {
    "submitted": _l("sent the form"),
    "in_progress": _l("is filling in the form"),
    "invited": _l("is invited"),
    "not_invited": _l("is not invited yet"),
    "declined": _l("does not take part"),
    "do_not_contact": _l("must not be contacted"),
}
STATES: Final = {
    "provisional": _l("provisional"),
    "latched": _l("stands"),
    "corrected": _l("corrected by the person"),
}
LETTERS: Final = {
    "next_step": _l("Next step (the same for everybody)"),
    "service": _l("What we offer (names a service)"),
    "free": _l("Free text"),
}
LETTER_STATES: Final = {
    "waiting": _l("waits for approval"),
    "released": _l("released"),
    "refused": _l("refused"),
}
CHANNELS: Final = {
    "phone": _l("Phone call"),
    "text": _l("Text message"),
    "email": _l("E-mail"),
    "post": _l("Post"),
    "none": _l("Do not contact: this person calls us"),
}
FACTS: Final = {
    "shared_account": _l("One account is used by both"),
    "validity_concern": _l("Doubt whether the answers are this person's own"),
    "important_event": _l("Something important happened since"),
    "identity_conflict": _l("It is not settled who this is"),
    "report_reviewed": _l("Duty to report looked at, and done what it asks"),
    "confirm": _l("Newer answers accepted"),
}
#: Instead of what was said, where it cannot be opened.
LOST: Final = _l("Nobody can open this: its key is missing, or it is damaged.")
SAID: Final = {
    "message": _l("Message to the practice"),
    "addition": _l("Something to add"),
    "withdrawal": _l("Withdrawal"),
    "not_now": _l("Not for me right now"),
    "second_not_now": _l("Somebody else opened the same invitation and said: not for me right now"),
    "partner_choice": _l("About the other partner"),
    "appointment_answer": _l("Answer to a proposed appointment"),
}
APPOINTMENT_ANSWERS: Final = {
    "fits": _l("the time suits"),
    "other_time": _l("needs another time"),
    "talk_first": _l("wishes to talk with you alone first"),
}
DECISIONS: Final = {"accept": _l("Accepted"), "override": _l("Overridden"), "defer": _l("Deferred")}
REQUESTS: Final = {
    "first": _l("First form"),
    "refresh": _l("Renew the answers"),
    "repeat": _l("Short form: satisfaction, lean, safety"),
    "missing": _l("Answer what is open"),
}
URGENCY: Final = {
    0: ("now", _l("Same day")),
    1: ("now", _l("Within two working days")),
    2: ("soon", _l("Within five working days")),
    3: ("clock", _l("Ready to sign")),
    4: ("none", _l("Waiting")),
    5: ("none", _l("Signed")),
}

PATHS: Final = {
    1: _l("Path 1: things stay as they are"),
    2: _l("Path 2: separation, or ending the relationship"),
    3: _l("Path 3: six months of couples therapy, ending it off the table"),
}
OUTCOMES: Final = {
    "unchanged": _l("Together, unchanged"),
    "together": _l("Together again"),
    "in_therapy": _l("In couples therapy"),
    "therapy_completed": _l("Couples therapy completed"),
    "therapy_stopped": _l("Together, couples therapy stopped early"),
    "apart": _l("Living apart"),
    "ended": _l("The relationship has ended"),
    "unknown": _l("Not known"),
}
FAULTS: Final = {
    "nobody_there": _l("There is nobody in this place of the case yet."),
    "service_needs_tick": _l("A letter that names a service needs this tick."),
    "open_place": _l("The letter still holds a place to write: […]"),
}


@cache
def texts() -> RulesetTexts:
    """The ruleset's sentences; building the whole ruleset takes milliseconds."""
    return ruleset().texts


def locale() -> str:
    """The reader's language."""
    return context.locale()


def said(wording: Wording) -> str:
    """A content text in the reader's language."""
    return wording.in_locale(locale())


def faults(refused: BadInput) -> dict[str, str]:
    """Field name -> message of a body that was refused."""
    if isinstance(refused, LintRefused):
        return dict.fromkeys(refused.faults, " ".join(_breach(breach) for breach in refused.breaches))
    return {name: str(FAULTS.get(reason, reason)) for name, reason in refused.faults.items()}


def marked(refused: BadInput) -> tuple[Piece, ...]:
    """The text that was refused, what must go told apart; nothing where no words were at fault."""
    return refused.pieces if isinstance(refused, LintRefused) else ()


def _breach(breach: Breach) -> str:
    if breach.kind == "their_words":
        return _("“%(words)s” stands in the other person's answers.", words=breach.words)
    if breach.kind == "finding":
        return _("“%(words)s” names or hints at a finding.", words=breach.words)
    return _("“%(words)s” names a service: tick the box below, after the interviews.", words=breach.words)


def field_words(field: str) -> str:
    """A field of the couple file in words."""
    found = texts().fields.get(field)
    return field if found is None else said(found)


def answer_words(field: str, value: object) -> str:
    """A value of the couple file as the answer of its question; a number as it is, a dash for none."""
    if value is None:
        return "–"
    if value == "declined":
        return _("would rather talk about this in person")
    questions = bank.load()
    option = questions.item(field).option(str(value)) if questions.has_item(field) else None
    return str(value) if option is None else said(option.text)


def outcome_words(route: str, reason: str) -> str:
    """When a route with this reason is taken, without naming a person. Two rows share "child"."""
    found = [rule for rule in texts().rules.values() if reason in rule.reasons]
    return said(found[0 if route == "safety" else -1].when) if found else reason


def reason_words(reason: Mapping[str, Any]) -> str:
    """A kept reason in the reader's language; it is kept in English, the answers behind it in brackets."""
    known, text = texts(), str(reason["text"])
    if locale() == "en":
        return text
    sentence, bracket, tail = text.partition(" (") if text.endswith(")") else (text, "", "")
    told, _, names = tail[:-1].rpartition(": ")
    fields = {wording.en: wording for wording in known.fields.values()}
    for wording in known.rules[reason["rule"]].reasons.values():
        if wording.en == sentence:
            named = "; ".join(said(fields[name]) if name in fields else name for name in names.split("; "))
            told = f"{said(known.notes[told])}: " if told in known.notes else ""
            return said(wording) + (f" ({told}{named})" if bracket else "")
    return text


def rule_words(rule: str, reason: str) -> str:
    """The one-sentence why of a row."""
    found = texts().rules.get(rule)
    return reason if found is None or reason not in found.reasons else said(found.reasons[reason])


def alternative_words(alternative: Mapping[str, Any]) -> str:
    """An alternative in the reader's language."""
    found = texts().alternatives.get(alternative["reason"])
    return str(alternative["text"]) if found is None else said(found)


def day(moment: datetime | date) -> str:
    """A day, in the practice's time zone."""
    return _day(locale(), context.practice().time_zone, moment)


def moment_words(moment: datetime) -> str:
    """Day and time, in the practice's time zone."""
    return _moment(locale(), context.practice().time_zone, moment)


# By what they are read with: Babel takes a tenth of a millisecond for one, and a page has dozens.
@lru_cache(maxsize=2048)
def _day(_language: str, _zone: str, moment: datetime | date) -> str:
    return format_date(moment, "medium")


@lru_cache(maxsize=2048)
def _moment(_language: str, _zone: str, moment: datetime) -> str:
    return f"{format_date(moment, 'medium')}, {_clock(moment)}"


def waiting(since: datetime) -> str:
    """How long somebody waits: "3 days"."""
    return waited(kit.tools().now() - since, locale())


def waited(span: timedelta, language: str) -> str:
    """A span in words of the reader's language, no finer than hours."""
    return waited_until(span, language)[0]


def waited_until(span: timedelta, language: str) -> tuple[str, timedelta, timedelta]:
    """The same, from which span on it says so, and up to which."""
    whole, rest = divmod(span.days * 86_400 + span.seconds, _WORDS_CHANGE)
    begins = whole * _WORDS_CHANGE + min(rest, 1)
    ends = (whole + 1) * _WORDS_CHANGE if rest else begins + 1
    return _waited(language, begins), timedelta(seconds=begins), timedelta(seconds=ends)


#: Every length at which the words change (half an hour, 0.85 of a day) is a multiple of so many seconds: one
#: second more stands for all until the next.
_WORDS_CHANGE: Final = 360


@lru_cache(maxsize=4096)
def _waited(_language: str, seconds: int) -> str:
    return format_timedelta(timedelta(seconds=seconds), granularity="hour")


def local_time(zone: str) -> str | None:
    """The time it is now in a zone; None for a zone nobody knows."""
    try:
        there = kit.tools().now().astimezone(ZoneInfo(zone))
    except (ValueError, OSError, KeyError):
        return None
    return clock_there(there)


def clock_there(moment: datetime) -> str:
    """The time of day of a moment in its own zone."""
    return _clock(moment.replace(tzinfo=None), is_shifted=False)


def zone_words(zone: str) -> str:
    """A time zone without its underscores: "America/New York"."""
    return zone.replace("_", " ")


def _clock(moment: datetime, *, is_shifted: bool = True) -> str:
    """The time of day as the language writes it, with a space that every font has."""
    return format_time(moment, "short", rebase=is_shifted).replace("\u202f", "\u00a0")
