"""The small forms: what may be posted, in which shape. WTForms checks, our own macros draw."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from portal.domain.answers import Fault
from portal.web import bodies, fields
from portal.web.fields import WORDS, PostedForm, one_of, required, text, tick

CHANNELS = ("phone", "text", "email", "post", "none")
CHOICES = ("invite", "will_not_join", "do_not_contact")
ANSWERS = ("fits", "other_time", "talk_first")
#: What an address of a channel must be; anything may be a postal address.
_USABLE = {"phone": fields.phone, "text": fields.phone, "email": fields.email}
NOT_TICKED = _l("Please tick this box if you want to go on.")


def _ticked(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(NOT_TICKED)


class SmallForm(PostedForm):
    """A form of a few fields, bound to the posted body."""

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of its fields."""
        return frozenset(field.short_name for field in cls())

    def value(self, name: str) -> str:
        """What to show in a field again: what was typed, without what no page can show."""
        return bodies.printable(self[name].data or "")

    def data_of(self, *names: str) -> dict[str, str]:
        """Cleaned values of these fields, "" where nothing was given."""
        return {name: self[name].data or "" for name in names}


class ConsentForm(SmallForm):
    """`full_name` and `agree`; `shown` is the digest of the text on the page."""

    full_name = StringField(validators=[text(200, one_line=True), required])
    agree = StringField(validators=[tick, _ticked])
    shown = StringField()


class ContactForm(SmallForm):
    """How this person may be reached; everything but the channel and its address is optional."""

    channel = StringField(validators=[one_of(CHANNELS)])
    address = StringField(validators=[text(320, one_line=True)])
    hours = StringField(validators=[text(200, one_line=True)])
    time_zone = StringField(validators=[text(64, one_line=True)])
    voicemail_ok = StringField(validators=[tick])
    name_ok = StringField(validators=[tick])
    current_password = StringField()
    password = StringField()

    def validate_address(self, field: Field) -> None:
        """Something the channel can use; nothing at all where we are not to reach out."""
        channel = self.channel.data
        if channel in CHANNELS and channel != "none":
            required(self, field)
            if channel in _USABLE:
                _USABLE[channel](self, field)

    def validate_time_zone(self, field: Field) -> None:
        """A zone of the time-zone database, or nothing (the practice's own)."""
        if field.data and field.data not in _zones():
            raise StopValidation(WORDS[Fault.NOT_AN_OPTION])


class ChoiceForm(SmallForm):
    """What should happen about the partner; an invitation needs an e-mail or a phone number."""

    choice = StringField(validators=[one_of(CHOICES)])
    email = StringField(validators=[text(320, one_line=True)])
    phone = StringField(validators=[text(60, one_line=True)])

    def validate_email(self, field: Field) -> None:
        """Exactly one way to send the invitation."""
        if self.choice.data != "invite":
            return
        if not field.data and not (self.phone.data or "").strip():
            raise StopValidation(_l("Please give an e-mail address or a phone number."))
        if field.data:
            fields.email(self, field)

    def validate_phone(self, field: Field) -> None:
        """A number, and only if there is no e-mail address."""
        if self.choice.data != "invite" or not field.data:
            return
        if (self.email.data or "").strip():
            raise StopValidation(_l("Please give only one of the two."))
        fields.phone(self, field)


class LetterForm(SmallForm):
    """A text to the practice."""

    text = StringField(validators=[text(10_000), required])


class AppointmentForm(SmallForm):
    """An answer to a proposed time: `starts_at` names it as the page does."""

    starts_at = StringField(validators=[text(40, one_line=True), required])
    choice = StringField(validators=[one_of(ANSWERS)])
    text = StringField(validators=[text(2_000)])


class LateForm(SmallForm):
    """What should become of a text that arrived after the session had run out."""

    choice = StringField(validators=[one_of(("take", "drop"))])


class WithdrawalForm(SmallForm):
    """`confirm` and, if one likes, why."""

    confirm = StringField(validators=[tick, _ticked])
    reason = StringField(validators=[text(5_000)])


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
