"""Commands ``backup create`` and ``backup restore``: the whole database, encrypted, while the portal runs."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from portal import backup_files, moving, sqlite_files, vault_files
from portal.assembly import House
from portal.backup_files import Manifest, NotABackup
from portal.commands import ground, restoring
from portal.commands.bare import refuse
from portal.commands.places import RestoreRefused, TrailBroken
from portal.config import Settings
from portal.domain.access import system
from portal.migrations import migrate
from portal.models import PRACTICE_ID
from portal.services import audit, audit_anchors, audit_chain
from portal.services.audit_anchors import Anchor
from portal.store import Door, Store

backup = AppGroup("backup", help="Backups of the database, without the keys.")

_BY = system("backup")
_STALE = 3600


@backup.command("create")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def create(file: Path) -> None:
    """Write the database into FILE, encrypted; the portal may be running.

    The keys are not in it: keep a recovery kit elsewhere. Exit 1 where the audit trail has a fault (the
    backup is written all the same).
    """
    house, settings = ground.house(), ground.settings()
    if file.exists():
        refuse(f"{file.name} is there already; name a new file")
    if not file.absolute().parent.is_dir():
        refuse(f"{file.parent}: there is no such folder")
    ground.finish()
    try:
        with _copied(house, settings) as (half, store):
            anchor, fault = _trail(house, store)
            manifest = _manifest(house, store, anchor)
            backup_files.write(file, house.tools.vault, manifest, half)
    except OSError as error:
        refuse(f"{file.name}: {error.strerror}")
    except (vault_files.Damaged, moving.Different):
        refuse(f"{file.name}: what was written does not read back; is the disk sound?")
    _told(house, settings, anchor)
    click.echo(f"Backup of {anchor.count} events, read back. Audit anchor {anchor.count}:{anchor.head}")
    if fault is not None:
        click.echo(f"The audit trail has a fault: {fault}")
        sys.exit(1)


@contextmanager
def _copied(house: House, settings: Settings) -> Iterator[tuple[Path, Store]]:
    """A copy of the database beside it, gone afterwards; also what a killed run left there."""
    for stale in settings.instance.glob(".backup-*.half"):
        if stale.stat().st_mtime < time.time() - _STALE:
            stale.unlink(missing_ok=True)
    half = settings.instance / f".backup-{secrets.token_hex(4)}.half"
    try:
        _copy(house.store.staff, half)
        with restoring.opened(half) as store:
            yield half, store
    finally:
        sqlite_files.discard(half)


def _copy(door: Door, half: Path) -> None:
    """One moment of the database as a SQLite file, so that a backup of one engine restores on the other."""
    if door.is_postgres:
        with door.read() as session:
            moving.snapshot(session.connection(), half)
    else:
        sqlite_files.copy(door.engine, half)


def _trail(house: House, store: Store) -> tuple[Anchor, str | None]:
    with store.staff.read() as session:
        _, fault = audit_chain.verify(session, house.tools)
        return audit_anchors.newest(session, at=house.tools.now()), fault


def _manifest(house: House, store: Store, anchor: Anchor) -> Manifest:
    key, _ = house.tools.vault.file_key(None, b"")
    revision = migrate.current(store.staff.engine) or ""
    return Manifest(anchor.at, key, backup_files.new_salt(), revision, anchor.count, anchor.head)


def _told(house: House, settings: Settings, anchor: Anchor) -> None:
    """The event, and the anchor in the second place."""
    with house.store.staff.write() as session:
        subject, detail = ("practice", PRACTICE_ID), {"events": anchor.count}
        audit.record(session, house.tools, by=_BY, verb="backup.created", subject=subject, detail=detail)
    ground.finish()
    if settings.anchor is not None:
        try:
            audit_anchors.keep(house.tools, settings.anchor, anchor)
        except OSError as error:
            click.echo(f"PORTAL_ANCHOR could not be written: {error.strerror}", err=True)


@backup.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put a backup in place of an empty practice. The keys must be there: keys restore.

    Checks the database, the audit trail against the anchor in the file, and a sample of every encrypted
    column; ends all sessions and one-time links; erases again what was erased since. Exit 1 where the file
    or its trail was tampered with, 2 where it cannot be done; then nothing was changed.
    """
    settings = ground.settings()
    try:
        told = restoring.restore(file, settings, by=_BY)
    except (RestoreRefused, NotABackup) as refused:
        refuse(str(refused) or f"{file.name} is not a backup")
    except TrailBroken as broken:
        click.echo(str(broken))
        sys.exit(1)
    except OSError as error:
        refuse(f"{error.strerror}: {Path(error.filename or file).name}")
    for line in told:
        click.echo(line)
    ground.finish()


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(backup)
