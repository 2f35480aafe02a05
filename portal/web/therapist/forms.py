"""What a therapist may post, in which shape (contract.md, "Fields"). WTForms checks, our macros draw."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from portal.domain.answers import canonical_text
from portal.domain.rules import PROTECTIVENESS
from portal.services import facts, intakes
from portal.web import bodies, context, kit

Check = Callable[[Form, Field], None]

SLOTS: Final = ("a", "b")
TIERS: Final = ("A", "B", "H", "crisis")
DECISIONS: Final = ("accept", "override", "defer")
ROUTES: Final = tuple(PROTECTIVENESS)
MODELS: Final = ("gottman", "eft", "developmental", "enrichment", "therapist_choice")
FORMATS: Final = ("in_person", "online", "check_up")
REASON_CODES: Final = (
    "new_information", "clinical_judgement", "partner_wish", "safety", "resources", "other",
)  # fmt: skip
LETTERS: Final = ("next_step", "service", "free")
NOTE_LIMIT: Final = 20_000

MISSING = _l("Please fill this in.")
NOT_AN_OPTION = _l("Please choose one of the answers offered.")
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


def _text(limit: int = NOTE_LIMIT, *, one_line: bool = False) -> Check:
    """Clean text of at most ``limit`` code points; the field then holds the canonical text."""

    def check(_form: Form, field: Field) -> None:
        try:
            text = canonical_text(field.data or "")
        except ValueError:
            raise StopValidation(_l("This holds characters that cannot be stored.")) from None
        if len(text) > limit:
            raise StopValidation(_l("This is too long."))
        if one_line and any(ord(char) < 32 for char in text):
            raise StopValidation(_l("Please write this in one line."))
        field.data = text.strip() if one_line else text

    return check


def _required(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(MISSING)


def _one_of(options: Collection[str]) -> Check:
    def check(_form: Form, field: Field) -> None:
        if len(field.raw_data or ()) > 1 or (field.data or "") not in options:
            raise StopValidation(NOT_AN_OPTION if field.data else MISSING)

    return check


def _choice(*options: str) -> StringField:
    return StringField(validators=[_one_of(options)])


def _tick() -> StringField:
    return StringField(validators=[_one_of(("", "yes"))])


class ActForm(Form):
    """One act's form, bound to the posted body."""

    @classmethod
    def posted(cls) -> ActForm:
        """The form with what was posted."""
        return cls(MultiDict(bodies.fields()))

    def typed(self) -> dict[str, str]:
        """What to show again, without what no page can show."""
        return {
            name: bodies.printable(" ".join(values))
            for name, values in bodies.fields().items()
            if name in self
        }

    @property
    def faults(self) -> dict[str, str]:
        """Field name -> its first message."""
        return {name: str(messages[0]) for name, messages in self.errors.items()}

    def has(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self[name].data == "yes")

    def given(self, name: str) -> str | None:
        """A value, or None where nothing was given."""
        return self[name].data or None


class InterviewForm(ActForm):
    slot = _choice(*SLOTS)
    identity_confirmed = _tick()
    private_setting = _tick()
    safety_reasked = _tick()
    note = StringField(validators=[_text()])


class ClearanceForm(ActForm):
    tier = _choice(*TIERS)
    note = StringField(validators=[_text(), _required])


class ReviewForm(ActForm):
    decision = _choice(*DECISIONS)
    route = _choice("", *ROUTES)
    model = _choice("", *MODELS)
    format = _choice("", *FORMATS)
    reason_code = _choice("", *REASON_CODES)
    note = StringField(validators=[_text()])
    recommendation = StringField(validators=[_text(36, one_line=True)])

    def _required_on_override(self, field: Field) -> None:
        if self.decision.data == "override" and not field.data:
            raise StopValidation(_l("An override needs this."))

    def validate_route(self, field: Field) -> None:
        self._required_on_override(field)

    def validate_reason_code(self, field: Field) -> None:
        self._required_on_override(field)

    def validate_note(self, field: Field) -> None:
        self._required_on_override(field)


class ReleaseForm(ActForm):
    slot = _choice(*SLOTS)
    letter = _choice(*LETTERS)
    body = StringField(validators=[_text(), _required])
    names_service = _tick()
    notify = _tick()


class ApprovalForm(ActForm):
    decision = _choice("approve", "refuse")


class InvitationForm(ActForm):
    slot = _choice("", *SLOTS)
    email = StringField(validators=[_text(254, one_line=True)])
    phone = StringField(validators=[_text(60, one_line=True)])
    held = StringField(validators=[_text(36, one_line=True)])
    language = _choice("", "en", "es")

    def validate_slot(self, field: Field) -> None:
        if not self.held.data and not field.data:
            raise StopValidation(MISSING)

    def validate_email(self, field: Field) -> None:
        if self.held.data:
            return
        if bool(field.data) == bool((self.phone.data or "").strip()):
            raise StopValidation(_l("Please give an e-mail address or a phone number, one of the two."))
        if field.data and not _EMAIL.fullmatch(field.data):
            raise StopValidation(_l("Please give an e-mail address, such as name@example.org."))

    def validate_phone(self, field: Field) -> None:
        if field.data and sum(char.isdigit() for char in field.data) < 5:
            raise StopValidation(_l("Please give a phone number with at least five digits."))


class AppointmentForm(ActForm):
    slot = _choice(*SLOTS, "both")
    starts_at = StringField(validators=[_text(40, one_line=True), _required])
    minutes = StringField(validators=[_text(4, one_line=True), _required])
    place = StringField(validators=[_text(300, one_line=True), _required])

    def validate_starts_at(self, field: Field) -> None:
        if self.moment(field.data) is None:
            raise StopValidation(_l("Please give a day and a time, such as 2026-12-01T10:00."))
        if self.moment(field.data) <= kit.tools().now():  # type: ignore[operator]
            raise StopValidation(_l("Please give a time that is still to come."))

    def validate_minutes(self, field: Field) -> None:
        if not (field.data.isascii() and field.data.isdigit() and 5 <= int(field.data) <= 480):
            raise StopValidation(_l("Please give a number of minutes from 5 to 480."))

    @staticmethod
    def moment(text: str) -> datetime | None:
        """An ISO time; without an offset it is the practice's own clock. None for anything else."""
        try:
            moment = datetime.fromisoformat(text)
            zone = ZoneInfo(context.practice().time_zone)
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
        except ValueError:
            return None


class RequestForm(ActForm):
    slot = _choice(*SLOTS)
    kind = _choice(*intakes.REQUESTS)


class FactForm(ActForm):
    slot = _choice(*SLOTS)
    shared_account = _choice("", "yes", "no")
    validity_concern = _choice("", "yes", "no")
    important_event = _choice("", "yes", "no")
    identity_conflict = _choice("", "yes", "no")
    confirm = _choice("", *facts.CONFIRMS)
    note = StringField(validators=[_text()])

    def validate_note(self, _field: Field) -> None:
        if not self.said():
            raise StopValidation(_l("Please choose at least one thing to state."))

    def said(self) -> dict[str, str]:
        """What is stated: kind -> value."""
        return {name: self[name].data for name in (*facts.KINDS, "confirm") if self[name].data}


class BreakGlassForm(ActForm):
    reason = StringField(validators=[_text(), _required])


class SearchForm(ActForm):
    name = StringField(validators=[_text(200, one_line=True)])
