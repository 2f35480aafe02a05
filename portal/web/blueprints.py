"""Registers every audience's pages and the machinery around them."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from portal.config import Settings
from portal.web import context, csrf, errors, guards, headers, request_log, shut, unexpected

#: One package an audience; each has ``bp`` in its ``__init__``. They never import each other.
AUDIENCES = ("public", "accounts", "partner", "therapist", "admin", "demo")
#: Those whose pages no process of the partners ever shows.
_STAFF = frozenset({"therapist", "admin"})


def init_app(app: Flask) -> None:
    """Hang everything on the application."""
    request_log.init_app(app)
    context.init_app(app)
    headers.init_app(app)
    app.after_request(csrf.keep_cookie)
    guards.init_app(app)
    app.after_request(unexpected.note)
    errors.init_app(app)
    settings: Settings = app.extensions["portal.settings"]
    for audience in AUDIENCES:
        is_shut = settings.role == "partner" and audience in _STAFF
        bp = shut.room(audience) if is_shut else import_module(f"portal.web.{audience}").bp
        app.register_blueprint(bp)
    guards.require_access_everywhere(app)
