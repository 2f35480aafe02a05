"""Closing a case and opening it again: for therapists who may see it."""

from __future__ import annotations

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.services import closings
from portal.web import guards, kit
from portal.web.therapist import bp, forms
from portal.web.therapist.acts import act
from portal.web.therapist.case_page import find_case


@bp.post("/cases/<case_id>/closing")
@guards.therapist_only(find=find_case)
def closing(case_id: str) -> Response:
    """Close the case, for a coded reason; with a note where findings stand that nobody cleared."""
    form = forms.ClosingForm.posted()

    def deed(session: Session) -> None:
        closings.close(
            session, kit.tools(), case_id=case_id, reason=form["reason"].data, note=form["note"].data or "",
            by=kit.viewer(), is_blind=False,
        )  # fmt: skip

    return act(case_id, "closing", form, deed)


@bp.post("/cases/<case_id>/reopening")
@guards.therapist_only(find=find_case)
def reopening(case_id: str) -> Response:
    """Open a closed case again."""
    form = forms.ReopeningForm.posted()

    def deed(session: Session) -> None:
        note = form["note"].data or ""
        closings.reopen(session, kit.tools(), case_id=case_id, note=note, by=kit.viewer())

    return act(case_id, "closing", form, deed)
