"""Guessing is slowed down, never visibly and never for somebody else (security.md §0 "Throttle", P11).

A failure counts against (account, source), or against (account, device) where that browser signed in to
this account before: whoever guesses at home spends their own budget, not the owner's. Beside that, a
source as a whole has 300 failures an hour.

Before a budget is spent, each failure after the tenth makes the same guesser wait longer for the next try
that counts. Nothing sleeps and nothing says so: a try that comes too early is answered as a wrong one.

What is counted stands in the store under a keyed digest: it holds no address, no account and no device.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, cast

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
#: After the shared store could not be reached nobody waits for it again for so many seconds.
SPELL: Final = 10.0
#: Seconds that one question to the shared store may take.
_PATIENCE: Final = 0.5
#: So many failures cost no waiting: whoever mistypes is not slowed down.
FREE: Final = 10
LONGEST: Final = 60

_log = logging.getLogger(__name__)


#: A keyed digest of a text, or the text itself.
Disguise = Callable[[str], str]
#: How much, and for whom; the guesser's own budget first.
Budgets = list[tuple[RateLimitItemPerHour, str]]


def _as_it_is(text: str) -> str:
    return text


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
    """Budgets in a shared store (Redis) and in this process's memory, which goes on when the store is gone.

    ``disguise`` turns what a budget belongs to into a keyed digest.
    """

    def __init__(self, shared: Storage | None = None, *, disguise: Disguise = _as_it_is) -> None:
        self._memory = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None if shared is None else MovingWindowRateLimiter(shared)
        self._disguise = disguise
        self._away_until = 0.0

    def is_open(self, purpose: Purpose, knock: Knock) -> bool:
        """Whether another try may succeed. Never tell anybody."""
        budgets = self._budgets(purpose, knock)
        limiter, is_guessed = self._limiter(), purpose in _GUESSED
        try:
            return _is_open(limiter, budgets, is_guessed=is_guessed)
        except StorageError:
            self._note_absence()
        return _is_open(self._memory, budgets, is_guessed=is_guessed)

    def note(self, purpose: Purpose, knock: Knock) -> None:
        """Count one failure (or try), in memory too: so that nothing is forgiven when the store goes away."""
        budgets = self._budgets(purpose, knock)
        _count(self._memory, budgets, is_guessed=purpose in _GUESSED)
        limiter = self._limiter()
        if limiter is self._memory:
            return
        try:
            _count(limiter, budgets, is_guessed=purpose in _GUESSED)
        except StorageError:
            self._note_absence()

    def _limiter(self) -> MovingWindowRateLimiter:
        if self._shared is None or time.monotonic() < self._away_until:
            return self._memory
        return self._shared

    def _note_absence(self) -> None:
        self._away_until = time.monotonic() + SPELL
        _log.warning("the shared throttle store is out of reach; counting in this process")

    def _budgets(self, purpose: Purpose, knock: Knock) -> Budgets:
        own = RateLimitItemPerHour(BUDGETS[purpose])
        if knock.known_device is not None:
            return [(own, self._key(purpose, knock.account, "device", knock.known_device))]
        return [
            (own, self._key(purpose, knock.account, "source", knock.source)),
            (RateLimitItemPerHour(SOURCE_BUDGET), self._key(purpose, "everybody", "source", knock.source)),
        ]

    def _key(self, *parts: str) -> str:
        return self._disguise(json.dumps(parts))


class Unlimited(Throttle):
    """Counts nothing (PORTAL_THROTTLE=off: tests only)."""

    def is_open(self, purpose: Purpose, knock: Knock) -> bool:
        """Always."""
        return True

    def note(self, purpose: Purpose, knock: Knock) -> None:
        """Nothing to count."""


def build(*, is_on: bool, redis_url: str | None, disguise: Disguise = _as_it_is) -> Throttle:
    """The throttle of one process."""
    if not is_on:
        return Unlimited()
    if redis_url is None:
        return Throttle(disguise=disguise)
    patience = {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE}
    try:
        shared = storage_from_string(redis_url, wrap_exceptions=True, **patience)
    except ConfigurationError:
        _log.warning("REDIS_URL cannot be used; counting in this process")
        return Throttle(disguise=disguise)
    return Throttle(cast(Storage, shared), disguise=disguise)


def _is_open(limiter: MovingWindowRateLimiter, budgets: Budgets, *, is_guessed: bool) -> bool:
    has_room = all(limiter.test(item, key) for item, key in budgets)
    return has_room and not (is_guessed and _is_paused(limiter, *budgets[0]))


def _count(limiter: MovingWindowRateLimiter, budgets: Budgets, *, is_guessed: bool) -> None:
    for item, key in budgets:
        limiter.hit(item, key)
    if is_guessed:
        _begin_pause(limiter, *budgets[0])


def _failures(limiter: MovingWindowRateLimiter, item: RateLimitItemPerHour, key: str) -> int:
    return item.amount - limiter.get_window_stats(item, key).remaining


def _pause_key(item: RateLimitItemPerHour, key: str, failures: int) -> str:
    """One a failure, so that a newer one is never cut short by the end of an older."""
    return item.key_for("pause", key, str(failures))


def _begin_pause(limiter: MovingWindowRateLimiter, item: RateLimitItemPerHour, key: str) -> None:
    failures = _failures(limiter, item, key)
    if seconds := pause(failures):
        limiter.storage.incr(_pause_key(item, key, failures), expiry=seconds)


def _is_paused(limiter: MovingWindowRateLimiter, item: RateLimitItemPerHour, key: str) -> bool:
    failures = _failures(limiter, item, key)
    return pause(failures) > 0 and limiter.storage.get(_pause_key(item, key, failures)) > 0
