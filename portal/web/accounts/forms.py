"""The forms of the way in: what may be posted, in which shape. WTForms checks, our own macros draw."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from portal.domain.answers import Fault
from portal.services import passwords, set_ups
from portal.web import context
from portal.web.fields import NO_EMAIL, WORDS, PostedForm, one_of, text, tick

PASSWORD_FAULTS: dict[str, Any] = {
    "unreadable": _l("This password holds a character that we cannot keep. Please choose another one."),
    "too_short": _l("Please use at least 15 characters. A short sentence is easy to remember."),
    "too_long": _l("Please use at most 1,024 characters."),
    "common": _l("This password is one of the first that somebody would try. Please choose another one."),
}
NOT_TICKED = WORDS[Fault.NOT_AN_OPTION]
UNKNOWN_LINK = _l("This link cannot be used any more. Please call the practice and ask for a new one.")
WRONG_CODE = _l("The link or the code does not fit. Please look at both again.")
NOT_NOW = _l("This link does not work now. It may be too early or too late; please call the practice.")
BUSY = _l("We cannot take this right now. Please try again in an hour, or call the practice.")
REASON_LIMIT = 5_000


def _new_password(_form: Form, field: Field) -> None:
    """A password that may be set; the practice's name is among the words it must not consist of."""
    fault = passwords.fault(field.data or "", context=[context.practice().name])
    if fault is not None:
        raise StopValidation(PASSWORD_FAULTS[fault])


def _email(_form: Form, field: Field) -> None:
    field.data = (field.data or "").strip()
    if not passwords.is_readable(field.data) or not set_ups.is_email(field.data):
        raise StopValidation(NO_EMAIL)


def _optional_email(form: Form, field: Field) -> None:
    if (field.data or "").strip():
        _email(form, field)


def _full_name(_form: Form, field: Field) -> None:
    field.data = " ".join((field.data or "").split())
    if not 0 < len(field.data) <= 200 or not field.data.isprintable():
        raise StopValidation(_l("Please write your name, in one line."))


class BeginForm(PostedForm):
    """A self-referral."""

    email = StringField(validators=[_optional_email])
    password = StringField(validators=[_new_password])
    talk_first = StringField(validators=[tick])


class JoinForm(PostedForm):
    """An invitation's yes."""

    password = StringField(validators=[_new_password])


class NotNowForm(PostedForm):
    """An invitation's "not for me right now"."""

    reason = StringField(validators=[text(REASON_LIMIT)])


class NewPasswordForm(PostedForm):
    """A password to set: reset, set-up, own account."""

    password = StringField(validators=[_new_password])


class FirstAdminForm(NewPasswordForm):
    """The set-up of the first admin, who has no account made by somebody else."""

    full_name = StringField(validators=[_full_name])
    email = StringField(validators=[_email])


class AccountForm(PostedForm):
    """What the own account's page may post beside a password."""

    kept = StringField(validators=[tick])
    sign_out_everywhere = StringField(validators=[tick])
    language = StringField(validators=[one_of(("", *context.LANGUAGES))])


class LeavingForm(PostedForm):
    """The page about quick exit was read."""

    seen = StringField(validators=[one_of(("yes",))])
