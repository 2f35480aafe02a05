"""Command ``audit verify``: whether anybody edited, inserted, deleted or cut off audit events."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask
from flask.cli import AppGroup

from portal import backup_files
from portal.assembly import House
from portal.commands import ground
from portal.commands.bare import refuse
from portal.services import audit_anchors, audit_chain
from portal.services.audit_anchors import Anchor, AnchorDamaged
from portal.vault import KeyMissing
from portal.vault_files import Damaged

audit = AppGroup("audit", help="The audit trail.")


@audit.command("verify")
@click.option("--anchor", "given", metavar="COUNT:HEAD", help="Where the chain stood, as a backup tells it.")
@click.option(
    "--backup",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A backup whose anchor must hold.",
)
def verify(given: str | None, backup: Path | None) -> None:
    """Check every event, the chain, its head and the anchors in PORTAL_ANCHOR; exit 1 at the first fault."""
    house, settings = ground.house(), ground.settings()
    anchors = [] if given is None else [_anchor(given)]
    if backup is not None:
        anchors.append(_anchor_of(house, backup))
    try:
        kept = () if settings.anchor is None else audit_anchors.read(house.tools, settings.anchor)
        head = audit_anchors.head_of(house.tools, settings.audit_head)
    except AnchorDamaged as damaged:
        _tell(str(damaged))
    held = audit_anchors.standing(kept)
    anchors += [] if head is None else [head]
    with house.store.staff.read() as session:
        checked, fault = audit_chain.verify(session, house.tools, (*held, *anchors))
    if fault is not None:
        _tell(fault)
    click.echo(f"{checked} events checked" + (f", {len(held)} anchors hold" if held else ""))


def _anchor(text: str) -> Anchor:
    found = re.fullmatch(r"(\d{1,15}):([0-9a-f]{64})", text)
    if found is None:
        refuse("--anchor: a count and a head, such as 120:3f5a…")
    return Anchor(int(found[1]), found[2])


def _anchor_of(house: House, file: Path) -> Anchor:
    """The anchor in a backup; its first piece is opened, so that a forged manifest is no anchor."""
    try:
        return backup_files.anchor_of(file, house.tools.vault)
    except (backup_files.NotABackup, KeyMissing, Damaged):
        refuse(f"--backup: {file.name} is not a whole backup of these keys")


def _tell(fault: str) -> NoReturn:
    click.echo(fault)
    sys.exit(1)


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(audit)
