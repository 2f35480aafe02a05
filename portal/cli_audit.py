"""Command ``audit verify``: whether anybody edited, inserted, deleted or cut off audit events."""

from __future__ import annotations

import re
import sys
from typing import NoReturn

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from portal.assembly import House
from portal.config import Settings
from portal.services import audit_anchors, audit_chain
from portal.services.audit_anchors import Anchor, AnchorDamaged

audit = AppGroup("audit", help="The audit trail.")


@audit.command("verify")
@click.option("--anchor", "given", metavar="COUNT:HEAD", help="Where the chain stood, as a backup tells it.")
def verify(given: str | None) -> None:
    """Check every event, the chain, and the anchors kept in PORTAL_ANCHOR; exit 1 at the first fault."""
    house: House = current_app.extensions["portal.house"]
    settings: Settings = current_app.extensions["portal.settings"]
    anchors = () if given is None else (_anchor(given),)
    try:
        kept = () if settings.anchor is None else audit_anchors.read(house.tools, settings.anchor)
    except AnchorDamaged as damaged:
        _tell(str(damaged))
    held = audit_anchors.standing(kept)
    with house.store.staff.read() as session:
        checked, fault = audit_chain.verify(session, house.tools, (*held, *anchors))
    if fault is not None:
        _tell(fault)
    click.echo(f"{checked} events checked" + (f", {len(held)} anchors hold" if held else ""))


def _anchor(text: str) -> Anchor:
    found = re.fullmatch(r"(\d{1,15}):([0-9a-f]{64})", text)
    if found is None:
        click.echo("--anchor: a count and a head, such as 120:3f5a…", err=True)
        sys.exit(2)
    return Anchor(int(found[1]), found[2])


def _tell(fault: str) -> NoReturn:
    click.echo(fault)
    sys.exit(1)


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(audit)
