"""Keyboard shortcuts of staff: which there are, and a switch to turn them off in this browser (2.1.4)."""

from __future__ import annotations

from typing import Final

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from portal.web import bodies, cookies, guards
from portal.web.accounts import bp

_YEAR: Final = 365 * 24 * 3600


@bp.app_context_processor
def with_shortcuts() -> dict[str, bool]:
    """Whether the staff layout loads its script."""
    return {"has_shortcuts": cookies.read(request, cookies.SHORTCUTS) != "off"}


@bp.get("/shortcuts")
@guards.staff_only()
def shortcuts() -> str:
    """The list, and the switch."""
    return render_template("accounts/shortcuts.html")


@bp.post("/shortcuts")
@guards.staff_only()
def shortcuts_posted() -> Response:
    """On or off, kept in this browser: a shared computer may need them off for one and not for another."""
    chosen = bodies.first("shortcuts")
    if chosen not in ("on", "off"):
        abort(400)
    response = redirect("/shortcuts", 303)
    cookies.put(response, cookies.SHORTCUTS, chosen, max_age=_YEAR)
    return response
