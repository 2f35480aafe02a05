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
    is_stop = bodies.tick("stop")
    if not is_stop and not bodies.tick("heard"):
        return draw(case, words.faults({"heard": "not_heard"})), 400
    change = calls.stop if is_stop else calls.verified
    try:
        if not is_stop:  # taking it back harms nobody
            freshness.prove()
        with kit.writing(as_partner=False) as session:
            change(session, kit.tools(), case_id=case, slot=bodies.first("call_slot"), by=kit.viewer())
    except NotFresh as refused:
        return draw(case, words.password_fault(refused)), 400
    except BadInput as refused:
        return draw(case, words.faults(refused.faults)), 400
    except OutOfOrder as refused:
        return draw(case, words.faults({"call_slot": refused.reason})), 409
    return redirect(f"/admin/cases/{case}", 303)
