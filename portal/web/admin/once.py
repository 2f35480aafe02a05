"""A one-time link, carried over one redirect: boxed for this session, in a cookie that the next page drops.

Only hashes of links are kept in the database, and a POST answers with a redirect.
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


def put(response: Response, link: str) -> Response:
    """Carry ``link`` to the next page of this session."""
    blob = kit.tools().vault.box("staff", _place(), link)
    cookies.put(response, _COOKIE, urlsafe_b64encode(blob).decode(), max_age=_LIFE)
    return response


def link() -> str | None:
    """The link that was carried here, if it belongs to this session."""
    try:
        blob = urlsafe_b64decode(cookies.read(request, _COOKIE) or "")
        return kit.tools().vault.unbox("staff", _place(), blob)
    except (ValueError, VaultError):
        return None


def drop(response: Response) -> Response:
    """Shown once: the cookie goes with the page that shows it."""
    if cookies.read(request, _COOKIE):
        cookies.drop(response, _COOKIE)
    return response


def _place() -> Place:
    return Place("staff_session", "once", kit.viewer().session_id)
