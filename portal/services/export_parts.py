"""One batch of a report, opened and written out: the part that the others are joined to, in order.

Whoever makes a part, this process or a child of it (``export_crew``), makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from portal.services import export_lines
from portal.services.export_columns import Column
from portal.services.export_rows import Reader, Start, told_to_nobody
from portal.store import Door


class Task(NamedTuple):
    """What is read, which columns of it, and in which of ``export_lines.FORMS`` they are written. The
    reader's ``key`` is
    the report's id."""

    reader: Reader
    columns: Sequence[Column]
    form: str


@dataclass(frozen=True)
class Part:
    """What one batch came to. ``seen``: intakes looked at, ``rows``: those in the report, ``unreadable``:
    those of them that could not be opened; ``body``: the rows, UTF-8; ``following``: the next one's start."""

    seen: int
    rows: int
    unreadable: int
    body: bytes = field(repr=False)
    following: Start | None


def made(door: Door, task: Task, start: Start, tell: Callable[[Start | None], None] = told_to_nobody) -> Part:
    """The part that begins at ``start``. ``tell``: called with the next one's start once rows are read and
    before they are opened, so that somebody else may begin there."""
    sources, following = task.reader.batch(door, *start, tell)
    chosen = [source for source in sources if source is not None]
    body = export_lines.written(task.form, task.columns, chosen)
    bad = sum(not source.is_readable for source in chosen)
    return Part(len(sources), len(chosen), bad, body, following)


def alone(door: Door, task: Task, start: Start | None, most: int | None = None) -> Iterator[Part]:
    """Parts from ``start`` to the end, or ``most`` of them, made by this process."""
    while start is not None and most != 0:
        part = made(door, task, start)
        yield part
        start, most = part.following, None if most is None else most - 1
