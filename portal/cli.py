"""Commands: ``flask --app wsgi …``. Exit 0 ok, 1 a finding, 2 bad input or refused."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

#: One module a group of commands; each has ``init_app(app)``.
_MODULES = ("cli_routing", "cli_serve", "cli_accounts", "cli_demo", "cli_questionnaire", "cli_exports")


def init_app(app: Flask) -> None:
    """Register every command."""
    for name in _MODULES:
        import_module(f"portal.{name}").init_app(app)
