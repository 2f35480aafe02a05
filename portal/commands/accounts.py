"""Commands ``accounts create``, ``first-link`` and ``renew``: one-time set-up links for staff."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from portal.commands import ground
from portal.commands.bare import refuse
from portal.domain.access import system
from portal.services import renewals, set_ups, sign_ins
from portal.services.errors import BadInput, Refused

accounts = AppGroup("accounts", help="Staff accounts.")

_BY = system("accounts")
_WORDS = {
    "email": "--email: not an e-mail address",
    "full_name": "--name: a name in one line, at most 200 characters",
    "roles": "--role: admin or therapist, at least one",
    "nobody_to_renew": "--email: no account with this address that was set up and is not disabled",
    "email_taken": "--email: there is an account with this address",
}


@accounts.command("create")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(set_ups.ROLES))
@click.option("--email", required=True)
@click.option("--name", "full_name", required=True)
def create(roles: tuple[str, ...], email: str, full_name: str) -> None:
    """Make a staff account; prints its one-time set-up link, good for 24 hours."""
    house = ground.house()
    try:
        with house.store.staff.write() as session:
            made = set_ups.create(session, house.tools, email=email, full_name=full_name, roles=roles, by=_BY)
    except BadInput as refused:
        refuse(*(_WORDS[reason] for reason in refused.faults))
    except Refused as refused:
        refuse(_WORDS[refused.reason])
    ground.finish()
    click.echo(made.link)


@accounts.command("first-link")
def first_link() -> None:
    """Print a one-time link that makes the first admin; nothing once there is any staff account."""
    house = ground.house()
    with house.store.staff.write() as session:
        link = set_ups.first_link(session, house.tools, by=_BY)
    if link is not None:
        ground.finish()
        click.echo(link)


@accounts.command("renew")
@click.option("--email", required=True)
def renew(email: str) -> None:
    """Give a new authenticator to somebody who lost telephone and recovery codes; prints the spoken code.

    The link goes to their e-mail. For the only admin there is: others press "New authenticator".
    """
    house = ground.house()
    try:
        with house.store.staff.write() as session:
            staff_id = sign_ins.find_staff(session, house.tools, email=email, device_hash=None).id
            code = renewals.begin(session, house.tools, staff_id=staff_id, by=_BY)
    except Refused:
        refuse(_WORDS["nobody_to_renew"])
    ground.finish()
    click.echo(code)


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(accounts)
