"""The headers that every answer bears, and what a server answers by itself, before the portal is asked.

The standard library alone, as gunicorn's first process reads it as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

_POLICY: Final = "; ".join(
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

_FIXED: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}

#: Who reads it sent something that no browser of a visitor sends, or something broke: in both languages, as
#: nobody knows theirs, the same for every fault, and nothing of what was sent.
REFUSAL: Final = (
    "That did not come through. Please go back and try again.\n"
    "No se recibió. Vuelva atrás e inténtelo de nuevo.\n"
).encode()


def lines(*, is_production: bool) -> dict[str, str]:
    """The headers of every answer."""
    https = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"} if is_production else {}
    return _FIXED | https


def of_refusal(fixed: Mapping[str, str]) -> dict[str, str]:
    """The headers of what a server answers by itself, but for date and connection."""
    kind = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(REFUSAL))}
    return kind | {"Cache-Control": "no-store"} | dict(fixed)


def refusal(status: int, fixed: Mapping[str, str]) -> bytes:
    """A whole answer, after which the connection ends."""
    heads = of_refusal(fixed) | {"Date": formatdate(usegmt=True), "Connection": "close"}
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    head = "\r\n".join((first, *(f"{name}: {value}" for name, value in heads.items()), "", ""))
    return head.encode("latin-1") + REFUSAL
