"""A child that makes parts of a large report (``services/export_crew.py``), never started by a person.

``exports create`` forks it; the worker, beside which threads run, starts ``python -m portal.commands.hands``.
No page, no migration, no partners' door.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import IO

from portal import config, logs
from portal.assembly import tools_for
from portal.services import export_hands
from portal.services.export_children import Work
from portal.services.tools import Tools
from portal.store import Door, Pool, engine_at, prepare

#: It gives way to pages, safety and mail.
_NICE = 10
#: Seconds after which the system ends one that hangs in a part: its parent, which waits for half as long, may
#: have been killed meanwhile.
_LONGEST = 120


def _bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
    """What is asked, each answer within its time; waiting for the next question may take any."""
    for line in lines:
        signal.alarm(_LONGEST)
        yield line
        signal.alarm(0)


def _begin() -> None:
    """How a child lives, however it came to be."""
    os.nice(_NICE)
    # Its parent says when it is over: a restart ends the pipe, and loses no report.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def copied(door: Door, tools: Tools) -> Work:
    """The work of a child that is forked from a command."""

    def work(asked: IO[bytes], told: IO[bytes]) -> None:
        _begin()
        os.dup2(2, 1)  # whatever else is printed goes where errors go
        _answer(door, tools, asked, told)

    return work


def _answer(door: Door, tools: Tools, asked: IO[bytes], told: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
        export_hands.work(door, tools, _bounded(asked), told)


def main() -> None:
    """Work for whoever started it, until its input ends."""
    _begin()
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # as above
    settings = config.load()
    logs.begin(settings.log)
    pool = Pool(**asdict(settings.connections))
    engine = prepare(engine_at(settings.database_url, pool), is_partner=False, pool=pool)
    tools = tools_for(settings)
    gc.freeze()  # as wsgi.py does
    try:
        _answer(Door(engine), tools, sys.stdin.buffer, told)
    finally:
        engine.dispose()
        os._exit(0)  # what is left in a broken pipe is nobody's


if __name__ == "__main__":
    main()
