"""The intake portal: each partner in private, a therapist decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.config import Settings


def create_app(
    config: Mapping[str, str] | None = None, *, overrides: Mapping[str, object] | None = None
) -> Flask:
    """Build the application from ``config`` (default: the environment).

    ``overrides`` replaces parts by name: ``tools`` (a ``Tools``) and ``smtp``, for tests. Touches no
    database and no key until the first request or command needs one. Raises ConfigError.
    """
    # Late, so that the pure rooms can be imported without Flask and the database.
    from portal import assembly, cli  # noqa: PLC0415
    from portal.config import load  # noqa: PLC0415
    from portal.web import blueprints, errors  # noqa: PLC0415

    settings: Settings = load(config)
    root = str(assembly.ROOT)
    app = errors.Portal("portal", root_path=root, template_folder="templates", static_folder="static")
    assembly.furnish(app, settings, dict(overrides or {}))
    blueprints.init_app(app)
    cli.init_app(app)
    return app
