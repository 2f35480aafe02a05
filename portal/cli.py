"""Commands: ``flask --app wsgi …``. Exit 0 ok, 1 a finding, 2 bad input or refused."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.assembly import House
from portal.commands.bare import let_refuse, words_of_disk
from portal.config import ConfigError
from portal.content.faults import ContentError
from portal.keyfiles import KeyFileError
from portal.migrations.migrate import NotServed
from portal.vault import KeyMissing

#: A command or group of commands -> the modules it is made of; each has ``init_app(app)``.
_MODULES = {
    "accounts": ("accounts",),
    "audit": ("audit",),
    "backup": ("backup",),
    "demo": ("demo",),
    "exports": ("exports",),
    "keys": ("keys",),
    "move": ("moving",),
    "questionnaire": ("questionnaire",),
    "retention": ("retention",),
    "routing": ("routing", "routing_proof", "routing_backtest"),
    "serve": ("serve",),
    "worker": ("serve",),
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
        self.refusals = _REFUSALS | {DBAPIError: self._of_machine, OSError: self._of_machine}

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
            import_module(f"portal.commands.{module}").init_app(self._app)
        for name in self.commands.keys() - known:
            let_refuse(self.commands[name], self.refusals)

    def _of_machine(self, error: DBAPIError | OSError) -> str:
        """What kept the house closed; in an open one, a disk or a database that fails.

        Any other error is told with its place.
        """
        house: House = self._app.extensions["portal.house"]
        if error is house.closed_by:
            return house.why_closed(error)
        if isinstance(error, OSError):
            return words_of_disk(error)
        if not isinstance(error, OperationalError):
            raise error
        return f"the database cannot be used: {str(error.orig).strip()}"


def init_app(app: Flask) -> None:
    """Hang the commands on the application."""
    app.cli = Commands(app)
