"""``flask --app wsgi routing …``: couples in, recommendations out; the proof, the study, the page.

None but ``backtest`` touches a database or a key, and that one only reads.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal.assembly import House
from portal.content.rules import CURRENT, RULESETS, ruleset
from portal.domain.couple_file import parse_couple
from portal.domain.couple_stream import read_couples
from portal.domain.errors import CoupleFault
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
from portal.services import backtests

FINDING = 1
BAD_INPUT = 2
SEED = 2026


@click.group("routing")
def routing() -> None:
    """The routing engine."""


@routing.command("recommend")
@click.argument("file")
@click.option("--would-change", is_flag=True, help="Also list the single answers that would move the route.")
def recommend_command(file: str, would_change: bool) -> None:
    """Read couples from FILE ("-" is standard input) and print one recommendation a line.

    FILE holds a JSON object, an array of them, or JSON Lines. A bad couple ends with exit status 2 and its
    line on standard error; the recommendations before it stay printed.
    """
    rules = ruleset()
    out = sys.stdout
    try:
        with _opened(file) as stream, _without_collector():
            for line in read_couples(stream):
                made = recommend(line.couple, rules, would_change=would_change or line.alone)
                out.write(json.dumps(made.as_dict()) + "\n")
    except CoupleFault as fault:
        place = f"{fault.path}: " if fault.path else ""
        _refuse(f"line {fault.line}: {place}{fault.message}")
    finally:
        out.flush()


@routing.command("verify")
def verify_command() -> None:
    """Prove the rules over the whole decision space; exit status 1 with the first counterexample in full."""
    began = time.perf_counter()
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


@routing.command("backtest")
@click.option("--ruleset", "named", type=click.Choice(tuple(RULESETS)), default=CURRENT, show_default=True)
@with_appcontext
def backtest_command(named: str) -> None:
    """Run a ruleset over every stored case; print what would change, a line a case. Nothing is changed."""
    house: House = current_app.extensions["portal.house"]
    cases = changed = 0
    with house.store.staff.read() as session:
        for outcome in backtests.run(session, house.tools, named=named):
            cases += 1
            if outcome.is_changed:
                changed += 1
                click.echo(
                    f"case {outcome.case_id}: {outcome.old} ({outcome.old_rule}) ->"
                    f" {outcome.new} ({outcome.new_rule}), because of {outcome.responsible}"
                )
    click.echo(f"{cases} cases, {changed} changed, ruleset {named}")


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


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        _refuse(f"the file cannot be read: {error.strerror}")
    with stream:
        yield stream


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nothing a couple leaves behind points in a circle, so looking for circles is time for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(BAD_INPUT)


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(routing)
