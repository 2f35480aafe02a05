"""The audit trail: newest first, paged by number, of everything, one kind of subject, or one subject."""

from __future__ import annotations

import re
from typing import Final

from flask import abort, render_template, request

from portal.services import audit_views, case_names
from portal.web import guards, kit
from portal.web.admin import bp, words

#: What stands in the address becomes part of an event: an id, and never what somebody typed.
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|practice")


@bp.get("/admin/audit")
@guards.admin_only()
def everything() -> str:
    """All events, or those about one kind of subject (``kind``)."""
    return _page(request.args.get("kind", ""), "")


def _is_kind(kind: str, subject: str) -> None:
    if kind not in audit_views.SUBJECTS or _ID.fullmatch(subject) is None:
        abort(404)


@bp.get("/admin/audit/<kind>/<subject>")
@guards.admin_only(find=_is_kind)
def about(kind: str, subject: str) -> str:
    """Events about one subject: who has seen this case."""
    return _page(kind, subject)


def _page(kind: str, subject: str) -> str:
    if kind and kind not in audit_views.SUBJECTS:
        abort(400)
    tools = kit.tools()
    with kit.writing(as_partner=False) as session:
        trail = audit_views.page(
            session, tools, by=kit.viewer(), before=_before(), subject_kind=kind, subject_id=subject
        )
        staff = case_names.of_staff(session, tools)
    return render_template(
        "admin/trail.html",
        trail=trail,
        staff=staff,
        kind=kind,
        subject=subject,
        actors=words.ACTORS,
        subjects=words.SUBJECTS,
    )


def _before() -> int | None:
    text = request.args.get("before", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        abort(400)
    return int(text)
