"""Cookie names and how they are set: ``__Host-`` and Secure in production, plain in development."""

from __future__ import annotations

from datetime import timedelta

from flask import Request
from werkzeug.wrappers import Response

from portal.web import kit

SESSION = {"partner": "portal", "staff": "portal-staff"}
DEVICE = "portal-device"
LANGUAGE = "portal-language"
SHORTCUTS = "portal-shortcuts"
_SAME_SITE = {"portal-staff": "Strict"}


def _name(plain: str) -> str:
    return f"__Host-{plain}" if kit.settings().is_production else plain


def read(request: Request, plain: str) -> str | None:
    """The value of our cookie ``plain``, or None."""
    return request.cookies.get(_name(plain))


def put(response: Response, plain: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie for the whole host, unreadable by scripts; ``max_age`` in seconds."""
    response.set_cookie(
        _name(plain),
        value,
        max_age=max_age,
        # Said here, or Werkzeug works it out from a clock that is not ours.
        expires=None if max_age is None else kit.tools().now() + timedelta(seconds=max_age),
        path="/",
        secure=kit.settings().is_production,
        httponly=True,
        samesite=_SAME_SITE.get(plain, "Lax"),
    )


def drop(response: Response, plain: str) -> None:
    """Delete a cookie."""
    response.delete_cookie(
        _name(plain),
        path="/",
        secure=kit.settings().is_production,
        httponly=True,
        samesite=_SAME_SITE.get(plain, "Lax"),
    )
