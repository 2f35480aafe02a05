"""Bring a database to the newest revision; run at start, so that an update needs no extra command.

Alembic itself is loaded only where there is something to bring: a start usually finds nothing to do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

_VERSIONS = Path(__file__).parent / "versions"
_NAMES = re.compile(r"""^(revision|down_revision) = (?:None|["'](\w+)["'])$""", re.MULTILINE)

#: In place of a revision: a practice is on its way into this database, or has left it for another.
_MOVING, _MOVED = "moving", "moved"
_REFUSED = {
    _MOVING: "A practice is being put into this database; run the command that does it again to finish.",
    _MOVED: "This practice was moved to another database: set DATABASE_URL to it.",
}


class NotServed(Exception):
    """No portal may use this database as it stands; the text says why."""


def _config(engine: Engine) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - late, see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def _revisions() -> dict[str, str]:
    """Every revision that this code knows, and the one before it, as their files say."""
    found = [dict(_NAMES.findall(path.read_text(encoding="utf-8"))) for path in _VERSIONS.glob("*.py")]
    return {names["revision"]: names["down_revision"] for names in found}


def head() -> str | None:
    """The newest revision that this code knows."""
    known = _revisions()
    newest = sorted(set(known) - set(known.values()))
    if len(newest) > 1:
        raise RuntimeError(f"revisions that are not joined: {', '.join(newest)}")
    return newest[0] if newest else None


def current(engine: Engine) -> str | None:
    """The revision the database stands at."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        stands: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return stands


def is_known(revision: str) -> bool:
    """Whether this code knows a revision, so that it can go on from there."""
    return revision in _revisions()


def to_head(engine: Engine) -> None:
    """Upgrade if needed; a database that is already there costs one query. Raises NotServed."""
    stands = current(engine)
    if stands == head():
        return
    if stands is not None and not is_known(stands):
        other = "This database belongs to a newer version of the portal; update first."
        raise NotServed(_REFUSED.get(stands.partition(" ")[0], other))
    from alembic import command  # noqa: PLC0415 - late, see above

    command.upgrade(_config(engine), "head")


def _mark(kind: str, practice: str) -> str:
    """What stands in place of the revision meanwhile: which way, from which revision, whose practice."""
    return f"{kind} {head()} {practice}"[:32]


def moving(practice: str) -> str:
    """The mark of a database that a practice is on its way into."""
    return _mark(_MOVING, practice)


def moved(practice: str) -> str:
    """The mark of a database that a practice has left."""
    return _mark(_MOVED, practice)


def is_marked(engine: Engine) -> bool:
    """Whether a practice is on its way into this database, or has left it."""
    return (current(engine) or "").partition(" ")[0] in _REFUSED


def stamp(connection: Connection, stands: str | None) -> None:
    """Say in the database where it stands: at a revision, or under a mark."""
    connection.execute(text("UPDATE alembic_version SET version_num = :stands"), {"stands": stands})


def new_revision(engine: Engine, text: str, revision: str) -> None:
    """Write a revision from the difference between models and database (developers only)."""
    from alembic import command  # noqa: PLC0415 - late, see above

    command.revision(_config(engine), message=text, autogenerate=True, rev_id=revision)
