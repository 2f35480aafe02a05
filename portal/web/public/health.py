"""For machines: the process is up; the database is reachable and migrated."""

from __future__ import annotations

from flask import Response

from portal.web import guards, kit
from portal.web.public import bp


@bp.get("/healthz")
@guards.public
def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@guards.public
def readyz() -> Response:
    """The database answers and stands at the newest revision; 503 otherwise."""
    is_ready = kit.is_ready()
    return Response("ready\n" if is_ready else "not ready\n", 200 if is_ready else 503, mimetype="text/plain")
