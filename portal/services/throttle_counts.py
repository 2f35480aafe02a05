"""What a throttle counts by: failures of the last hour for each budget, and pauses.

``Here`` counts in this process's memory. ``limits`` can do that too, and brings fifty modules and two
megabytes; it is loaded where there is a shared store (``throttle_shared``), which it counts in.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from typing import Final, NamedTuple, Protocol

#: Seconds that a failure counts.
HOUR: Final = 3600
#: Seconds between two looks for what counts no more.
_SWEEP: Final = 60.0
#: Budgets that a process remembers, some 40 MB. Beyond, the older half of those that few failures count on is
#: forgotten: whoever comes from so many places within the hour has a fresh one in each anyhow.
MOST: Final = 100_000
FEW: Final = 10


class Away(Exception):
    """The store could not be reached."""


class Budget(NamedTuple):
    """How many failures an hour, and for whom: a keyed digest."""

    most: int
    key: str


class Counts(Protocol):
    """Where failures are counted. Each may raise Away."""

    def failures(self, budget: Budget) -> int:
        """How many there were within the hour."""

    def add(self, budget: Budget) -> None:
        """One more. A budget that is spent counts none: whoever goes on is not kept out for longer."""

    def begin_pause(self, budget: Budget, number: int, seconds: int) -> None:
        """The pause after so many failures: until so many seconds from now."""

    def is_paused(self, budget: Budget, number: int) -> bool:
        """Whether that pause is not over yet."""


class Here:
    """In this process's memory, by a clock that nobody sets: a day put right must shut nobody out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[Budget, list[float]] = {}
        self._pauses: dict[tuple[Budget, int], float] = {}
        self._swept = time.monotonic()

    def failures(self, budget: Budget) -> int:
        """How many there were within the hour."""
        with self._lock:
            return len(self._recent(budget))

    def add(self, budget: Budget) -> None:
        """One more, unless it is spent."""
        with self._lock:
            self._sweep()
            times = self._recent(budget)
            if len(times) < budget.most:
                times.append(time.monotonic())
                self._times[budget] = times
            if len(self._times) > MOST:
                self._forget()

    def begin_pause(self, budget: Budget, number: int, seconds: int) -> None:
        """Until so many seconds from now."""
        with self._lock:
            self._pauses[budget, number] = time.monotonic() + seconds

    def is_paused(self, budget: Budget, number: int) -> bool:
        """Whether it is not over yet."""
        with self._lock:
            return self._pauses.get((budget, number), 0.0) > time.monotonic()

    def _recent(self, budget: Budget) -> list[float]:
        times, over = self._times.get(budget, []), time.monotonic() - HOUR
        del times[: bisect_right(times, over)]
        return times

    def _forget(self) -> None:
        light = [budget for budget, times in self._times.items() if len(times) < FEW]
        for budget in light[: len(light) // 2]:
            del self._times[budget]

    def _sweep(self) -> None:
        """Forget whatever counts no more: whoever guesses names would else fill the memory."""
        now = time.monotonic()
        if now - self._swept < _SWEEP:
            return
        self._swept = now
        for budget in list(self._times):
            if not self._recent(budget):
                del self._times[budget]
        self._pauses = {pause: until for pause, until in self._pauses.items() if until > now}
