"""Counting in a store that several processes share (Redis), by ``limits``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from limits import RateLimitItemPerHour
from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from portal.services.throttle_counts import Away, Budget


class Shared:
    """As the store counts."""

    def __init__(self, store: Storage) -> None:
        self._limiter = MovingWindowRateLimiter(store)

    def failures(self, budget: Budget) -> int:
        """How many there were within the hour."""
        with _told():
            left = self._limiter.get_window_stats(_item(budget), budget.key).remaining
        return budget.most - left

    def add(self, budget: Budget) -> None:
        """One more, unless it is spent."""
        with _told():
            self._limiter.hit(_item(budget), budget.key)

    def begin_pause(self, budget: Budget, number: int, seconds: int) -> None:
        """Until so many seconds from now."""
        with _told():
            self._limiter.storage.incr(_pause_key(budget, number), expiry=seconds)

    def is_paused(self, budget: Budget, number: int) -> bool:
        """Whether it is not over yet."""
        with _told():
            return self._limiter.storage.get(_pause_key(budget, number)) > 0


def at(url: str, *, patience: float) -> Shared | None:
    """Counting in the store at an address, each question within ``patience`` seconds; None: it is no such."""
    waits = {"socket_timeout": patience, "socket_connect_timeout": patience}
    try:
        return Shared(cast(Storage, storage_from_string(url, wrap_exceptions=True, **waits)))
    except ConfigurationError:
        return None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise Away from error


def _item(budget: Budget) -> RateLimitItemPerHour:
    return RateLimitItemPerHour(budget.most)


def _pause_key(budget: Budget, number: int) -> str:
    """One a failure, so that a newer one is never cut short by the end of an older."""
    return _item(budget).key_for("pause", budget.key, str(number))
