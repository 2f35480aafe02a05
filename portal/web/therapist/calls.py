"""The call list, the call sheet of a case, and what a call came to."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from portal.services import call_attempts, call_list, case_names
from portal.services.call_attempts import Told
from portal.services.caseload_filters import Cursor
from portal.services.errors import BadInput, NotFound, OutOfOrder
from portal.web import guards, kit
from portal.web.therapist import bp, call_forms, forms
from portal.web.therapist.case_page import find_case
from portal.web.therapist.presenters import call_presenter


@bp.get("/calls")
@guards.therapist_only()
def calls() -> str:
    """Whoever is to be called, the longest overdue first."""
    after = Cursor.parse(request.args.get("after", ""))
    with kit.writing(as_partner=False) as session:
        page = call_list.page(session, kit.tools(), by=kit.viewer(), after=after)
        staff = case_names.of_staff(session, kit.tools())
    cards = [call_presenter.card(call, staff) for call in page.calls]
    return render_template("therapist/calls.html", cards=cards, after=page.after, is_first=after is None)


@bp.get("/cases/<case_id>/calls")
@guards.therapist_only(find=find_case)
def calls_of_case(case_id: str) -> Response:
    """Both people of a case as a caller needs them: number, hours, script, what was tried."""
    return _sheet(case_id)


@bp.post("/cases/<case_id>/calls")
@guards.therapist_only(find=find_case)
def call_logged(case_id: str) -> AnyResponse:
    """Note a call."""
    form = call_forms.CallForm.posted()
    if not form.validate():
        return _sheet(case_id, form=form, errors=form.faults, status=400)
    told = Told(
        outcome=form["outcome"].data,
        occasion=form.given("occasion") or "ours",
        note=form["note"].data or "",
        called_at=call_forms.moment(form["at"].data or ""),
        next_try_at=call_forms.moment(form["next_try"].data or ""),
    )
    try:
        with kit.writing(as_partner=False) as session:
            call_attempts.log(
                session, kit.tools(), case_id=case_id, slot=form["slot"].data, told=told, by=kit.viewer()
            )
    except NotFound:
        raise
    except BadInput as bad:
        errors = {name: str(call_presenter.FAULTS[why]) for name, why in bad.faults.items()}
        return _sheet(case_id, form=form, errors=errors, status=400)
    except OutOfOrder as refused:
        refusal = str(call_presenter.REFUSALS[refused.reason])
        return _sheet(case_id, form=form, refusal=refusal, status=409)
    return redirect(f"/cases/{case_id}/calls", 303)


def _sheet(
    case_id: str,
    *,
    form: call_forms.CallForm | None = None,
    errors: dict[str, str] | None = None,
    refusal: str = "",
    status: int = 200,
) -> Response:
    with kit.writing(as_partner=False) as session:
        people = call_list.of_case(session, kit.tools(), case_id=case_id, by=kit.viewer())
        staff = case_names.of_staff(session, kit.tools())
    typed: dict[str, Any] = form.typed() if form is not None else {}
    body = render_template(
        "therapist/calls_of_case.html",
        case_id=case_id,
        cards=[call_presenter.card(call, staff) for call in people],
        typed=typed,
        errors=errors or {},
        summary=_summary(typed.get("slot", ""), errors or {}),
        refusal=refusal,
        outcomes=call_presenter.OUTCOMES,
        occasions=call_presenter.OCCASIONS,
    )
    return make_response(body, status)


def _summary(slot: str, errors: dict[str, str]) -> list[tuple[str, str]]:
    """Each fault with the id of its control; none has one where nobody is named."""
    return [(f"{slot}-{name}" if slot in forms.SLOTS else "", words) for name, words in errors.items()]
