"""Commands ``retention run``, ``hold`` and ``erase``: what is deleted, and what must not be."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import AppGroup

from portal.assembly import House
from portal.commands import ground
from portal.commands.bare import refuse
from portal.domain.access import system
from portal.services import cases, erasures
from portal.services import retention as policy
from portal.services.errors import BadInput, NotFound, OutOfOrder

retention = AppGroup("retention", help="Deleting what is over its time.")

_BY = system("retention")


@retention.command("run")
def run() -> None:
    """Delete drafts, dead links, mail bodies and closed cases that are over their time; clean the disk."""
    house, settings = ground.house(), ground.settings()
    ground.finish()
    done = policy.run(house.store, house.tools, by=_BY, outbox=settings.outbox)
    ground.finish()
    click.echo(
        f"{done.drafts} drafts, {done.links} links, {done.mails} mails, {done.sessions} cards, "
        f"{done.cases} cases, {done.late} late texts deleted"
    )
    _clean(house)


@retention.command("hold")
@click.argument("case_id", metavar="CASE")
@click.option("--lift", is_flag=True, help="End the hold.")
def hold(case_id: str, *, lift: bool) -> None:
    """Put a case under legal hold: nothing of it is deleted until the hold is lifted."""
    house = ground.house()
    try:
        with house.store.staff.write() as session:
            policy.hold(session, house.tools, case_id=case_id, is_held=not lift, by=_BY)
    except NotFound:
        refuse("there is no such case")
    ground.finish()
    click.echo("The hold is lifted." if lift else "The case is under legal hold.")


@retention.command("erase")
@click.argument("case_id", metavar="CASE")
@click.option("--slot", type=click.Choice(["a", "b"]), help="One person of it; without it the whole case.")
@click.option("--yes", is_flag=True, required=True, help="There is no way back.")
def erase(case_id: str, *, slot: str | None, yes: bool) -> None:
    """Erase a case, or one person of it, for good; noted by id in PORTAL_ANCHOR for restored backups."""
    house = ground.house()
    try:
        with house.store.staff.write() as session:
            if slot is None:
                erasures.erase_case(session, house.tools, case_id=case_id, by=_BY)
            else:
                partner_id = cases.partner_in(session, case_id, slot)
                erasures.erase_person(session, house.tools, partner_id=partner_id, by=_BY)
    except (NotFound, BadInput):
        refuse("there is no such case or person")
    except OutOfOrder:
        refuse("the case is under legal hold")
    ground.finish()
    click.echo("Erased. Backups made before still hold it: delete them when their time is over.")
    _clean(house)


def _clean(house: House) -> None:
    if not house.store.clean():
        click.echo(
            "Somebody was reading: the write-ahead log could not be emptied. Run this again.", err=True
        )
        sys.exit(1)


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(retention)
