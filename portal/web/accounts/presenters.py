"""Words and pictures of the way in."""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup


def qr(uri: str) -> Markup:
    """A QR code as inline SVG with presentation attributes only, so that it needs no inline style."""
    import segno  # noqa: PLC0415 - late: for a code that each of the staff is shown once

    svg = segno.make(uri, micro=False).svg_inline(
        scale=5,
        border=4,
        dark="#000",
        light="#fff",
        title=_("QR code"),
        desc=_("The same secret as the text beside it, for the camera of your phone."),
    )
    # Built from our own words and the modules of the code; segno escapes title and description.
    return Markup(svg)  # noqa: S704


def wrong_code() -> str:
    """Said beside a six-digit code that does not count."""
    return _("This code does not count (any more). Wait for the next one and type it within half a minute.")


def wrong_spoken() -> str:
    """Said beside the code that was said by voice."""
    return _("This is not the code, or you have tried too often. Ask whoever gave it to you.")
