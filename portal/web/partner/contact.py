"""GET/POST /my/contact: how this person may safely be reached. Asked of everyone, never shown again."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template
from flask_babel import gettext as _

from portal.services import contacts, statements
from portal.services.errors import NotFresh
from portal.web import context, freshness, kit
from portal.web.partner import bp
from portal.web.partner.desk import from_step, note_unexpected, own, see, way
from portal.web.partner.forms import ContactForm, SmallForm

#: Offered in the list; any other zone of the database is taken too.
ZONES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *(
        "America/Anchorage",
        "Pacific/Honolulu",
        "America/Puerto_Rico",
        "America/Halifax",
        "America/Mexico_City",
    ),
    *("America/Bogota", "America/Lima", "America/Santiago", "America/Buenos_Aires", "America/Sao_Paulo"),
    *("Europe/London", "Europe/Madrid", "Europe/Berlin", "Europe/Athens", "Africa/Johannesburg"),
    *("Asia/Jerusalem", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney"),
)


@bp.get("/my/contact")
@own
@from_step("contact")
def contact() -> Any:
    """An empty form, also later: what was given is not shown."""
    return _page(ContactForm(), {})


@bp.post("/my/contact")
@own
@from_step("contact")
def give_contact() -> Any:
    """Keep it, sealed; a change needs the password, because whoever may be reached where is power."""
    note_unexpected(ContactForm.names())
    form = ContactForm.posted()
    faults = {} if form.validate() else form.faults
    if way().contact_given and not faults:
        faults = _password_faults()
    if faults:
        return make_response(_page(form, faults), 400)
    with kit.writing(as_partner=True) as session:
        contacts.give(session, kit.tools(), contact=_body(form), by=kit.viewer())
    return see("/my/contact" if way().contact_given else "/my/form")


def _password_faults() -> dict[str, str]:
    """A change asks for the password always, however fresh the sign-in is: the session may lie open."""
    try:
        freshness.prove(always=True)
    except freshness.WrongPassword as refusal:
        return {"current_password": freshness.message(refusal)}
    except NotFresh:
        return {"current_password": _("Please give your password, so that nobody else can change this.")}
    return {}


def _body(form: SmallForm) -> dict[str, str | bool]:
    given = form.data_of("channel", "address", "hours", "time_zone")
    if given["channel"] == "none":
        given["address"] = ""
    return {
        **given,
        "time_zone": given["time_zone"] or context.practice().time_zone,
        "voicemail_ok": form["voicemail_ok"].data == "yes",
        "name_ok": form["name_ok"].data == "yes",
    }


def _page(form: SmallForm, faults: dict[str, str]) -> str:
    with kit.store().partner.read() as session:
        said_at = statements.last_said(session, by=kit.viewer()).get("contact")
    zone = context.practice().time_zone
    chosen = form.value("time_zone") or zone
    zones = list(dict.fromkeys((zone, *ZONES, chosen)))
    return render_template(
        "partner/contact.html",
        form=form,
        faults=faults,
        said_at=said_at,
        zones=[(name, name.replace("_", " ")) for name in zones],
        chosen_zone=chosen,
    )
