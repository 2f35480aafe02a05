"""Pages: the demonstration, in development on a database of ``demo load``; elsewhere nothing is here."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("demo", __name__)

from portal.web.demo import views  # noqa: E402, F401
