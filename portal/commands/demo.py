"""Command ``demo load``: the demonstration practice, in an empty database of its own."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from portal import worker
from portal.assembly import House
from portal.commands import ground
from portal.commands.bare import refuse
from portal.config import Settings
from portal.demo import load as loading
from portal.demo.load import State
from portal.services import mail_carriers
from portal.services.tools import Tools
from portal.workplace import Workplace

demo = AppGroup("demo", help="The demonstration practice.")


@demo.command("load")
def load() -> None:
    """Load the demonstration practice; prints role, name, password and TOTP secret of every account.

    On a database that holds it already the same lines are printed. One that was interrupted is built anew.
    """
    house, settings = ground.house(), ground.settings()
    if settings.is_production:
        refuse("The demonstration is for development only.")
    with house.store.staff.read() as session:
        state = loading.state(session)
    if state is State.REAL:
        refuse("This database holds real accounts. Load the demonstration into an instance of its own.")
    if state is not State.WHOLE:
        _build(house, settings, is_half=state is State.HALF)
    with house.store.staff.read() as session:
        for sign_in in loading.who_can_sign_in(session, house.tools):
            click.echo(sign_in.line())


def _build(house: House, settings: Settings, *, is_half: bool) -> None:
    if is_half:
        _say("An earlier load was interrupted; starting anew.")
        with house.store.staff.write() as session:
            loading.clear(session)

    def sweep(tools: Tools, carrier: mail_carriers.Carrier) -> None:
        place = Workplace(
            store=house.store,
            tools=tools,
            exports=settings.exports,
            carrier=carrier,
            sender=settings.mail_from,
        )
        worker.sweep(place)

    loading.build(house.store, house.tools, sweep, _say)
    _say("The demonstration practice is loaded.")


def _say(text: str) -> None:
    """Progress is for people: the standard output holds sign-ins only."""
    click.echo(text, err=True)


def init_app(app: Flask) -> None:
    """Register the command."""
    app.cli.add_command(demo)
