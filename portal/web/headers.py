"""Headers of every answer, and padding: two pages must not differ in size by what they say."""

from __future__ import annotations

from flask import Flask, Response

from portal.web import kit

#: Dynamic HTML is filled up to a multiple of this many bytes (security.md §3.3).
PAGE_BUCKET = 4096
_OPEN, _CLOSE = b"<!--", b"-->"

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    )
)

_FIXED = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}


def _pad(response: Response) -> None:
    if response.is_streamed or response.mimetype != "text/html":
        return
    body = response.get_data()
    if not body:  # an answer to a script stays empty
        return
    room = -(len(body) + len(_OPEN) + len(_CLOSE)) % PAGE_BUCKET
    response.set_data(body + _OPEN + b" " * room + _CLOSE)


def dress(response: Response) -> Response:
    """Add the headers; keep dynamic answers out of every cache."""
    held = {name.lower() for name, _ in response.headers}
    for name, value in _FIXED.items():
        if name.lower() not in held:
            response.headers.add(name, value)
    if kit.settings().is_production:
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if kit.asked().endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        _pad(response)
    return response


def init_app(app: Flask) -> None:
    """Dress every answer."""
    app.after_request(dress)
