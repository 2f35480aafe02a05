"""POST /sign-in/stay: somebody is still there, though nothing was sent for a while."""

from __future__ import annotations

from flask import Response

from portal.web import kit
from portal.web.accounts import bp, doors


@bp.post("/sign-in/stay")
@doors.signed_in
def stay() -> Response:
    """Keeps the session from running out, up to its absolute limit: the seconds until then are the answer."""
    seat = kit.seat()
    left = 0 if seat is None else int((seat.ends_at - kit.tools().now()).total_seconds())
    return Response(f"{left}\n", mimetype="text/plain")
