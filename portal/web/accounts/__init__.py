"""Every way in: signing in and out, joining, beginning, resets, staff set-up, the own account."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)

from portal.web.accounts import (  # noqa: E402, F401  (the views hang themselves on the blueprint)
    account,
    codes,
    joining,
    knocking,
    resets,
    set_up,
    shortcuts,
    signing_in,
    staying,
)
