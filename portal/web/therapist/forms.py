"""What a therapist may post, in which shape (contract.md, "Fields"). WTForms checks, our macros draw."""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField
from wtforms.validators import StopValidation

from portal.domain import case_life, discernment
from portal.domain.rules import PROTECTIVENESS
from portal.services import facts, intakes
from portal.web import bodies, context, fields, kit
from portal.web.fields import PostedForm, one_of, required, text, tick

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


def _choice(*options: str) -> StringField:
    return StringField(validators=[one_of(options)])


def _tick() -> StringField:
    return StringField(validators=[tick])


class ActForm(PostedForm):
    """One act's form, bound to the posted body."""

    def typed(self) -> dict[str, str]:
        """What to show again, without what no page can show."""
        return {
            name: bodies.printable(" ".join(values))
            for name, values in bodies.fields().items()
            if name in self
        }

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
    note = StringField(validators=[text(NOTE_LIMIT)])


class ClearanceForm(ActForm):
    tier = _choice(*TIERS)
    note = StringField(validators=[text(NOTE_LIMIT), required])


class ReviewForm(ActForm):
    decision = _choice(*DECISIONS)
    route = _choice("", *ROUTES)
    model = _choice("", *MODELS)
    format = _choice("", *FORMATS)
    reason_code = _choice("", *REASON_CODES)
    note = StringField(validators=[text(NOTE_LIMIT)])
    recommendation = StringField(validators=[text(36, one_line=True)])

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
    body = StringField(validators=[text(NOTE_LIMIT), required])
    names_service = _tick()
    notify = _tick()
    preview = _tick()


class ApprovalForm(ActForm):
    decision = _choice("approve", "refuse")


class InvitationForm(ActForm):
    slot = _choice("", *SLOTS)
    email = StringField(validators=[text(254, one_line=True)])
    phone = StringField(validators=[text(60, one_line=True)])
    held = StringField(validators=[text(36, one_line=True)])
    language = _choice("", "en", "es")

    def validate_slot(self, field: Field) -> None:
        if not self.held.data and not field.data:
            raise StopValidation(fields.MISSING)

    def validate_email(self, field: Field) -> None:
        if self.held.data:
            return
        if bool(field.data) == bool((self.phone.data or "").strip()):
            raise StopValidation(_l("Please give an e-mail address or a phone number, one of the two."))
        if field.data:
            fields.email(self, field)

    def validate_phone(self, field: Field) -> None:
        if field.data:
            fields.phone(self, field)


class AppointmentForm(ActForm):
    slot = _choice(*SLOTS, "both")
    starts_at = StringField(validators=[text(40, one_line=True), required])
    minutes = StringField(validators=[text(4, one_line=True), required])
    place = StringField(validators=[text(300, one_line=True), required])
    notify = _tick()

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
        """An ISO time; without an offset it is the practice's own clock. None for anything else.

        Nor for the calendar's last year, which another clock could push over its end.
        """
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if moment.year == MAXYEAR:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(context.practice().time_zone))


class RequestForm(ActForm):
    slot = _choice(*SLOTS)
    kind = _choice(*intakes.REQUESTS)


class FactForm(ActForm):
    slot = _choice(*SLOTS)
    shared_account = _choice("", "yes", "no")
    validity_concern = _choice("", "yes", "no")
    important_event = _choice("", "yes", "no")
    identity_conflict = _choice("", "yes", "no")
    report_reviewed = _choice("", "yes", "no")
    confirm = _choice("", *facts.CONFIRMS)
    note = StringField(validators=[text(NOTE_LIMIT)])

    def validate_note(self, _field: Field) -> None:
        if not self.said():
            raise StopValidation(_l("Please choose at least one thing to state."))

    def said(self) -> dict[str, str]:
        """What is stated: kind -> value."""
        return {name: self[name].data for name in (*facts.KINDS, "confirm") if self[name].data}


class DiscernmentForm(ActForm):
    """A session, the end, or the outcome: ``step`` says which, and each needs its own fields."""

    step = _choice("session", "end", "outcome")
    number = _choice("", *(str(number) for number in range(1, discernment.MOST + 1)))
    held_on = StringField(validators=[text(10, one_line=True)])
    minutes = StringField(validators=[text(4, one_line=True)])
    a_goes_on = _choice("", "yes", "no")
    b_goes_on = _choice("", "yes", "no")
    path = _choice("", *(str(path) for path in discernment.PATHS))
    outcome = _choice("", *dict.fromkeys(key for keys in discernment.OUTCOMES.values() for key in keys))
    note = StringField(validators=[text(NOTE_LIMIT)])

    _NEEDS: ClassVar = {
        "session": ("number", "held_on", "minutes", "a_goes_on", "b_goes_on"),
        "end": ("held_on", "path"),
        "outcome": ("outcome",),
    }

    def validate_step(self, _field: Field) -> None:
        """Fields that this step needs are asked for one by one."""
        for name in self._NEEDS.get(self.step.data or "", ()):
            if not self[name].data:
                self[name].validators = [*self[name].validators, required]

    def validate_held_on(self, field: Field) -> None:
        if field.data and self.day(field.data) is None:
            raise StopValidation(_l("Please give a day, such as 2026-12-01."))

    def validate_minutes(self, field: Field) -> None:
        if field.data and not (field.data.isascii() and field.data.isdigit() and 5 <= int(field.data) <= 480):
            raise StopValidation(_l("Please give a number of minutes from 5 to 480."))

    @staticmethod
    def day(text: str) -> date | None:
        """An ISO day, or None for anything else."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None


class ClosingForm(ActForm):
    reason = _choice(*case_life.REASONS)
    note = StringField(validators=[text(NOTE_LIMIT)])


class ReopeningForm(ActForm):
    note = StringField(validators=[text(NOTE_LIMIT)])


class BreakGlassForm(ActForm):
    reason = StringField(validators=[text(NOTE_LIMIT), required])


class SearchForm(ActForm):
    name = StringField(validators=[text(200, one_line=True)])
