"""JSON Lines on every core: pieces are dealt to worker processes in turn and printed in their order.

Memory stays constant: each worker holds one piece, and the next one is only read when that is done.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

from portal.content.rules import ruleset
from portal.domain.couple_stream import CoupleLine, read_piece
from portal.domain.errors import CoupleFault
from portal.domain.printing import printer
from portal.domain.routing import recommend

PIECE: Final = 100
_WORKERS: Final = 4
"""More would wait for the one process that reads and prints."""


class Done(NamedTuple):
    """What became of a piece: the lines to print, and the fault that ended it, if one did."""

    text: str
    fault: tuple[str, str, int] | None


def workers() -> int:
    """How many processes are worth starting; 1 where this process does better alone."""
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    return min(_WORKERS, len(os.sched_getaffinity(0))) if can_fork and hasattr(os, "sched_getaffinity") else 1


def printed(lines: Iterable[CoupleLine], *, would_change: bool) -> Iterator[str]:
    """The recommendation of each couple as a line of JSON."""
    rules = ruleset()
    text = printer(rules.texts)
    for line in lines:
        if would_change or line.alone:
            yield json.dumps(recommend(line.couple, rules, would_change=True).as_dict()) + "\n"
        else:
            yield text(recommend(line.couple, rules, would_change=False)) + "\n"


def printed_by_many(stream: Iterator[bytes], *, would_change: bool, count: int) -> Iterator[str]:
    """The same for JSON Lines, on ``count`` processes. Raises CoupleFault at the first bad line."""
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe() for _ in range(count)]
    processes = [
        context.Process(target=_work, args=(theirs, would_change), daemon=True) for _, theirs in pipes
    ]
    for process in processes:
        process.start()
    try:
        yield from _dealt(stream, [ours for ours, _ in pipes])
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _dealt(stream: Iterator[bytes], pipes: list[Connection]) -> Iterator[str]:
    pieces = enumerate(iter(lambda: list(islice(stream, PIECE)), []))
    busy: list[Connection] = []
    for number, piece in pieces:
        pipe = pipes[number % len(pipes)]
        if pipe in busy:
            busy.remove(pipe)
            yield from _taken(pipe)
        pipe.send((number * PIECE + 1, piece))
        busy.append(pipe)
    for pipe in busy:
        yield from _taken(pipe)


def _taken(pipe: Connection) -> Iterator[str]:
    done: Done = pipe.recv()
    yield done.text
    if done.fault is not None:
        raise CoupleFault(*done.fault)


def _work(pipe: Connection, would_change: bool) -> None:
    """One process: pieces in, lines out, until it is ended."""
    while True:
        first, piece = pipe.recv()
        pipe.send(_done(piece, first, would_change))


def _done(piece: list[bytes], first: int, would_change: bool) -> Done:
    texts: list[str] = []
    try:
        for text in printed(read_piece(piece, first), would_change=would_change):
            texts.append(text)
    except CoupleFault as fault:
        return Done("".join(texts), (fault.path, fault.message, fault.line))
    return Done("".join(texts), None)
