"""One CSRF token for each session, valid in every form for as long as the session lives.

Our own, not Flask-WTF's: its token carries a time and a salt, so that two equal pages differ, ages out
while somebody types, and is checked before the role (see docs/decisions/0003).
The token is an HMAC of the session cookie; a visitor without a session gets a random cookie for it, which
its first letters tell from a session's.
"""

from __future__ import annotations

import hmac
from typing import cast
from urllib.parse import urlsplit

from flask import Response, current_app, g
from werkzeug.sansio.utils import host_is_trusted

from portal.services.sessions import Seat
from portal.web import bodies, cookies, kit

#: Begins the cookie of somebody without a session; a session's token never holds a dot.
_VISITOR = "v."


def token() -> str:
    """The token for forms of this response."""
    here = kit.here()
    cookie = here.get("csrf_cookie")
    if cookie is None:
        held = _lasting()
        cookie = here.csrf_cookie = held or _VISITOR + kit.tools().new_token()
        here.csrf_cookie_is_new = held is None
    known = here.get("csrf_token", ("", ""))
    if known[0] != cookie:  # a page holds a dozen forms
        known = here.csrf_token = (cookie, _token_for(cookie))
    return cast(str, known[1])


def _held() -> list[str]:
    """The cookies a token may belong to: the live session's alone, else whatever this browser holds."""
    seat, asked = kit.seat() or cast("Seat | None", kit.here().get("half_seat")), kit.asked()
    kinds = ("staff", "partner") if seat is None else (seat.viewer.kind,)
    return [held for kind in kinds if (held := cookies.read(asked, cookies.SESSION[kind]))]


def _lasting() -> str | None:
    """The cookie that the tokens of this response belong to, or None where it takes a new one.

    That of a session that is over is replaced by the next page: a changed cookie keeps the back button
    from showing an old one (security.md §3.4), and whoever sits here next finds what every visitor finds.
    """
    held = _held()
    # Before anybody looked (a busy database), nobody can say that a session is over.
    here = kit.here()
    is_known = "seat" in here and here.seat is None and here.get("half_seat") is None
    return next((one for one in held if not is_known or one.startswith(_VISITOR)), None)


def _token_for(cookie: str) -> str:
    return kit.tools().vault.mac("csrf", cookie.encode())


def is_valid() -> bool:
    """Whether the request carries the token that belongs to its cookie."""
    given = bodies.first("csrf_token")
    return given.isascii() and any(hmac.compare_digest(_token_for(held), given) for held in _held())


def is_from_elsewhere() -> bool:
    """Whether the browser says that another site made this request (security.md T21).

    Our own pages send ``Origin: null``: they ask for no referrer.
    """
    sent = kit.asked().headers
    origin = sent.get("Origin", "null")
    if sent.get("Sec-Fetch-Site", "none") in ("cross-site", "same-site"):
        return True
    return origin != "null" and not _is_ours(origin)


def _is_ours(origin: str) -> bool:
    try:
        return host_is_trusted(urlsplit(origin).netloc, current_app.config["TRUSTED_HOSTS"])
    except ValueError:
        return False


def rebind(cookie: str) -> None:
    """Use a new session cookie for the tokens of this response (sign-in)."""
    g.csrf_cookie, g.csrf_cookie_is_new = cookie, False


def keep_cookie(response: Response) -> Response:
    """Give a visitor without any session the cookie that the page's token belongs to."""
    if kit.here().get("csrf_cookie_is_new"):
        cookies.put(response, cookies.SESSION["partner"], g.csrf_cookie)
    return response
