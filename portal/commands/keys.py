"""Commands ``keys rotate``, ``keys kit`` and ``keys restore``: exchanging keys, and keeping them safe."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from portal import key_exchange, key_kits, keyfiles
from portal.assembly import House
from portal.commands import ground
from portal.commands.bare import refuse
from portal.domain.access import system
from portal.key_kits import KitRefused
from portal.keyfiles import KeyPaths
from portal.models import PRACTICE_ID
from portal.services import audit, export_files, key_changes

keys = AppGroup("keys", help="Keys: exchange them, keep a recovery kit.")

_BY = system("keys")
#: Read instead of a question, for scripts. Never given as an argument: others see those.
_VARIABLE = "PORTAL_KIT_PASSPHRASE"


@keys.command("rotate")
def rotate() -> None:
    """Make new keys, re-encrypt everything under them, then destroy the old ones.

    The portal may be running. After a kill, run it again: it goes on where it was. Backups and recovery kits
    made before do not fit the new keys: make new ones.
    """
    house, settings = ground.house(), ground.settings()
    paths = KeyPaths(settings.keys, settings.private_key)
    # Opens the house, and refuses before anything is made where this role does not hold the staff's keys.
    house.tools.vault.current_id("staff")
    is_new = key_exchange.begin(paths)
    click.echo("New keys are current." if is_new else "Going on with an exchange that was not finished.")
    _note(house, "keys.rotation_begun" if is_new else "keys.rotation_resumed", 0)
    count = _renew_rows(house)
    files = sum(export_files.renew(house.tools, file) for file in sorted(settings.exports.glob("*.box")))
    while not _destroy(house, paths):
        count += _renew_rows(house)
    _note(house, "keys.rotated", count)
    ground.finish()
    click.echo(
        f"{count} texts and {files} report files stand under the new keys; the old keys are destroyed."
    )
    click.echo(
        "Earlier backups and recovery kits only fit each other. Make new ones now: keys kit, backup create."
    )


def _renew_rows(house: House) -> int:
    count = 0
    while True:
        with house.store.staff.read() as session:
            changes = key_changes.look(session, house.tools)
        if not changes:
            return count
        with house.store.staff.write() as session:
            count += key_changes.keep(session, changes)


def _destroy(house: House, paths: KeyPaths) -> bool:
    """With the writer lock in hand, so that nothing comes in between: is nothing left? Then the old keys go.

    Whoever wrote under an old key and has not committed is refused at their commit (Vault.require_honoured).
    """
    with house.store.staff.write() as session:
        if key_changes.is_left(session, house.tools):
            return False
        key_exchange.end(paths)
        return True


def _note(house: House, verb: str, count: int) -> None:
    with house.store.staff.write() as session:
        subject, detail = ("practice", PRACTICE_ID), {"texts": count}
        audit.record(session, house.tools, by=_BY, verb=verb, subject=subject, detail=detail)


@keys.command("kit")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def kit(file: Path) -> None:
    """Write every key into FILE, protected by a passphrase.

    It is asked for twice, or read from PORTAL_KIT_PASSPHRASE or the first line of the standard input.
    """
    house, settings = ground.house(), ground.settings()
    house.tools  # noqa: B018  (makes the keys of an empty instance)
    if file.exists():
        refuse(f"{file.name} is there already; name a new file")
    paths = KeyPaths(settings.keys, settings.private_key)
    passphrase = _passphrase(is_new=True)
    try:
        text = key_kits.made(paths, settings.secret_file, passphrase)
        keyfiles.put_new(file, text)
        key_kits.opened(file.read_text(encoding="ascii"), passphrase)
    except KitRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(f"{file.name}: {error.strerror}")
    _note(house, "keys.kit_made", 0)
    ground.finish()
    click.echo("The recovery kit is written and opens. Keep it apart from this machine and from the backups;")
    click.echo("keep the passphrase apart from the kit. Without both, a lost disk is lost for good.")


@keys.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the keys of a recovery kit in place where there are none."""
    settings = ground.settings()
    paths = KeyPaths(settings.keys, settings.private_key)
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
        held = key_kits.opened(text, _passphrase(is_new=False))
        is_new = key_kits.put_back(held, paths, settings.secret_file)
        keyfiles.read_json(paths)
    except KitRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(str(error.strerror))
    click.echo("The keys are in place." if is_new else "These very keys are in place already.")


def _passphrase(*, is_new: bool) -> str:
    given = os.environ.get(_VARIABLE)
    if given:
        return given
    if sys.stdin.isatty():
        text: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True)
        return text
    return sys.stdin.readline().rstrip("\r\n")


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(keys)
