"""What a verb needs besides its arguments: clock, randomness, keys, password hashing.

All of it is handed in, so that tests (and the non-interference worlds) can make every byte repeatable.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from portal.vault import Vault

#: At most this many Argon2 computations at once: each takes 19 MiB and a core (OWASP minimum parameters).
_HASH_SLOTS = threading.BoundedSemaphore(2)

#: Of 128 bits those that are drawn, and those that say which kind of UUID it is (RFC 9562, 5.4).
_VERSION_4: Final = 0x4000_8000_0000_0000_0000
_DRAWN: Final = (1 << 128) - 1 ^ 0xF000_C000_0000_0000_0000


def utc_now() -> datetime:
    """The wall clock, aware, UTC."""
    return datetime.now(UTC)


def token_hash(token: str) -> str:
    """SHA-256 hex of a drawn token: what a table keeps of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _dummy(hasher: PasswordHasher) -> str:
    """A hash as this hasher makes them, of nothing: to try a password against it costs the same as any other.

    Drawn and not computed: that would cost every start what it costs to try one.
    """
    salt, digest = (
        b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


class Passwords:
    """Argon2id with a dummy of the same cost for names nobody has."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._dummy = _dummy(hasher)

    def hash(self, password: str) -> str:
        """Argon2id hash of ``password`` (at most 1,024 characters)."""
        with _HASH_SLOTS:
            return self._hasher.hash(password)

    def is_match(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` fits; an unknown account (None) costs the same and never fits."""
        with _HASH_SLOTS:
            try:
                self._hasher.verify(stored or self._dummy, password)
            except (VerificationError, InvalidHashError):
                return False
            return stored is not None


@dataclass(frozen=True)
class Tools:
    """Clock, randomness, keys, passwords, and the portal's own address."""

    vault: Vault
    passwords: Passwords
    base_url: str
    clock: Callable[[], datetime] = utc_now
    draw: Callable[[int], bytes] = field(default=secrets.token_bytes)
    #: A mail to a partner waits a drawn time, shorter than this, in seconds (production; decision 0108).
    mail_spread: int = 0

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        return self.clock()

    def reading(self) -> Tools:
        """The same tools to open what one short transaction reads; they can seal and box nothing."""
        return replace(self, vault=self.vault.standing_still())

    def new_id(self) -> str:
        """A drawn UUID (version 4) as text."""
        drawn = int.from_bytes(self.draw(16), "big") & _DRAWN | _VERSION_4
        digits = f"{drawn:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def new_token(self) -> str:
        """256 random bits, URL-safe, 43 characters."""
        return urlsafe_b64encode(self.draw(32)).rstrip(b"=").decode()

    def pick(self, count: int) -> int:
        """A number from 0 to ``count`` - 1, uniform (128 bits of input make the bias negligible)."""
        return int.from_bytes(self.draw(16), "big") % count
