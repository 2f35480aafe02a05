"""What is said beside a field that cannot be taken. Calm, and never repeating what was typed."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal.domain.answers import Fault
from portal.domain.questionnaire import Section
from portal.web.fields import WORDS

UNREADABLE = _l("This page could not be read. Please look it over and press the button again.")


def of_section(section: Section, faults: Mapping[str, Fault]) -> dict[str, str]:
    """Item key -> message beside it, in the order of the items."""
    return {item.key: str(WORDS[faults[item.key]]) for item in section.items if item.key in faults}


def summary(section: Section, messages: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    """The same for the top of the page, where the question has to be named."""
    by_key = section.by_key
    return [(key, f"{by_key[key].text.in_locale(language)} – {text}") for key, text in messages.items()]


#: What the small forms call their fields, for the top of a page.
_LABELS: Mapping[str, LazyString] = {
    "agree": _l("Agreeing"),
    "full_name": _l("Your full name"),
    "channel": _l("Which way is safe"),
    "address": _l("Number or address"),
    "hours": _l("When is a good time"),
    "time_zone": _l("Your time zone"),
    "voicemail_ok": _l("Leaving a message"),
    "name_ok": _l("Saying our name"),
    "current_password": _l("Your password"),
    "choice": _l("What should we do"),
    "email": _l("E-mail address"),
    "phone": _l("Phone number"),
    "text": _l("Your words"),
    "confirm": _l("Withdrawing"),
    "reason": _l("Your reason"),
}


def labelled(messages: Mapping[str, str]) -> list[tuple[str, str]]:
    """Error summary of a small form: field name, and its label with the message."""
    return [(name, f"{_LABELS[name]} – {text}") for name, text in messages.items()]
