"""Time-based one-time codes of staff (RFC 6238: SHA-1, six digits, 30 seconds); each step counts once."""

from __future__ import annotations

import hmac
from base64 import b32encode
from datetime import datetime
from typing import Final

import pyotp

from portal.services.tools import Tools

STEP_SECONDS: Final = 30
#: Steps before and after now that are accepted: clocks of telephones drift.
WINDOW: Final = 1


def draw_secret(tools: Tools) -> str:
    """A new secret: 160 random bits in base32, 32 characters."""
    return b32encode(tools.draw(20)).decode()


def matching_step(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """The time step that ``code`` belongs to, or None: wrong, too old, or not later than step ``after``.

    Spaces are ignored. Every step of the window is compared in full.
    """
    given = "".join(code.split())
    if not (given.isascii() and given.isdigit()):
        return None
    now = int(at.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    fits = [
        step
        for step in range(now - WINDOW, now + WINDOW + 1)
        if hmac.compare_digest(totp.generate_otp(step), given) and step > after
    ]
    return max(fits, default=None)


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """The ``otpauth://`` address that an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)
