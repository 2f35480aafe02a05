"""Command ``move``: a practice leaves its SQLite file for PostgreSQL; keys and everything else stay.

The order is what makes it safe to kill at any moment: the new database is marked as being filled, the copy
is proven, the old one is marked as left, and only then the new one is opened. Portals never start on both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from portal import assembly, moving, sqlite_files
from portal.commands import ground
from portal.commands.bare import refuse
from portal.config import Settings
from portal.domain.access import system
from portal.migrations import migrate
from portal.models import PRACTICE_ID
from portal.moving import Different, Unwanted
from portal.services import audit, audit_anchors, audit_chain, restores
from portal.services.audit_anchors import AnchorDamaged
from portal.services.tools import Tools
from portal.sqlite_files import InUse
from portal.store import Store, engine_at, prepare
from portal.vault import VaultError

_BY: Final = system("move")
_SQLITE: Final = "sqlite:///"


@dataclass(frozen=True)
class Way:
    """Where from, where to, whose."""

    path: Path
    store: Store
    tools: Tools
    settings: Settings

    @property
    def practice(self) -> str:
        """What tells this practice from another."""
        return moving.practice(self.tools.vault)

    @property
    def target(self) -> Engine:
        """The database it goes to."""
        return self.store.staff.engine


@click.command("move")
@click.option("--to", "to", metavar="URL", required=True, help="postgresql://OWNER@HOST/DATABASE.")
@click.option("--partner", metavar="URL", help="For the partners' role. Default: PARTNER_DATABASE_URL.")
@with_appcontext
def move(to: str, partner: str | None) -> None:
    """Move the practice from its SQLite file into an empty PostgreSQL database. Stop the portal first.

    After a kill run it again: it goes on where it was. Exit 1 where something did not arrive as it was sent,
    2 where it cannot be done; the practice then stays where it is. Passwords are best left out of the URL:
    PGPASSWORD, or a line in ~/.pgpass.
    """
    settings = ground.settings()
    path = _source(settings)
    staff = _url("--to", to)
    default = settings.partner_database_url
    given = _url("--partner", partner) if partner else make_url(default) if _leads_there(default) else staff
    with _store(staff, given) as store:
        way = Way(path, store, _tools(settings), settings)
        try:
            rows = _moved(way)
        except (Different, VaultError, AnchorDamaged) as fault:
            click.echo(f"{_told(fault)} The practice stays where it is.")
            sys.exit(1)
        except Unwanted as refused:
            refuse(str(refused))
    _tell(rows, path, staff, given)


def _source(settings: Settings) -> Path:
    if not settings.database_url.startswith(_SQLITE):
        refuse("DATABASE_URL does not name a SQLite file: there is nothing to move")
    path = Path(settings.database_url.removeprefix(_SQLITE))
    if not path.exists():
        refuse(f"{path.name}: there is no such database")
    return path


def _leads_there(url: str) -> bool:
    return url.startswith("postgresql")


def _url(option: str, given: str) -> URL:
    try:
        url = make_url(given)
    except ArgumentError:
        url = make_url("none://")
    if url.get_backend_name() != "postgresql" or not url.database:
        refuse(f"{option}: an address such as postgresql://owner@host/database")
    return url


def _tools(settings: Settings) -> Tools:
    if not settings.keys.exists():
        refuse("there are no keys here; put them in place first: keys restore KIT")
    return assembly.tools_for(settings)


@contextmanager
def _store(staff: URL, partner: URL) -> Iterator[Store]:
    """Both doors to the target; each answers."""
    hidden = [url.render_as_string(hide_password=False) for url in (staff, partner)]
    store = Store.over(staff=engine_at(hidden[0]), partner=engine_at(hidden[1]))
    try:
        for option, door in (("--to", store.staff), ("--partner", store.partner)):
            try:
                with door.read() as session:
                    session.execute(text("SELECT 1"))
            except DBAPIError as error:
                refuse(f"{option}: nobody answers, or not to this role ({_kind(error)})")
        yield store
    finally:
        store.dispose()


def _kind(error: DBAPIError) -> str:
    return type(error.orig).__name__


def _moved(way: Way) -> int:
    """Do it; how many rows there are."""
    try:
        sqlite_files.settle(way.path)
        _bring_up(way)
        with moving.held(way.path) as source:
            _require_here(way, source)
            moving.claim(way.target, migrate.moving(way.practice))
            rows = moving.arrive(source, way.target, click.echo)
            click.echo(_proven(way))
            migrate.stamp(source, migrate.moved(way.practice))
            source.commit()
            _open(way, rows)
    except InUse:
        refuse("the portal is running here; stop it first")
    return rows


def _bring_up(way: Way) -> None:
    """The source at the newest revision, unless it has been left by a run that was killed after that."""
    engine = prepare(engine_at(f"{_SQLITE}{way.path}"), is_partner=False)
    try:
        if migrate.current(engine) != migrate.moved(way.practice):
            migrate.to_head(engine)
    finally:
        engine.dispose()


def _require_here(way: Way, source: Connection) -> None:
    left = source.scalar(text("SELECT version_num FROM alembic_version")) == migrate.moved(way.practice)
    if left and migrate.current(way.target) != migrate.moving(way.practice):
        refuse("this practice was moved already; set DATABASE_URL to where it is")


def _proven(way: Way) -> str:
    """The audit trail and a sample of every encrypted column, as they are in the new place."""
    settings, tools = way.settings, way.tools
    kept = () if settings.anchor is None else audit_anchors.read(tools, settings.anchor)
    head = audit_anchors.head_of(tools, settings.audit_head)
    anchors = [*audit_anchors.standing(kept), *([] if head is None else [head])]
    with way.store.staff.read() as session:
        events, fault = audit_chain.verify(session, tools, anchors)
        if fault is not None:
            raise Different(f"the audit trail has a fault: {fault}")
        texts = restores.sample(session, tools)
    return f"Every table as it was sent; {events} events checked, {texts} texts opened."


def _open(way: Way, rows: int) -> None:
    """Let the partners' role in, tell of the move, and let portals start."""
    way.store.admit_partners()
    with way.store.staff.write() as session:
        subject, detail = ("practice", PRACTICE_ID), {"rows": rows}
        audit.record(session, way.tools, by=_BY, verb="practice.moved", subject=subject, detail=detail)
        migrate.stamp(session.connection(), migrate.head())


def _told(fault: Exception) -> str:
    if isinstance(fault, VaultError):
        return f"A text cannot be opened ({fault})."
    return f"Not as it was sent: {fault}."


def _tell(rows: int, path: Path, staff: URL, partner: URL) -> None:
    click.echo(f"{rows} rows moved. From now on these settings (with the passwords, where there are some):")
    click.echo(f"DATABASE_URL={staff.render_as_string()}")
    click.echo(f"PARTNER_DATABASE_URL={partner.render_as_string()}")
    if staff.username == partner.username:
        click.echo("Partners have no role of their own there: see --partner and docs/settings.md.")
    click.echo("Keys, reports and every other setting stay. No portal starts on the old file any more:")
    click.echo(f"keep {path.name} until a backup of the new place is made, then delete it.")


def init_app(app: Flask) -> None:
    """Register the command."""
    app.cli.add_command(move)
