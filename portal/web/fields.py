"""What the small forms of every room are made of. WTForms checks, our own macros draw."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Self

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form
from wtforms.fields.core import UnboundField
from wtforms.validators import StopValidation

from portal.domain.answers import Fault, canonical_text
from portal.services import set_ups
from portal.web import bodies

Check = Callable[[Form, Field], None]

#: What is said beside a field that cannot be taken. Calm, and never repeating what was typed.
WORDS: Final[Mapping[str, LazyString]] = {
    Fault.NOT_AN_OPTION: _l("Please choose one of the answers shown here."),
    Fault.MORE_THAN_ONE: _l("Please choose only one answer here."),
    Fault.TOO_LONG: _l("This text is longer than we can keep. Please shorten it."),
    Fault.BAD_CHARACTERS: _l("This text holds a character that we cannot keep. Please type it again."),
}
MISSING: Final = _l("Please fill this in.")
NO_EMAIL: Final = _l("Please give an e-mail address, such as name@example.org.")
NO_PHONE: Final = _l("Please give a phone number with at least five digits.")


class PostedForm(Form):
    """A form bound to the posted body."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        bodies.know(name for name in dir(cls) if isinstance(getattr(cls, name), UnboundField))

    @classmethod
    def posted(cls) -> Self:
        """The form with what was posted."""
        form = cls(MultiDict(bodies.fields()))
        bodies.ask_for(*(field.short_name for field in form))
        return form

    @property
    def faults(self) -> dict[str, str]:
        """Field name -> its first message."""
        return {name: str(messages[0]) for name, messages in self.errors.items()}


def text(limit: int, *, one_line: bool = False) -> Check:
    """Clean text of at most ``limit`` code points; the field then holds the canonical text."""

    def check(_form: Form, field: Field) -> None:
        try:
            clean = canonical_text(field.data or "")
        except ValueError:
            raise StopValidation(WORDS[Fault.BAD_CHARACTERS]) from None
        if len(clean) > limit:
            raise StopValidation(WORDS[Fault.TOO_LONG])
        if one_line and any(ord(char) < 32 or ord(char) == 127 for char in clean):
            raise StopValidation(_l("Please write this in one line."))
        field.data = clean.strip() if one_line else clean

    return check


def required(_form: Any, field: Field) -> None:
    """Something was given."""
    if not field.data:
        raise StopValidation(MISSING)


def one_of(options: Collection[str]) -> Check:
    """Exactly one of ``options``; "" among them lets the field stay open."""

    def check(_form: Form, field: Field) -> None:
        if len(field.raw_data or ()) > 1:
            raise StopValidation(WORDS[Fault.MORE_THAN_ONE])
        if (field.data or "") not in options:
            raise StopValidation(WORDS[Fault.NOT_AN_OPTION])

    return check


#: A box: ``yes`` or absent (contract.md).
tick: Final = one_of(("", "yes"))


def email(_form: Any, field: Field) -> None:
    """An address that the mail we write can be sent to."""
    if not set_ups.is_email(field.data or ""):
        raise StopValidation(NO_EMAIL)


def phone(_form: Any, field: Field) -> None:
    """A number somebody can dial: at least five digits, however it is written."""
    if sum(char.isdigit() for char in field.data or "") < 5:
        raise StopValidation(NO_PHONE)
