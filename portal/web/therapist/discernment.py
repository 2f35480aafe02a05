"""The log of a couple's discernment: a session, the end, the outcome, all at one address."""

from __future__ import annotations

from datetime import date
from typing import cast

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.services import discernment
from portal.services.discernment import SessionNote
from portal.web import guards, kit
from portal.web.therapist import acts, bp
from portal.web.therapist.case_page import find_case
from portal.web.therapist.forms import DiscernmentForm


@bp.post("/cases/<case_id>/discernment")
@guards.therapist_only(find=find_case)
def discernment_log(case_id: str) -> Response:
    """Note a session with each partner's decision, how it ended, or what came of it."""
    form = DiscernmentForm.posted()
    deeds = {"session": _session, "end": _end, "outcome": _outcome}

    def deed(session: Session) -> None:
        deeds[form["step"].data](session, case_id, form)

    return acts.act(case_id, "discernment", form, deed)


def _session(session: Session, case_id: str, form: DiscernmentForm) -> None:
    noted = SessionNote(
        number=int(form["number"].data),
        held_on=_day(form),
        minutes=int(form["minutes"].data),
        go_on=(form.has("a_goes_on"), form.has("b_goes_on")),
        note=form["note"].data or "",
    )
    discernment.note_session(session, kit.tools(), case_id=case_id, noted=noted, by=kit.viewer())


def _end(session: Session, case_id: str, form: DiscernmentForm) -> None:
    path, note = int(form["path"].data), form["note"].data or ""
    discernment.end(
        session, kit.tools(), case_id=case_id, path=path, ended_on=_day(form), note=note, by=kit.viewer()
    )


def _outcome(session: Session, case_id: str, form: DiscernmentForm) -> None:
    outcome = form["outcome"].data
    discernment.note_outcome(session, kit.tools(), case_id=case_id, outcome=outcome, by=kit.viewer())


def _day(form: DiscernmentForm) -> date:
    return cast(date, form.day(form["held_on"].data))
