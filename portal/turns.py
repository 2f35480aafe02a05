"""Writers of one process take turns, in the order they came.

SQLite lets one write at a time. Left to itself, whoever finds the lock taken looks again every tenth of a
second, and whoever happens to look first after it was given back has it: under load it lies idle in between,
and some wait for ten seconds while others overtake them. Other processes still meet at SQLite's own lock.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final
from weakref import WeakSet

from sqlalchemy.exc import OperationalError

#: Seconds that a writer waits for its turn, as long as SQLite is told to (``busy_timeout``).
PATIENCE: Final = 10.0


class WaitedTooLong(OperationalError):
    """The turn did not come within the time; told as SQLite tells that its lock is taken."""

    def __init__(self) -> None:
        locked = sqlite3.OperationalError("database is locked")
        super().__init__("BEGIN IMMEDIATE", None, locked, hide_parameters=True)


class Turns:
    """Whose turn it is to write; handed over by whoever is done, never fought for."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self.begin_afresh()
        _ALL.add(self)

    def begin_afresh(self) -> None:
        """In a forked process: those who waited or wrote did not come along."""
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._is_taken = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A turn of one's own. Raises WaitedTooLong."""
        self.take()
        try:
            yield
        finally:
            self.hand_over()

    def take(self) -> None:
        """Wait for one's turn, to be handed over by ``hand_over``. Raises WaitedTooLong."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            called = Lock()
            called.acquire()
            self._waiting.append(called)
        try:
            is_called = called.acquire(timeout=self._patience)
        except BaseException:  # a signal's: a turn handed to whoever left would be nobody's for ever
            if self._came_late(called):
                self.hand_over()
            raise
        if not is_called and not self._came_late(called):
            raise WaitedTooLong

    def _came_late(self, called: Lock) -> bool:
        """Nobody waits here any more; True when the turn came at the very end of the time."""
        with self._guard:
            if called not in self._waiting:
                return True
            self._waiting.remove(called)
            return False

    def hand_over(self) -> None:
        """Let the next one in."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


_ALL: WeakSet[Turns] = WeakSet()


def _begin_all_afresh() -> None:
    for turns in list(_ALL):
        turns.begin_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_afresh)
