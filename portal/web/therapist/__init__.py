"""Pages: the therapist's rooms."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("therapist", __name__)

from portal.web.therapist import (  # noqa: E402, F401  (the views hang themselves on the blueprint)
    acts,
    answers,
    brief,
    calls,
    case_page,
    caseload,
    closings,
    discernment,
    entry,
    handing_back,
    letters,
    trail,
)
