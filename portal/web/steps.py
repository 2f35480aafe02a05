"""Where the steps of the way in stand."""

from __future__ import annotations

from typing import Final

from portal.domain.lifecycle import Step

PATHS: Final[dict[Step, str]] = {
    "account": "/my/account",
    "leaving": "/my/leaving",
    "consent": "/my/consent",
    "contact": "/my/contact",
    "form": "/my/form",
    "home": "/my",
}
