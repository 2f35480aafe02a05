"""How a form comes to be entered by staff: where from, how consent was given, how to reach the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField

from portal.services.staff_entries import CONSENTS, SOURCES
from portal.web import bodies, context
from portal.web.fields import PostedForm, one_of, required, text

CHANNELS = ("phone", "text", "email", "post", "none")
OPTIONS: Mapping[str, list[tuple[str, Any]]] = {
    "source": [("phone", _l("Over the phone")), ("paper", _l("From paper"))],
    "consent_how": [
        ("spoken", _l("I read the consent text aloud and the person agreed")),
        ("signed", _l("The person signed it")),
    ],
    "channel": [
        ("phone", _l("Phone")), ("text", _l("Text message")), ("email", _l("E-mail")),
        ("post", _l("Letter")), ("none", _l("None: they call us")),
    ],
}  # fmt: skip


class OpeningForm(PostedForm):
    """Everything before the first question."""

    source = StringField(validators=[one_of(SOURCES)])
    consent_how = StringField(validators=[one_of(CONSENTS)])
    full_name = StringField(validators=[text(200, one_line=True), required])
    language = StringField(validators=[one_of(context.LANGUAGES)])
    note = StringField(validators=[text(5_000)])
    channel = StringField(validators=[one_of(CHANNELS)])
    address = StringField(validators=[text(320, one_line=True)])
    hours = StringField(validators=[text(200, one_line=True)])

    @property
    def reasons(self) -> dict[str, str]:
        """Field -> reason; the words beside it are the page's."""
        return {
            name: "missing" if not self[name].data else "not_an_option"
            if name in OPTIONS or name == "language" else "too_long"
            for name in self.errors
        }  # fmt: skip

    def contact(self) -> dict[str, str | bool]:
        """The safe contact as the person told it; nothing is assumed about messages or our name."""
        return {
            "channel": self["channel"].data or "none",
            "address": self["address"].data or "",
            "hours": self["hours"].data or "",
            "time_zone": "",
            "voicemail_ok": False,
            "name_ok": False,
        }


def typed() -> dict[str, str]:
    """What was typed into the form, fit for a page."""
    return {field.short_name: bodies.printable(bodies.first(field.short_name)) for field in OpeningForm()}
