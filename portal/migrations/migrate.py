"""Bring a database to the newest revision; run at start, so that an update needs no extra command."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def head() -> str | None:
    """The newest revision that this code knows."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return ScriptDirectory.from_config(config).get_current_head()


def current(engine: Engine) -> str | None:
    """The revision the database stands at."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this code knows a revision, so that it can go on from there."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return revision in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def to_head(engine: Engine) -> None:
    """Upgrade if needed; a database that is already there costs one query."""
    if current(engine) != head():
        command.upgrade(_config(engine), "head")


def new_revision(engine: Engine, text: str, revision: str) -> None:
    """Write a revision from the difference between models and database (developers only)."""
    command.revision(_config(engine), message=text, autogenerate=True, rev_id=revision)
