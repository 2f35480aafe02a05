"""One batch of a report, opened and written out: the part that the others are joined to, in order.

Whoever makes a part, this process or a child of it (``export_crew``), makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from portal.services import export_columns, export_spool
from portal.services.export_columns import Cell, Column
from portal.services.export_rows import Reader, Start, told_to_nobody
from portal.store import Door

#: What the rows are written as: ``rows`` as a spool keeps them, ``csv`` or ``json`` as a file has them.
FORMS: Final = ("rows", "csv", "json")


class Task(NamedTuple):
    """What is read, which columns of it, and in which of ``FORMS`` they are written. The reader's ``key`` is
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
    rows = [export_columns.cells(task.columns, source) for source in chosen]
    bad = sum(not source.is_readable for source in chosen)
    return Part(len(sources), len(rows), bad, _written(task, rows), following)


def _written(task: Task, rows: Sequence[Sequence[Cell]]) -> bytes:
    if task.form == "rows":
        return export_spool.text_of(rows).encode()
    if task.form == "csv":
        return b"".join([export_columns.csv_row(row) for row in rows])
    keys = [column.key for column in task.columns]
    return b"".join([export_columns.json_row(keys, row) for row in rows])


def alone(door: Door, task: Task, start: Start | None, most: int | None = None) -> Iterator[Part]:
    """Parts from ``start`` to the end, or ``most`` of them, made by this process."""
    while start is not None and most != 0:
        part = made(door, task, start)
        yield part
        start, most = part.following, None if most is None else most - 1
