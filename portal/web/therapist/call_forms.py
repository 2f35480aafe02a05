"""What may be posted about a call."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField
from wtforms.validators import StopValidation

from portal.domain import calling
from portal.web.fields import one_of, text
from portal.web.therapist.forms import NOTE_LIMIT, SLOTS, ActForm, AppointmentForm

moment = AppointmentForm.moment


class CallForm(ActForm):
    """``at`` and ``next_try``: by the practice's own clock; an empty ``at`` is now."""

    slot = StringField(validators=[one_of(SLOTS)])
    outcome = StringField(validators=[one_of(calling.OUTCOMES)])
    occasion = StringField(validators=[one_of(("", *calling.OCCASIONS))])
    note = StringField(validators=[text(NOTE_LIMIT)])
    at = StringField(validators=[text(40, one_line=True)])
    next_try = StringField(validators=[text(40, one_line=True)])

    def _is_time(self, field: Field) -> None:
        if field.data and moment(field.data) is None:
            raise StopValidation(_l("Please give a day and a time, such as 2026-12-01T10:00."))

    validate_at = validate_next_try = _is_time
