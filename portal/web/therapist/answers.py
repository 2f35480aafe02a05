"""One partner's answers, in the questionnaire's words; of an unsent form only how far it is."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from portal.services import partner_files
from portal.services.errors import NotFound
from portal.web import guards, kit
from portal.web.therapist import bp
from portal.web.therapist.case_page import find_case
from portal.web.therapist.presenters import answers_presenter


@bp.get("/cases/<case_id>/partners/<slot>")
@guards.therapist_only(find=find_case)
def answers(case_id: str, slot: str) -> Response:
    """A partner's file; ``round`` picks an earlier filling-in."""
    asked = request.args.get("round", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else None
    if asked and number is None:
        raise NotFound
    with kit.writing(as_partner=False) as session:
        file = partner_files.opened(
            session, kit.tools(), case_id=case_id, slot=slot, number=number, by=kit.viewer()
        )
    return make_response(render_template("therapist/answers.html", page=answers_presenter.present(file)))
