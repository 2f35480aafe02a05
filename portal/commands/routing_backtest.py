"""``flask --app wsgi routing backtest``: the stored cases under a ruleset. Only reads."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from portal.commands import ground
from portal.commands.routing import routing
from portal.content.rules import CURRENT, RULESETS
from portal.services import backtests


@routing.command("backtest")
@click.option("--ruleset", "named", type=click.Choice(tuple(RULESETS)), default=CURRENT, show_default=True)
@with_appcontext
def backtest_command(named: str) -> None:
    """Run a ruleset over every stored case; print what would change, a line a case. Nothing is changed."""
    house = ground.house()
    cases = changed = 0
    unread: list[str] = []
    with house.store.staff.read() as session:
        for outcome in backtests.run(session, house.tools, named=named, unread=unread):
            cases += 1
            if outcome.is_changed:
                changed += 1
                click.echo(
                    f"case {outcome.case_id}: {outcome.old} ({outcome.old_rule}) ->"
                    f" {outcome.new} ({outcome.new_rule}), because of {outcome.responsible}"
                )
    for case_id in unread:
        click.echo(f"case {case_id}: something of it cannot be opened (its key is missing, or it is damaged)")
    left_out = f", {len(unread)} left out" if unread else ""
    click.echo(f"{cases} cases, {changed} changed{left_out}, ruleset {named}")


def init_app(app: Flask) -> None:
    """Register the group with this command in it."""
    app.cli.add_command(routing)
