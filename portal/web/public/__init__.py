"""Pages for everybody, signed in or not, and what stands on every page."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("public", __name__)

from portal.web.public import health, language, leaving, pages, styleguide  # noqa: E402, F401  (views and context)
