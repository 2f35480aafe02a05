"""``flask --app wsgi routing verify | simulate | document``: the proof, the study, the page of the rules.

None touches a database or a key.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
from flask import Flask

from portal.commands.routing import routing, without_collector
from portal.content.rules import ruleset
from portal.domain.couple_file import parse_couple
from portal.domain.population import RATES
from portal.domain.proof import prove
from portal.domain.proof_diagrams import Diagrams
from portal.domain.proof_readings import Readings
from portal.domain.proof_space import WIDTHS
from portal.domain.routing import recommend
from portal.domain.routing_page import routing_page
from portal.domain.routing_picture import routing_picture
from portal.domain.sequence import fixed_sequence
from portal.domain.study import study

FINDING = 1
SEED = 2026


@routing.command("verify")
def verify_command() -> None:
    """Prove the rules over the whole decision space; exit status 1 with the first counterexample in full."""
    began = time.perf_counter()
    with without_collector():
        proof = prove(ruleset())
    seconds = time.perf_counter() - began
    click.echo(f"states {proof.states}")
    click.echo(f"frames {proof.frames}, branchings {proof.branchings}")
    for route, count in proof.routes.items():
        click.echo(f"route {route} {count}")
    for rule, count in proof.rows.items():
        click.echo(f"rule {rule} {count}")
    click.echo(f"seconds {seconds:.2f}")
    if not proof.violations:
        click.echo("0 violations")
        return
    for violation in proof.violations:
        click.echo(f"violation {violation.check}: {violation.text}")
    for couple in proof.violations[0].couples:
        click.echo(json.dumps(couple))
        click.echo(json.dumps(recommend(parse_couple(couple), ruleset(), would_change=False).as_dict()))
    raise SystemExit(FINDING)


@routing.command("simulate")
@click.option("--practices", type=click.IntRange(20, 1000), default=100, show_default=True)
@click.option("--couples", type=click.IntRange(10, 10_000), default=100, show_default=True)
@click.option("--per-week", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--seed", type=int, default=SEED, show_default=True, help="The same seed, the same figures.")
def simulate_command(practices: int, couples: int, per_week: int, seed: int) -> None:
    """Route a made-up population: what a practice may expect of routes and of work, with intervals."""
    draw = fixed_sequence(seed)
    made = study(ruleset(), draw, practices=practices, couples=couples, per_week=per_week)
    click.echo(f"{practices} practices of {couples} couples, {per_week} couples a week, seed {seed}")
    for title, figures in (("route", made.routes), ("rule", made.rows), ("work", made.work)):
        for key, figure in figures.items():
            click.echo(f"{title} {key} {figure.mean:.3f} ({figure.low:.3f} - {figure.high:.3f})")
    for rate in RATES:
        click.echo(f"rate {rate.key} {rate.low:g} - {rate.high:g}: {rate.says}; {rate.source}")


@routing.command("document")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def document_command(folder: Path) -> None:
    """Write routing.md and pictures/routing.svg of the current rules into FOLDER."""
    for name, text in documents().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(name)


def documents() -> dict[str, str]:
    """The page and the picture by their names below the folder of documents."""
    rules = ruleset()
    made = study(rules, fixed_sequence(SEED), practices=100, couples=100, per_week=10)
    meanings = Readings(rules, Diagrams(WIDTHS)).meanings
    return {
        "routing.md": routing_page(rules, meanings, prove(rules), made),
        "pictures/routing.svg": routing_picture(rules),
    }


def init_app(app: Flask) -> None:
    """Register the group with these commands in it."""
    app.cli.add_command(routing)
