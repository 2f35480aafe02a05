"""The small forms: what may be posted, in which shape. WTForms checks, our own macros draw."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from portal.domain.answers import Fault, canonical_text
from portal.web import bodies
from portal.web.partner import faults

Check = Callable[[Form, Field], None]

CHANNELS = ("phone", "text", "email", "post", "none")
CHOICES = ("invite", "will_not_join", "do_not_contact")
MISSING = _l("Please fill this in.")
NOT_TICKED = _l("Please tick this box if you want to go on.")


def _text(limit: int, *, one_line: bool = True) -> Check:
    """Clean text of at most ``limit`` code points; replaces the field's data by the canonical text."""

    def check(_form: Form, field: Field) -> None:
        try:
            text = canonical_text(field.data or "")
        except ValueError:
            raise StopValidation(faults.WORDS[Fault.BAD_CHARACTERS]) from None
        if len(text) > limit:
            raise StopValidation(faults.WORDS[Fault.TOO_LONG])
        if one_line and any(ord(char) < 32 or ord(char) == 127 for char in text):
            raise StopValidation(_l("Please write this in one line."))
        field.data = text.strip() if one_line else text

    return check


def _required(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(MISSING)


def _one_of(options: Iterable[str]) -> Check:
    def check(_form: Form, field: Field) -> None:
        if len(field.raw_data or ()) > 1:
            raise StopValidation(faults.WORDS[Fault.MORE_THAN_ONE])
        if (field.data or "") not in options:
            raise StopValidation(faults.WORDS[Fault.NOT_AN_OPTION])

    return check


_TICK = _one_of(("", "yes"))


def _ticked(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(NOT_TICKED)


class SmallForm(Form):
    """A form of a few fields, bound to the posted body."""

    @classmethod
    def posted(cls) -> SmallForm:
        """The form with what was posted."""
        return cls(MultiDict(bodies.fields()))

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of its fields."""
        return frozenset(field.short_name for field in cls())

    def value(self, name: str) -> str:
        """What to show in a field again: what was typed, without what no page can show."""
        return bodies.printable(self[name].data or "")

    @property
    def faults(self) -> dict[str, str]:
        """Field name -> its first message."""
        return {name: str(messages[0]) for name, messages in self.errors.items()}

    def data_of(self, *names: str) -> dict[str, str]:
        """Cleaned values of these fields, "" where nothing was given."""
        return {name: self[name].data or "" for name in names}


class ConsentForm(SmallForm):
    """`full_name` and `agree`; `shown` is the digest of the text on the page."""

    full_name = StringField(validators=[_text(200), _required])
    agree = StringField(validators=[_TICK, _ticked])
    shown = StringField()


class ContactForm(SmallForm):
    """How this person may be reached; everything but the channel and its address is optional."""

    channel = StringField(validators=[_one_of(CHANNELS)])
    address = StringField(validators=[_text(320)])
    hours = StringField(validators=[_text(200)])
    time_zone = StringField(validators=[_text(64)])
    voicemail_ok = StringField(validators=[_TICK])
    name_ok = StringField(validators=[_TICK])
    current_password = StringField()
    password = StringField()

    def validate_address(self, field: Field) -> None:
        """Something the channel can use; nothing at all where we are not to reach out."""
        channel = self.channel.data
        if channel in CHANNELS and channel != "none":
            _required(self, field)
            if not is_address(channel, field.data):
                raise StopValidation(ADDRESS_FAULTS[channel])

    def validate_time_zone(self, field: Field) -> None:
        """A zone of the time-zone database, or nothing (the practice's own)."""
        if field.data and field.data not in _zones():
            raise StopValidation(faults.WORDS[Fault.NOT_AN_OPTION])


class ChoiceForm(SmallForm):
    """What should happen about the partner; an invitation needs an e-mail or a phone number."""

    choice = StringField(validators=[_one_of(CHOICES)])
    email = StringField(validators=[_text(320)])
    phone = StringField(validators=[_text(60)])

    def validate_email(self, field: Field) -> None:
        """Exactly one way to send the invitation."""
        if self.choice.data != "invite":
            return
        if not field.data and not (self.phone.data or "").strip():
            raise StopValidation(_l("Please give an e-mail address or a phone number."))
        if field.data and not is_address("email", field.data):
            raise StopValidation(ADDRESS_FAULTS["email"])

    def validate_phone(self, field: Field) -> None:
        """A number, and only if there is no e-mail address."""
        if self.choice.data != "invite" or not field.data:
            return
        if (self.email.data or "").strip():
            raise StopValidation(_l("Please give only one of the two."))
        if not is_address("phone", field.data):
            raise StopValidation(ADDRESS_FAULTS["phone"])


class LetterForm(SmallForm):
    """A text to the practice."""

    text = StringField(validators=[_text(10_000, one_line=False), _required])


class WithdrawalForm(SmallForm):
    """`confirm` and, if one likes, why."""

    confirm = StringField(validators=[_TICK, _ticked])
    reason = StringField(validators=[_text(5_000, one_line=False)])


ADDRESS_FAULTS: dict[str, Any] = {
    "phone": _l("Please give a phone number with at least five digits."),
    "text": _l("Please give a phone number with at least five digits."),
    "email": _l("Please give an e-mail address, such as name@example.org."),
    "post": _l("Please give a postal address."),
}

_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


def is_address(channel: str, text: str) -> bool:
    """Whether ``text`` can be an address of ``channel``; nothing is looked up."""
    if channel == "email":
        return len(text) <= 254 and _EMAIL.fullmatch(text) is not None
    if channel == "post":
        return True
    return sum(char.isdigit() for char in text) >= 5


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
