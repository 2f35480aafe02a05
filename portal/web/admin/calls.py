"""Sign-in help after a verified call: a link that works in a day, and taking it back meanwhile."""

from __future__ import annotations

from flask import redirect

from portal.services import calls
from portal.services.errors import BadInput, NotFresh, OutOfOrder
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp, words
from portal.web.admin.cases import Answer, draw, exists


@bp.post("/admin/cases/<case>/sign-in-help")
@guards.admin_only(find=exists)
def sign_in_help_posted(case: str) -> Answer:
    """Needs the tick that says the person was called back and known by voice; ``stop`` takes it back."""
    try:
        _change(case)
    except NotFresh as refused:
        return draw(case, words.password_fault(refused)), 400
    except BadInput as refused:
        return draw(case, words.faults(refused.faults)), 400
    except OutOfOrder as refused:
        return draw(case, words.faults({"call_slot": refused.reason})), 409
    return redirect(f"/admin/cases/{case}", 303)


def _change(case: str) -> None:
    is_stop, is_heard = bodies.tick("stop"), bodies.tick("heard")
    if not is_stop:  # taking it back harms nobody
        if not is_heard:
            raise BadInput({"heard": "not_heard"})
        freshness.prove()
    change = calls.stop if is_stop else calls.verified
    with kit.writing(as_partner=False) as session:
        change(session, kit.tools(), case_id=case, slot=bodies.first("call_slot"), by=kit.viewer())
