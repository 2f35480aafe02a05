"""Who has seen a case and what happened in it, for its therapists: the whole trail, by name."""

from __future__ import annotations

from flask import abort, render_template, request

from portal.services import audit_views, case_names
from portal.services.audit_views import Wanted
from portal.web import event_words, guards, kit
from portal.web.therapist import bp, words
from portal.web.therapist.case_page import find_case


@bp.get("/cases/<case_id>/trail")
@guards.therapist_only(find=find_case)
def trail_of_case(case_id: str) -> str:
    """Everything that happened in the case, newest first."""
    tools, before = kit.tools(), request.args.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 16):
        abort(400)
    wanted = Wanted(subject_kind="case", subject_id=case_id)
    with kit.writing(as_partner=False) as session:
        trail = audit_views.page(
            session,
            tools,
            by=kit.viewer(),
            before=int(before) if before else None,
            wanted=wanted,
            is_whole=True,
        )
        seen = audit_views.seen_by(session, case_id)
        staff = case_names.of_staff(session, tools)
    return render_template(
        "therapist/trail.html",
        case_id=case_id,
        seen=[(staff.get(one.staff_id, "–"), one.times, words.moment_words(one.last_at)) for one in seen],
        events=[
            (
                words.moment_words(event.happened_at), staff.get(event.actor_id, ""), event.actor_kind,
                event_words.said(event), event_words.detail(event, staff),
            )
            for event in trail.events
        ],
        before=trail.before,
    )  # fmt: skip
