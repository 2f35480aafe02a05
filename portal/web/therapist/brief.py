"""``brief.pdf``: the case on two sheets, for one therapist; made anew each time, kept nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Response, current_app

from portal import typeset
from portal.services import case_views
from portal.services.case_views import CaseView
from portal.vault import VaultError
from portal.web import errors as errors_shown
from portal.web import guards, kit
from portal.web.therapist import bp
from portal.web.therapist.case_page import find_case
from portal.web.therapist.presenters import brief_presenter
from portal.web.therapist.refusals import REFUSALS

_PAGES: Final = 2


@bp.get("/cases/<case_id>/brief.pdf")
@guards.therapist_only(find=find_case)
def brief(case_id: str) -> Response:
    """Both partners' figures on paper, with the event that they left the portal."""
    try:
        with kit.writing(as_partner=False) as session:
            view = case_views.opened_for_brief(session, kit.tools(), case_id=case_id, by=kit.viewer())
    except VaultError as error:  # a sheet that left out what was lost would be taken for whole
        return errors_shown.unreadable(error, str(REFUSALS["told_unreadable"]), status=500)
    response = Response(document(view), content_type="application/pdf")
    # It leaves the portal as every download does (security.md T15), and no page stays in the browser.
    response.headers["Content-Disposition"] = 'attachment; filename="brief.pdf"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def document(view: CaseView) -> bytes:
    """The PDF; long texts are shortened until it has two pages at most."""
    template = Path(str(current_app.jinja_loader.searchpath[0]), "therapist", "brief.typ").read_text("utf-8")  # type: ignore[union-attr]
    made = b""
    for room in brief_presenter.ROOMS:
        made = typeset.pdf(template, brief_presenter.present(view, room), made_at=kit.tools().now())
        if typeset.page_count(made) <= _PAGES:
            break
    return made
