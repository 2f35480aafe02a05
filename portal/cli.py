"""Commands: ``flask --app wsgi …``. Exit 0 ok, 1 a finding, 2 bad input or refused."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from portal.assembly import House
from portal.cli_bare import let_refuse
from portal.config import ConfigError
from portal.content.faults import ContentError
from portal.keyfiles import KeyFileError
from portal.migrations.migrate import NotServed
from portal.vault import KeyMissing

#: A command or group of commands -> the modules it is made of; each has ``init_app(app)``.
_MODULES = {
    "accounts": ("cli_accounts",),
    "audit": ("cli_audit",),
    "backup": ("cli_backup",),
    "demo": ("cli_demo",),
    "exports": ("cli_exports",),
    "keys": ("cli_keys",),
    "move": ("cli_moving",),
    "questionnaire": ("cli_questionnaire",),
    "retention": ("cli_retention",),
    "routing": ("cli_routing", "cli_routing_proof", "cli_routing_backtest"),
    "serve": ("cli_serve",),
    "worker": ("cli_serve",),
}

_REFUSALS = {
    ConfigError: "",
    ContentError: "",
    KeyFileError: "",
    NotServed: "",
    KeyMissing: "this command needs the keys of PORTAL_ROLE=all",
}


class Commands(AppGroup):
    """Commands that are loaded when they are asked for: who serves pages needs none of the others."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app.name)
        self._app = app

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of this name, from its modules."""
        if name not in self.commands:
            self._load(_MODULES.get(name, ()))
        return super().get_command(context, name)

    def list_commands(self, context: click.Context) -> list[str]:
        """Every name, loaded or not."""
        return sorted({*_MODULES, *super().list_commands(context)})

    def _load(self, modules: Iterable[str]) -> None:
        known = set(self.commands)
        for module in modules:
            import_module(f"portal.{module}").init_app(self._app)
        for name in self.commands.keys() - known:
            let_refuse(self.commands[name], _REFUSALS | {DBAPIError: self._closed, OSError: self._closed})

    def _closed(self, error: DBAPIError | OSError) -> str:
        """What kept the house closed. Any other error is told with its place."""
        house: House = self._app.extensions["portal.house"]
        if error is not house.closed_by:
            raise error
        return house.why_closed(error)


def init_app(app: Flask) -> None:
    """Hang the commands on the application."""
    app.cli = Commands(app)
