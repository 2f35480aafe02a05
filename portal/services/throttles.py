"""Guessing is slowed down, never visibly and never for somebody else (security.md §0 "Throttle", P11).

A failure counts against (account, source), or against (account, device) where that browser signed in to
this account before: whoever guesses at home spends their own budget, not the owner's. Beside that, a
source as a whole has 300 failures an hour.

Before a budget is spent, each failure after the tenth makes the same guesser wait longer for the next try
that counts. Nothing sleeps and nothing says so: a try that comes too early is answered as a wrong one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from limits import RateLimitItemPerHour
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

Purpose = Literal["sign_in", "code", "reset", "forgot", "join"]

#: Failures (for ``forgot`` and ``join``: tries) an hour for one account from one source or device.
BUDGETS: Final[dict[Purpose, int]] = {"sign_in": 30, "code": 30, "reset": 10, "forgot": 10, "join": 30}
SOURCE_BUDGET: Final = 300
#: What is guessed, try after try; the rest is asked for, or comes with a link.
_GUESSED: Final = frozenset({"sign_in", "code"})
#: So many failures cost no waiting: whoever mistypes is not slowed down.
FREE: Final = 10
LONGEST: Final = 60

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Knock:
    """Who knocks: a digest of the account asked for, the address, and the device if the account knows it."""

    account: str
    source: str
    known_device: str | None = None


def pause(failures: int) -> int:
    """Seconds until the next try counts, after so many failures: 1, 2, 4 and so on, at most a minute."""
    return 0 if failures < FREE else min(2 ** (failures - FREE), LONGEST)


class Throttle:
    """Budgets in a shared store (Redis) or this process's memory; memory also when the store is gone."""

    def __init__(self, shared: Storage | None = None) -> None:
        self._memory = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None if shared is None else MovingWindowRateLimiter(shared)

    def is_open(self, purpose: Purpose, knock: Knock) -> bool:
        """Whether another try may succeed. Never tell anybody."""
        budgets = _budgets(purpose, knock)
        return all(
            self._ask(lambda limiter, item=item, key=key: limiter.test(item, *key))  # type: ignore[misc]
            for item, key in budgets
        ) and not (purpose in _GUESSED and self._ask(lambda limiter: _is_paused(limiter, *budgets[0])))

    def note(self, purpose: Purpose, knock: Knock) -> None:
        """Count one failure (or try)."""
        for item, key in _budgets(purpose, knock):
            self._ask(lambda limiter, item=item, key=key: limiter.hit(item, *key))  # type: ignore[misc]
        if purpose in _GUESSED:
            self._ask(lambda limiter: _begin_pause(limiter, *_budgets(purpose, knock)[0]))

    def _ask(self, question: Callable[[MovingWindowRateLimiter], bool]) -> bool:
        if self._shared is not None:
            try:
                return question(self._shared)
            except StorageError:
                _log.warning("the shared throttle store is out of reach; counting in this process")
        return question(self._memory)


class Unlimited(Throttle):
    """Counts nothing (PORTAL_THROTTLE=off: tests only)."""

    def is_open(self, purpose: Purpose, knock: Knock) -> bool:
        """Always."""
        return True

    def note(self, purpose: Purpose, knock: Knock) -> None:
        """Nothing to count."""


def build(*, is_on: bool, redis_url: str | None) -> Throttle:
    """The throttle of one process."""
    if not is_on:
        return Unlimited()
    if redis_url is None:
        return Throttle()
    try:
        return Throttle(storage_from_string(redis_url, wrap_exceptions=True))  # type: ignore[arg-type]
    except ConfigurationError:
        _log.warning("REDIS_URL cannot be used (is the redis package installed?); counting in this process")
        return Throttle()


def _failures(limiter: MovingWindowRateLimiter, item: RateLimitItemPerHour, key: tuple[str, ...]) -> int:
    return item.amount - limiter.get_window_stats(item, *key).remaining


def _pause_key(item: RateLimitItemPerHour, key: tuple[str, ...], failures: int) -> str:
    """One a failure, so that a newer one is never cut short by the end of an older."""
    return item.key_for("pause", *key, str(failures))


def _begin_pause(limiter: MovingWindowRateLimiter, item: RateLimitItemPerHour, key: tuple[str, ...]) -> bool:
    failures = _failures(limiter, item, key)
    if seconds := pause(failures):
        limiter.storage.incr(_pause_key(item, key, failures), expiry=seconds)
    return True


def _is_paused(limiter: MovingWindowRateLimiter, item: RateLimitItemPerHour, key: tuple[str, ...]) -> bool:
    failures = _failures(limiter, item, key)
    return pause(failures) > 0 and limiter.storage.get(_pause_key(item, key, failures)) > 0


def _budgets(purpose: Purpose, knock: Knock) -> list[tuple[RateLimitItemPerHour, tuple[str, ...]]]:
    own = RateLimitItemPerHour(BUDGETS[purpose])
    if knock.known_device is not None:
        return [(own, (purpose, knock.account, "device", knock.known_device))]
    return [
        (own, (purpose, knock.account, "source", knock.source)),
        (RateLimitItemPerHour(SOURCE_BUDGET), (purpose, "everybody", knock.source)),
    ]
