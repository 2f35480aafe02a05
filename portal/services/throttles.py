"""Guessing is slowed down, never visibly and never for somebody else (security.md §0 "Throttle", P11).

A failure counts against (account, source), or against (account, device) where that browser signed in to
this account before: whoever guesses at home spends their own budget, not the owner's. Beside that, a
source as a whole has 300 failures an hour. In IPv6 a source is a whole network of 64 bits, as one home has
it: any machine in it may call itself by another address each time.

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
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal

from portal.services.throttle_counts import Away, Budget, Counts, Here

Purpose = Literal["sign_in", "code", "reset", "forgot", "join"]

#: Failures (for ``forgot`` and ``join``: tries) an hour for one account from one source or device.
BUDGETS: Final[dict[Purpose, int]] = {"sign_in": 30, "code": 30, "reset": 10, "forgot": 10, "join": 30}
SOURCE_BUDGET: Final = 300
#: Failures an hour at the codes of one member of staff, from wherever: whoever tries them has the password or
#: the inbox already, and six digits do not last against many addresses (SP 800-63B-4: 100 at most).
CODES_ANYWHERE: Final = 100
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
#: How much, and for whom; the guesser's own budget first, the widest last.
Budgets = list[Budget]


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True)
class Knock:
    """Who knocks: a digest of the account asked for, the address, and the device if the account knows it."""

    account: str
    source: str
    known_device: str | None = None


def neighbourhood(address: str) -> str:
    """What counts as one source: an IPv4 address, however it is written, or an IPv6 address's network."""
    try:
        known = ip_address(address)
    except ValueError:  # a socket's
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))


def pause(failures: int) -> int:
    """Seconds until the next try counts, after so many failures: 1, 2, 4 and so on, at most a minute."""
    return 0 if failures < FREE else min(2 ** (failures - FREE), LONGEST)


class Throttle:
    """Budgets in a shared store (Redis) and in this process's memory, which goes on when the store is gone.

    ``disguise`` turns what a budget belongs to into a keyed digest.
    """

    def __init__(self, shared: Counts | None = None, *, disguise: Disguise = _as_it_is) -> None:
        self._memory: Counts = Here()
        self._shared = shared
        self._disguise = disguise
        self._away_until = 0.0

    def is_open(self, purpose: Purpose, knock: Knock) -> bool:
        """Whether another try may succeed. Never tell anybody."""
        budgets = self._budgets(purpose, knock)
        counts, is_guessed = self._counts(), purpose in _GUESSED
        try:
            return _is_open(counts, budgets, is_guessed=is_guessed)
        except Away:
            self._note_absence()
        return _is_open(self._memory, budgets, is_guessed=is_guessed)

    def note(self, purpose: Purpose, knock: Knock) -> None:
        """Count one failure (or try), in memory too: so that nothing is forgiven when the store goes away."""
        budgets = self._budgets(purpose, knock)
        _count(self._memory, budgets, is_guessed=purpose in _GUESSED)
        counts = self._counts()
        if counts is self._memory:
            return
        try:
            _count(counts, budgets, is_guessed=purpose in _GUESSED)
        except Away:
            self._note_absence()

    def _counts(self) -> Counts:
        if self._shared is None or time.monotonic() < self._away_until:
            return self._memory
        return self._shared

    def _note_absence(self) -> None:
        self._away_until = time.monotonic() + SPELL
        _log.warning("the shared throttle store is out of reach; counting in this process")

    def _budgets(self, purpose: Purpose, knock: Knock) -> Budgets:
        most, source = BUDGETS[purpose], neighbourhood(knock.source)
        if knock.known_device is not None:
            return [Budget(most, self._key(purpose, knock.account, "device", knock.known_device))]
        codes = [Budget(CODES_ANYWHERE, self._key(purpose, knock.account, "anywhere"))]
        return [
            Budget(most, self._key(purpose, knock.account, "source", source)),
            *(codes if purpose == "code" else ()),
            Budget(SOURCE_BUDGET, self._key(purpose, "everybody", "source", source)),
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
    from portal.services import throttle_shared  # noqa: PLC0415 - late: large, and for a shared store alone

    shared = throttle_shared.at(redis_url, patience=_PATIENCE)
    if shared is None:
        _log.warning("REDIS_URL cannot be used; counting in this process")
    return Throttle(shared, disguise=disguise)


def _is_open(counts: Counts, budgets: Budgets, *, is_guessed: bool) -> bool:
    has_room = all(counts.failures(budget) < budget.most for budget in budgets)
    return has_room and not (is_guessed and _is_paused(counts, budgets[0]))


def _count(counts: Counts, budgets: Budgets, *, is_guessed: bool) -> None:
    if counts.failures(budgets[-1]) >= budgets[-1].most:
        return  # let in nowhere: to count each name that is guessed on would only fill the memory
    for budget in budgets:
        counts.add(budget)
    if not is_guessed:
        return
    failures = counts.failures(budgets[0])
    if seconds := pause(failures):
        counts.begin_pause(budgets[0], failures, seconds)


def _is_paused(counts: Counts, budget: Budget) -> bool:
    failures = counts.failures(budget)
    return pause(failures) > 0 and counts.is_paused(budget, failures)
