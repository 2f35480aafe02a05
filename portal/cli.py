"""Commands: ``flask --app wsgi …``. Exit 0 ok, 1 a finding, 2 bad input or refused."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from portal.cli_bare import let_refuse
from portal.config import ConfigError
from portal.content.reading import ContentError
from portal.keyfiles import KeyFileError
from portal.migrations.migrate import NotServed
from portal.vault import KeyMissing

#: One module a group of commands, or a part of one; each has ``init_app(app)``.
_MODULES = (
    *("cli_routing", "cli_routing_proof", "cli_routing_backtest"),
    *("cli_serve", "cli_accounts", "cli_demo", "cli_questionnaire", "cli_exports"),
    *("cli_audit", "cli_keys", "cli_retention", "cli_backup", "cli_moving"),
)

_REFUSALS = {
    ConfigError: "",
    ContentError: "",
    KeyFileError: "",
    NotServed: "",
    KeyMissing: "this command needs the keys of PORTAL_ROLE=all",
}


def init_app(app: Flask) -> None:
    """Register every command."""
    for name in _MODULES:
        import_module(f"portal.{name}").init_app(app)
    for command in app.cli.commands.values():
        let_refuse(command, _REFUSALS)
