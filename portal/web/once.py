"""A secret to be shown once, carried over one redirect: boxed for this session, in a cookie.

The page that shows it drops the cookie. Only hashes of links and codes are kept in the database, and a POST
answers with a redirect.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from flask import request
from werkzeug.wrappers import Response

from portal.vault import Place, VaultError
from portal.web import cookies, kit

_COOKIE: Final = "portal-once"
_LIFE: Final = 120


def put(response: Response, kind: str, text: str) -> Response:
    """Carry ``text`` to the next page of this session that asks for this ``kind``."""
    blob = kit.tools().vault.box("staff", _place(kind), text)
    cookies.put(response, _COOKIE, urlsafe_b64encode(blob).decode(), max_age=_LIFE)
    return response


def carried(kind: str) -> str | None:
    """The text of this kind that was carried here, if it belongs to this session."""
    try:
        blob = urlsafe_b64decode(cookies.read(request, _COOKIE) or "")
        return kit.tools().vault.unbox("staff", _place(kind), blob)
    except (ValueError, VaultError):
        return None


def drop(response: Response) -> Response:
    """Shown once: the cookie goes with the page that shows it."""
    if cookies.read(request, _COOKIE):
        cookies.drop(response, _COOKIE)
    return response


def _place(kind: str) -> Place:
    return Place("staff_session", f"once_{kind}", kit.viewer().session_id)
