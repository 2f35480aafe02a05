"""``flask --app wsgi routing …``: couples in, recommendations out.

Here stands what ``recommend`` needs and nothing more, so that it starts at once; its sister commands are in
``routing_proof.py`` and ``routing_backtest.py`` and join the group when they are imported.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import click
from flask import Flask

from portal.commands.bare import refuse
from portal.commands.routing_many import printed, printed_by_many, workers
from portal.domain.couple_stream import is_lines, read_couples
from portal.domain.errors import CoupleFault

_FEW = 400
"""Lines that one process has done before others would have started."""


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
    out = sys.stdout
    try:
        with _opened(file) as stream, without_collector():
            out.writelines(_printed(stream, would_change=would_change))
    except CoupleFault as fault:
        place = f"{fault.path}: " if fault.path else ""
        refuse(f"line {fault.line}: {place}{fault.message}")
    finally:
        out.flush()


def _printed(stream: BinaryIO, *, would_change: bool) -> Iterator[str]:
    """One recommendation a line; many lines are shared out among the processors."""
    head = list(islice(stream, _FEW))
    whole = chain(head, stream)
    count = workers()
    if count > 1 and len(head) == _FEW and is_lines(head):
        return printed_by_many(whole, would_change=would_change, count=count)
    return printed(read_couples(whole), would_change=would_change)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        refuse(f"{file}: the file cannot be read: {error.strerror}")
    with stream:
        yield stream


@contextmanager
def without_collector() -> Iterator[None]:
    """Neither couples nor proofs leave circles behind, so looking for them is time for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def init_app(app: Flask) -> None:
    """Register the group."""
    app.cli.add_command(routing)
