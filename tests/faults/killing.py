"""Taking a process away in the middle of what it does, and looking what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select

from portal.models import Base
from portal.store import Store

Rows = dict[str, list[str]]


class Killed(BaseException):
    """The process is gone: nobody catches it."""


def everything(store: Store) -> Rows:
    """Every row of every table."""
    with store.staff.read() as session:
        return {
            name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for name, table in Base.metadata.tables.items()
        }


def changed(before: Rows, after: Rows) -> set[str]:
    """The tables that differ."""
    return {name for name in before if before[name] != after[name]}


@contextmanager
def killed_at(store: Store, number: int) -> Iterator[None]:
    """Die before statement ``number`` (from 1), the commit being the last one. Swallows the death."""
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise Killed

    engines = (store.staff.engine, store.partner.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count)
        event.listen(engine, "commit", count)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count)
            event.remove(engine, "commit", count)


def killed_everywhere(store: Store, act: Callable[[], object], check: Callable[[int], None]) -> int:
    """Do ``act`` again and again, killed one statement later each time, and ``check`` after each death.

    Returns how often it died before it went through.
    """
    for number in range(1, 500):
        try:
            with killed_at(store, number):
                act()
        except Killed:
            check(number)
        else:
            return number - 1
    raise AssertionError("it never went through")
