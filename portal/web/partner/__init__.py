"""Pages: a partner's own rooms. Nothing here depends on the other partner."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint
from flask_babel import format_date

bp = Blueprint("partner", __name__)


@bp.app_template_filter("long_date")
def long_date(moment: date | datetime) -> str:
    """A day in the reader's language and the practice's time zone: "November 23, 2026"."""
    return format_date(moment, "long")


from portal.web.partner import (  # noqa: E402, F401  (the views hang themselves on the blueprint)
    choice,
    consent,
    contact,
    draft,
    faults,
    home,
    late,
    letters,
    sections,
    sending,
    withdrawal,
)

bp.add_app_template_filter(faults.labelled, "labelled")
