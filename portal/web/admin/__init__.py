"""Pages: admin. Scheduling state, people, settings, reports, the trail; never an answer."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("admin", __name__)

from portal.web.admin import (  # noqa: E402, F401  (the views hang themselves on the blueprint)
    calls,
    cases,
    conflicts,
    disclosures,
    endings,
    overview,
    people,
    person,
    reports,
    settings,
    trail,
)
