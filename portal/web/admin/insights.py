"""GET /admin/insights: the practice in counts; nobody can be told from them."""

from __future__ import annotations

from flask import render_template

from portal.services import insights
from portal.web import guards, kit
from portal.web.admin import bp, insights_presenter


@bp.get("/admin/insights")
@guards.admin_only()
def all_insights() -> str:
    """The figures kept last; where they are old, new ones are asked for."""
    with kit.writing(as_partner=False) as session:
        view = insights.viewed(session, kit.tools(), by=kit.viewer())
    return render_template(
        "admin/insights.html",
        blocks=None if view is None else insights_presenter.present(view),
        made_at=None if view is None else view.made_at,
    )
