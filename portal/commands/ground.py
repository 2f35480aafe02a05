"""What the commands stand on: the house of this process, its settings, the end of a run."""

from __future__ import annotations

from typing import Any

from flask import current_app

from portal.assembly import House
from portal.config import Settings


def house() -> House:
    """Store and tools of the application whose command runs."""
    found: House = current_app.extensions["portal.house"]
    return found


def settings() -> Settings:
    """Its settings."""
    found: Settings = current_app.extensions["portal.settings"]
    return found


def finish() -> None:
    """Do what is due, chaining of the audit trail included, before the command exits."""
    from portal.commands.serve import run_due  # noqa: PLC0415 - late: what only reads needs none of it

    app: Any = current_app
    run_due(app._get_current_object())
