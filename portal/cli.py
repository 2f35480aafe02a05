"""Commands: ``flask --app wsgi …``. Exit 0 ok, 1 a finding, 2 bad input or refused."""

from __future__ import annotations

import sys
from functools import wraps
from importlib import import_module
from typing import Any

import click
from flask import Flask

from portal.content.reading import ContentError
from portal.keyfiles import KeyFileError
from portal.vault import KeyMissing

#: One module a group of commands; each has ``init_app(app)``.
_MODULES = (
    *("cli_routing", "cli_serve", "cli_accounts", "cli_demo", "cli_questionnaire", "cli_exports"),
    *("cli_audit", "cli_keys", "cli_retention", "cli_backup"),
)


def init_app(app: Flask) -> None:
    """Register every command."""
    for name in _MODULES:
        import_module(f"portal.{name}").init_app(app)
    for command in app.cli.commands.values():
        _let_refuse(command)


def _let_refuse(command: click.Command) -> None:
    """Content or keys that cannot be used are told in their own words, line by line; exit 2."""
    if isinstance(command, click.Group):
        for part in command.commands.values():
            _let_refuse(part)
    run = command.callback
    if run is None:
        return

    @wraps(run)
    def told(*given: Any, **named: Any) -> Any:
        try:
            return run(*given, **named)
        except (ContentError, KeyFileError) as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        except KeyMissing:
            click.echo("this command needs the keys of PORTAL_ROLE=all", err=True)
            sys.exit(2)

    command.callback = told
