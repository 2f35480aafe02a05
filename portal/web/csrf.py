"""One CSRF token for each session, valid in every form for as long as the session lives.

Our own, not Flask-WTF's: its token carries a time and a salt, so that two equal pages differ, ages out
while somebody types, and is checked before the role (see docs/decisions/0003).
The token is an HMAC of the session cookie; a visitor without a session gets a random cookie for it.
"""

from __future__ import annotations

import hmac

from flask import Request, Response, g, request

from portal.web import bodies, cookies, kit


def token() -> str:
    """The token for forms of this response."""
    if "csrf_cookie" not in g:
        held = _cookie(request)
        g.csrf_cookie = held or kit.tools().new_token()
        g.csrf_cookie_is_new = held is None
    return _token_for(g.csrf_cookie)


def _cookie(of: Request) -> str | None:
    return cookies.read(of, cookies.SESSION["staff"]) or cookies.read(of, cookies.SESSION["partner"])


def _token_for(cookie: str) -> str:
    return kit.tools().vault.mac("csrf", cookie.encode())


def is_valid() -> bool:
    """Whether the request carries the token that belongs to its cookie."""
    held, given = _cookie(request), bodies.first("csrf_token")
    if held is None or not given.isascii():
        return False
    return hmac.compare_digest(_token_for(held), given)


def rebind(cookie: str) -> None:
    """Use a new session cookie for the tokens of this response (sign-in)."""
    g.csrf_cookie, g.csrf_cookie_is_new = cookie, False


def keep_cookie(response: Response) -> Response:
    """Give a visitor without any session the cookie that the page's token belongs to."""
    if g.get("csrf_cookie_is_new"):
        cookies.put(response, cookies.SESSION["partner"], g.csrf_cookie)
    return response
