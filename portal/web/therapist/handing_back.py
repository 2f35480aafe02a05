"""A therapist hands a case back, for a coded reason, and has nothing to do with it from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, redirect, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from portal.services import conflicts, handovers
from portal.services.errors import BadInput, OutOfOrder
from portal.web import bodies, guards, kit
from portal.web.therapist import bp
from portal.web.therapist.case_page import find_case

REASONS: Mapping[str, Any] = {
    "knows_them": _l("I know one of them privately"),
    "family": _l("I am related to one of them"),
    "business": _l("I have business with one of them"),
    "earlier_work": _l("I have worked with one of them before"),
    "own_story": _l("It is too near to my own story"),
    "expertise": _l("Another training or experience is needed"),
    "workload": _l("I have no room for this case"),
    "other": _l("Another reason"),
}


@bp.get("/cases/<case_id>/handing-back")
@guards.therapist_only(find=find_case)
def handing_back(case_id: str) -> Response:
    """What handing back means, and why it is done."""
    return _draw(case_id, {})


@bp.post("/cases/<case_id>/handing-back")
@guards.therapist_only(find=find_case)
def hand_back(case_id: str) -> AnyResponse:
    """Hands it back; leads to the caseload, because the case is closed to this person now."""
    faults = {} if bodies.first("confirm") == "yes" else {"confirm": _("Please tick this.")}
    reason = bodies.first("reason")
    try:
        conflicts.require_reason(reason)
        if not faults:
            with kit.writing(as_partner=False) as session:
                handovers.recuse(session, kit.tools(), case_id=case_id, reason=reason, by=kit.viewer())
            return redirect("/caseload", 303)
    except BadInput:
        faults = {"reason": _("Please choose one of the answers shown here."), **faults}
    except OutOfOrder:
        return _draw(case_id, {"reason": _("No other therapist could take this case.")}, 409)
    return _draw(case_id, faults, 400)


def _draw(case_id: str, faults: dict[str, str], status: int = 200) -> Response:
    body = render_template(
        "therapist/handing_back.html",
        case_id=case_id,
        options=[(key, REASONS[key]) for key in conflicts.REASONS],
        reason=bodies.printable(bodies.first("reason")),
        faults=faults,
    )
    return make_response(body, status)
