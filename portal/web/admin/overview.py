"""GET /admin: what waits, and how many people stand where."""

from __future__ import annotations

from flask import render_template

from portal.services import admin_cases, case_names, first_steps
from portal.web import guards, kit
from portal.web.admin import bp, words


@bp.get("/admin")
@guards.admin_only()
def overview() -> str:
    """Letters for approval, cases nobody has, second claims, counts."""
    tools = kit.tools()
    with kit.writing(as_partner=False) as session:
        desk = admin_cases.desk(session, tools, by=kit.viewer())
        staff = case_names.of_staff(session, tools)
        first = first_steps.view(session)
    return render_template(
        "admin/overview.html",
        desk=desk,
        staff=staff,
        first=first,
        origins=words.ORIGINS,
        mail_words=words.MAILS,
        count=words.count,
        most=admin_cases.COUNTED,
    )
