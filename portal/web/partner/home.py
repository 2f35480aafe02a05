"""GET /my: the own next step, or what was sent and what comes, in the same words for everybody."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template

from portal.content import letters
from portal.services import late_texts, partner_pages
from portal.web import context, kit
from portal.web.partner import bp
from portal.web.partner.desk import language, note_unexpected, own, see
from portal.web.partner.forms import AppointmentForm
from portal.web.steps import PATHS


@bp.get("/my")
@own
def home() -> Any:
    """Own acts and own released notices only."""
    return draw()


@bp.post("/my/appointment")
@own
def answer_appointment() -> Any:
    """An own answer to a proposed time: sealed, and not shown again."""
    note_unexpected(AppointmentForm.names())
    form = AppointmentForm.posted()
    if not form.validate():
        return make_response(draw(form), 400)
    with kit.writing(as_partner=True) as session:
        given = form.data_of("starts_at", "choice", "text")
        partner_pages.answer_appointment(session, kit.tools(), **given, by=kit.viewer())
    return see("/my")


def draw(answer: AppointmentForm | None = None) -> str:
    """The page; ``answer``: one that could not be taken, with what was typed."""
    practice, tools, by = context.practice(), kit.tools(), kit.viewer()
    with kit.store().partner.read() as session:
        page = partner_pages.home(session, tools, practice=practice, by=by)
        late = late_texts.offered(session, tools, by=by)
    texts = letters.load()
    return render_template(
        "partner/home.html",
        home=page,
        late=late,
        answer=answer,
        tried=answer.value("starts_at") if answer else "",
        faults=answer.faults if answer else {},
        next_path=PATHS[page.step],
        sentence=texts.sentence.in_locale(language()),
        sent_on=texts.sent_on.in_locale(language()),
        call_by=texts.call_by.in_locale(language()),
    )
