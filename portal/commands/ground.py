"""What the commands stand on: the house of this process, its settings, the end of a run."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import click
from flask import current_app

from portal.assembly import House
from portal.commands.serve import run_due
from portal.config import Settings

BAD_INPUT = 2


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
    app: Any = current_app
    run_due(app._get_current_object())


def refuse(*reasons: str) -> NoReturn:
    """Say why not, a line each, and exit 2."""
    for reason in reasons:
        click.echo(reason, err=True)
    sys.exit(BAD_INPUT)
