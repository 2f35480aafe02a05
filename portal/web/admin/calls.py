"""Sign-in help after a verified call: a link that works in a day, and taking it back meanwhile."""

from __future__ import annotations

from portal.services import calls
from portal.services.errors import BadInput
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp
from portal.web.admin.cases import Answer, acted, exists


@bp.post("/admin/cases/<case>/sign-in-help")
@guards.admin_only(find=exists)
def sign_in_help_posted(case: str) -> Answer:
    """Needs the tick that says the person was called back and known by voice; ``stop`` takes it back."""
    return acted(case, lambda: _change(case), field="call_slot")


def _change(case: str) -> None:
    is_stop, is_heard = bodies.tick("stop"), bodies.tick("heard")
    if not is_stop:  # taking it back harms nobody
        if not is_heard:
            raise BadInput({"heard": "not_heard"})
        freshness.prove()
    change = calls.stop if is_stop else calls.verified
    with kit.writing(as_partner=False) as session:
        change(session, kit.tools(), case_id=case, slot=bodies.first("call_slot"), by=kit.viewer())
