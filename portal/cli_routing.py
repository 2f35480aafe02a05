"""``flask --app wsgi routing recommend``: couples in, recommendations out. No database, no key."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

import click
from flask import Flask

from portal.content.rules import ruleset
from portal.domain.couple_stream import read_couples
from portal.domain.errors import CoupleFault
from portal.domain.routing import recommend

BAD_INPUT = 2


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
        with _opened(file) as stream:
            for line in read_couples(stream):
                made = recommend(line.couple, rules, would_change=would_change or line.alone)
                out.write(json.dumps(made.as_dict()) + "\n")
    except CoupleFault as fault:
        place = f"{fault.path}: " if fault.path else ""
        _refuse(f"line {fault.line}: {place}{fault.message}")
    finally:
        out.flush()


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


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(BAD_INPUT)


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(routing)
