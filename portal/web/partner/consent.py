"""GET/POST /my/consent: the text, and a typed name under it."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template
from flask_babel import gettext as _

from portal.services import consents
from portal.web import context, kit
from portal.web.partner import bp
from portal.web.partner.desk import from_step, language, note_unexpected, own, see, way
from portal.web.partner.forms import ConsentForm, SmallForm
from portal.web.steps import PATHS


@bp.get("/my/consent")
@own
@from_step("consent")
def consent() -> Any:
    """What this person agrees to; later the same text with the day of agreeing."""
    return _page(ConsentForm(), {})


@bp.post("/my/consent")
@own
@from_step("consent")
def give_consent() -> Any:
    """Keep the consent and go on."""
    note_unexpected(ConsentForm.names())
    form, practice, speaks = ConsentForm.posted(), context.practice(), language()
    is_good = form.validate()
    faults = form.faults
    if form.value("shown") not in ("", consents.page(practice, speaks).digest):
        is_good = False
        faults["agree"] = _("The text has changed since you opened this page. Please read it once more.")
    if not is_good:
        return make_response(_page(form, faults), 400)
    with kit.writing(as_partner=True) as session:
        consents.give(
            session,
            kit.tools(),
            full_name=form.data_of("full_name")["full_name"],
            practice=practice,
            language=speaks,
            by=kit.viewer(),
        )
    return see("/my/consent" if way().consented else PATHS["contact"])


def _page(form: SmallForm, faults: dict[str, str]) -> str:
    with kit.store().partner.read() as session:
        given = consents.latest(session, by=kit.viewer())
    text = consents.page(context.practice(), language())
    return render_template("partner/consent.html", form=form, faults=faults, text=text, given=given)
