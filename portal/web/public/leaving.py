"""Quick exit: ends the session, changes the cookies, goes to an ordinary site that is the same for all."""

from __future__ import annotations

from typing import Final

from flask import redirect
from werkzeug.wrappers import Response

from portal.web import guards, sittings
from portal.web.public import bp

#: An ordinary page that says nothing about who left what.
NEUTRAL_SITE: Final = "https://www.weather.gov/"


@bp.route("/leave", methods=["GET", "POST"])
@guards.public_without_token
def leave() -> Response:
    """By link or beacon, without a token: whoever triggers it only ends a session."""
    sittings.end_current()
    response = redirect(NEUTRAL_SITE, 303)
    sittings.forget(response)
    return response
