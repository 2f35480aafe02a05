"""GET/POST /my/partner: invite, will not join, or please do not contact. Three equal choices."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template

from portal.content import letters
from portal.services import statements
from portal.web import kit
from portal.web.partner import bp
from portal.web.partner.desk import from_step, language, note_unexpected, own, see
from portal.web.partner.forms import ChoiceForm, SmallForm


@bp.get("/my/partner")
@own
@from_step("form")
def partner() -> Any:
    """The same page for everybody, whatever was chosen before."""
    return _page(ChoiceForm(), {})


@bp.post("/my/partner")
@own
@from_step("form")
def choose() -> Any:
    """Keep the choice, sealed; the answer is the same for all three."""
    note_unexpected(ChoiceForm.names())
    form = ChoiceForm.posted()
    if not form.validate():
        return make_response(_page(form, form.faults), 400)
    with kit.writing(as_partner=True) as session:
        statements.state(session, kit.tools(), kind="partner_choice", body=_body(form), by=kit.viewer())
    return see("/my/partner")


def _body(form: SmallForm) -> dict[str, str | bool]:
    given = form.data_of("choice", "email", "phone")
    if given["choice"] != "invite":
        return {"choice": given["choice"], "channel": "", "address": ""}
    channel = "email" if given["email"] else "phone"
    return {"choice": "invite", "channel": channel, "address": given[channel]}


def _page(form: SmallForm, faults: dict[str, str]) -> str:
    with kit.store().partner.read() as session:
        said_at = statements.last_said(session, by=kit.viewer()).get("partner_choice")
    later = letters.load().invite_later.in_locale(language())
    return render_template(
        "partner/partner.html", form=form, faults=faults, said_at=said_at, invite_later=later
    )
