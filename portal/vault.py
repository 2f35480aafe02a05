"""The vault: keys, sealing and boxes. Nothing else in the house touches a cipher.

Three ways to keep a text, by who must be able to read it again:

* ``seal`` / ``open``: HPKE (X25519, HKDF-SHA256, AES-256-GCM) to the practice's public key. Anyone may
  seal; only a process that holds the private key (staff, worker) can open.
* ``box`` / ``unbox`` with the ``partner`` ring: AES-256-GCM, for what a partner may see again
  (readable drafts, released letters).
* ``box`` / ``unbox`` with the ``staff`` ring: what only staff and the worker may see (findings,
  recommendations, notes). A partner-role process does not hold this ring.

Every blob starts with a format byte and an eight-byte key id and is bound to its ``Place`` (table,
column, row): moved anywhere else it does not open. Plain texts are padded to buckets of 256 bytes,
because "no" and "yes" differ in length.

Keys may be exchanged while the process runs (``keys rotate``): the vault asks its source before every
use, or once for a short block (``looked_once``), and a transaction that wrote under a key destroyed
meanwhile is refused (decision 0021).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.key_looks import Once, Thread
from portal.opened import Opened
from portal.rings import KEY_ID, Ring, RingName, public_id

BUCKET: Final = 256
_SEALED: Final = b"\x01"
_BOXED: Final = b"\x02"
_NONCE: Final = 12
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class VaultError(Exception):
    """A blob could not be opened: wrong place, wrong key, or altered bytes."""


class KeyMissing(VaultError):
    """This process does not hold the key that the blob needs."""


class KeyRetired(VaultError):
    """Something was written under a key that was destroyed before the transaction ended."""


class Place(NamedTuple):
    """Where a blob lives. Part of the ciphertext's associated data."""

    table: str
    column: str
    row: str

    def bound(self, key_id: bytes) -> bytes:
        """Bytes that tie a blob to this place and key."""
        return _bound(key_id, *self)


def _bound(key_id: bytes, table: str, column: str, row: str) -> bytes:
    return key_id + f"|{table}|{column}|{row}".encode()


def key_id_of(blob: bytes) -> bytes:
    """The id of the key a blob needs."""
    return blob[1 : 1 + KEY_ID]


@dataclass(frozen=True, repr=False)
class Keys:
    """What a process holds. ``private`` by public id; ``retiring``: public keys whose blobs still open.

    ``opened``: what a page opened with them lately; other keys begin with nothing.
    """

    public: X25519PublicKey
    private: Mapping[bytes, X25519PrivateKey]
    partner: Ring
    staff: Ring | None
    retiring: frozenset[bytes] = field(default_factory=frozenset)
    opened: Opened = field(default_factory=Opened, compare=False)

    def ring(self, name: RingName) -> Ring:
        """One ring. Raises KeyMissing where this process does not hold it."""
        ring = self.partner if name == "partner" else self.staff
        if ring is None:
            raise KeyMissing(f"no {name} ring in this process")
        return ring

    @cached_property
    def honoured(self) -> frozenset[bytes]:
        """Ids of every key that what is written now may stand under."""
        held = [key_id for ring in (self.partner, self.staff) if ring for key_id in ring.keys]
        return self.retiring | {public_id(self.public), *self.private, *map(bytes.fromhex, held)}


#: Answers with keys when they changed since it was asked last, else None.
KeySource = Callable[[], Keys | None]


def pad(text: str) -> bytes:
    """UTF-8 bytes with a four-byte length in front, filled up to a multiple of ``BUCKET``."""
    raw = text.encode()
    return (len(raw).to_bytes(4, "big") + raw).ljust(-(-(len(raw) + 4) // BUCKET) * BUCKET, b"\0")


def unpad(padded: bytes) -> str:
    """The text that ``pad`` was given."""
    size = int.from_bytes(padded[:4], "big")
    return padded[4 : 4 + size].decode()


class Vault:
    """The keys one process holds, and what can be done with them."""

    def __init__(
        self, *, public: X25519PublicKey, private: X25519PrivateKey | None, partner: Ring, staff: Ring | None
    ) -> None:
        held = {} if private is None else {public_id(public): private}
        self._keys = Keys(public, held, partner, staff)
        self._source: KeySource = _nothing_new
        self._thread = Thread()
        self._is_still = False

    @classmethod
    def over(cls, keys: Keys, source: KeySource) -> Vault:
        """A vault whose keys may be exchanged while it is in use."""
        vault = cls(public=keys.public, private=None, partner=keys.partner, staff=keys.staff)
        vault._keys, vault._source = keys, source
        return vault

    def __repr__(self) -> str:
        return "<Vault>"

    def standing_still(self) -> Vault:
        """The keys as they are now, to open what one short reading transaction finds: looked at once.

        Nothing can be written with it.
        """
        still = Vault.over(self._now(), _nothing_new)
        still._is_still = True
        return still

    def looked_once(self) -> Once:
        """Within a short block of this thread the keys are as they are at its beginning. What it writes is
        looked at once more before it is kept (``require_honoured``)."""
        return Once(self._look, self._thread)

    def seal(self, place: Place, text: str) -> bytes:
        """Seal ``text`` to the practice; only a holder of the private key opens it."""
        public = self._now().public
        key_id = self._noted(public_id(public))
        return _SEALED + key_id + _SUITE.encrypt(pad(text), public, info=place.bound(key_id))

    def open(self, place: Place, blob: bytes) -> str:
        """The sealed text. Raises KeyMissing without the private key, VaultError on any mismatch."""
        return self.opener(place.table, place.column)(place.row, blob)

    def opener(self, table: str, column: str) -> Callable[[str, bytes], str]:
        """``open`` for many rows of one column, with the keys as they are now: of a row and its blob."""
        private, decrypt = self._now().private, _SUITE.decrypt

        def opened(row: str, blob: bytes) -> str:
            if not private:
                raise KeyMissing("no private key in this process")
            key_id, body = _split(_SEALED, blob)
            key = private.get(key_id)
            if key is None:
                raise KeyMissing("sealed to another key")
            try:
                return unpad(decrypt(body, key, info=_bound(key_id, table, column, row)))
            except (InvalidTag, ValueError) as error:
                raise VaultError(f"{table}.{column}: cannot be opened") from error

        return opened

    def box(self, ring: RingName, place: Place, text: str) -> bytes:
        """Encrypt ``text`` under the ring's current key."""
        held = self._now().ring(ring)
        key_id = self._noted(bytes.fromhex(held.current))
        nonce = secrets.token_bytes(_NONCE)
        body = held.ciphers[key_id].encrypt(nonce, pad(text), place.bound(key_id))
        return _BOXED + key_id + nonce + body

    def unbox(self, ring: RingName, place: Place, blob: bytes) -> str:
        """The boxed text. Raises KeyMissing or VaultError."""
        return self.unboxer(ring, place.table, place.column)(place.row, blob)

    def unboxer(self, ring: RingName, table: str, column: str) -> Callable[[str, bytes], str]:
        """``unbox`` for many rows of one column, with the keys as they are now. Raises KeyMissing."""
        ciphers = self._now().ring(ring).ciphers

        def unboxed(row: str, blob: bytes) -> str:
            key_id, body = _split(_BOXED, blob)
            cipher = ciphers.get(key_id)
            if cipher is None:
                raise KeyMissing("boxed under a key this process does not hold")
            try:
                return unpad(cipher.decrypt(body[:_NONCE], body[_NONCE:], _bound(key_id, table, column, row)))
            except InvalidTag as error:
                raise VaultError(f"{table}.{column}: cannot be opened") from error

        return unboxed

    @property
    def opened(self) -> Opened:
        """What pages opened a short while ago with the keys as they are now."""
        return self._now().opened

    def digest(self, ring: RingName, purpose: str, value: str) -> str:
        """Keyed blind index (64 hex digits) of ``value``: equal values give equal digests."""
        return _under(self._now().ring(ring), f"{purpose}|{value}".encode())

    def digester(self, ring: RingName, purpose: str) -> Callable[[str], str]:
        """``digest`` of many values for one purpose: what all begin with is looked at once."""
        begun = self._now().ring(ring).keyed.copy()
        begun.update(f"{purpose}|".encode())

        def digested(value: str) -> str:
            one = begun.copy()
            one.update(value.encode())
            return one.hexdigest()

        return digested

    def mac(self, purpose: str, message: bytes) -> str:
        """MAC (64 hex digits) under the partner ring; its index stays when keys are exchanged (0021)."""
        return _under(self._keys.partner, purpose.encode() + b"|" + message)

    def current_id(self, ring: RingName | None) -> bytes:
        """Id of the key that is written under now: of a ring, or (None) of what is sealed."""
        keys = self._now()
        return public_id(keys.public) if ring is None else bytes.fromhex(keys.ring(ring).current)

    def file_key(self, key_id: str | None, salt: bytes) -> tuple[str, bytes]:
        """Id of a staff key (the current one unless named) and a key for one file, made from it."""
        held = self._now().ring("staff")
        key = held.keys.get(key_id or held.current)
        if key is None:
            raise KeyMissing("encrypted under a key this process does not hold")
        derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=b"portal file").derive(key)
        return key_id or held.current, derived

    def require_honoured(self) -> None:
        """Raise KeyRetired if this thread wrote under a key that is gone now; before every commit."""
        written, self._thread.written = self._thread.written, frozenset()
        if not written <= self._look().honoured:
            raise KeyRetired("the keys were exchanged; try again")

    def _now(self) -> Keys:
        return self._keys if self._thread.has_looked else self._look()

    def _look(self) -> Keys:
        fresh = self._source()
        if fresh is not None:
            self._keys = fresh
        return self._keys

    def _noted(self, key_id: bytes) -> bytes:
        if self._is_still:
            raise KeyRetired("these keys only open; they may have been exchanged")
        if self._source is not _nothing_new:
            self._thread.written |= {key_id}
        return key_id


def _under(ring: Ring, message: bytes) -> str:
    """HMAC-SHA256 (64 hex digits) under a ring's index; a copy of one that knows the key is made sooner."""
    one = ring.keyed.copy()
    one.update(message)
    return one.hexdigest()


def _split(kind: bytes, blob: bytes) -> tuple[bytes, bytes]:
    if blob[:1] != kind:
        raise VaultError("not a blob of this kind")
    return blob[1 : 1 + KEY_ID], blob[1 + KEY_ID :]


def _nothing_new() -> None:
    """Keys that live in memory only never change."""


def new_vault() -> Vault:
    """A vault with fresh keys that live in memory only (tests)."""
    private = X25519PrivateKey.generate()
    return Vault(public=private.public_key(), private=private, partner=Ring.new(), staff=Ring.new())
