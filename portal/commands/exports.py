"""``flask --app wsgi exports create``: a report as a file, in plain, for whoever runs the command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from flask import Flask
from flask.cli import AppGroup

from portal.assembly import House
from portal.commands import ground
from portal.commands.bare import refuse
from portal.commands.serve import crew
from portal.domain.access import system
from portal.services import export_making, export_streams
from portal.services import exports as reports
from portal.services.errors import BadInput
from portal.services.export_crew import NOBODY
from portal.services.export_orders import FORMATS, LONGEST_PURPOSE, Order, checked
from portal.services.exports import ExportView

exports = AppGroup("exports", help="Reports.")

_BY = system("exports create")
_WORDS = {
    "bad_date": "a day such as 2026-11-23",
    "before_since": "not before --since",
    "missing": "an identified report needs a purpose",
    "too_long": f"at most {LONGEST_PURPOSE} characters",
    "bad_characters": "characters that cannot be kept",
}


@exports.command("create")
@click.option("--format", "form", required=True, type=click.Choice(FORMATS["intakes"]))
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", default="", metavar="DAY", help="First day sent, such as 2026-01-31.")
@click.option("--until", default="", metavar="DAY", help="Last day sent, inclusive.")
@click.option("--identified", is_flag=True, help="With names and dates; needs --purpose.")
@click.option("--purpose", default="", help="Why it is needed; kept with the report.")
def create(*, form: str, output: Path, since: str, until: str, identified: bool, purpose: str) -> None:
    """Write a report of all sent intakes, one row each; de-identified unless asked for otherwise."""
    order = _order(form=form, since=since, until=until, identified=identified, purpose=purpose)
    house = ground.house()
    refused: OSError | None = None
    try:
        # Before anything is noted: where nothing can be written, nobody has handed anything out.
        with _whole(output) as file:
            with house.store.staff.write() as session:
                view = reports.create(session, house.tools, order=order, by=_BY, is_handed_over=True)
            file.writelines(_pieces(house, view))
    except OSError as error:
        refused = error
    ground.finish()
    if refused is not None:
        refuse(f"--output: {refused.strerror}")


def _order(*, form: str, since: str, until: str, identified: bool, purpose: str) -> Order:
    try:
        return checked(form=form, since=since, until=until, identified=identified, purpose=purpose)
    except BadInput as refused:
        refuse(*(f"--{name}: {_WORDS[reason]}" for name, reason in refused.faults.items()))


@contextmanager
def _whole(output: Path) -> Iterator[IO[bytes]]:
    """A file for this account alone that gets its name when it is whole; of a part nothing stays.

    A device or a pipe would be replaced by the file, for every program of the machine: it is refused.
    """
    if output.exists() and not output.is_file():
        refuse("--output: there is something that is no file; name a new one")
    half = output.with_name(f".{output.name}.half")
    half.unlink(missing_ok=True)
    opened = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            yield file
        half.replace(output)
    finally:
        half.unlink(missing_ok=True)


def _pieces(house: House, view: ExportView) -> Iterator[bytes]:
    settings = ground.settings()
    # One child would only do what this process can do itself.
    with crew(settings, house) if settings.export_processes > 1 else NOBODY as hands:
        if view.format != "xlsx":
            yield from export_streams.stream(house.store, house.tools, view=view, by=_BY, crew=hands)
            return
        yield from export_making.at_once(house.store, house.tools, settings.exports, view, by=_BY, crew=hands)


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(exports)
