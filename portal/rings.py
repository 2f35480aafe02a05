"""Rings of symmetric keys, as the key file holds them, and how a key is named in what was made with it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: Bytes of a key's id.
KEY_ID: Final = 8

RingName = Literal["partner", "staff"]


@dataclass(frozen=True, repr=False)
class Ring:
    """Symmetric keys by id (16 hex digits), one of them current; ``index`` keys blind indexes and MACs."""

    current: str
    keys: dict[str, bytes]
    index: bytes

    @cached_property
    def ciphers(self) -> dict[bytes, AESGCM]:
        """A cipher for each key, by the id that blobs carry; they go with the ring as keys are exchanged."""
        return {bytes.fromhex(key_id): AESGCM(key) for key_id, key in self.keys.items()}

    @cached_property
    def keyed(self) -> hmac.HMAC:
        """An HMAC under ``index`` that nothing was put into yet; to be copied."""
        return hmac.new(self.index, digestmod="sha256")

    @classmethod
    def new(cls) -> Ring:
        """A ring with one fresh key."""
        key_id = secrets.token_hex(KEY_ID)
        return cls(current=key_id, keys={key_id: secrets.token_bytes(32)}, index=secrets.token_bytes(32))

    def to_json(self) -> dict[str, object]:
        """Plain JSON form for the key file."""
        keys = {key_id: b64encode(key).decode() for key_id, key in self.keys.items()}
        return {"current": self.current, "keys": keys, "index": b64encode(self.index).decode()}

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Ring:
        """The inverse of ``to_json``; raises KeyError or TypeError on a damaged file."""
        keys = data["keys"]
        if not isinstance(keys, dict):
            raise TypeError("keys must be an object")
        return cls(
            current=str(data["current"]),
            keys={str(key_id): b64decode(key) for key_id, key in keys.items()},
            index=b64decode(str(data["index"])),
        )


def public_id(public: X25519PublicKey) -> bytes:
    """The eight bytes that name a practice key in every blob sealed to it."""
    return hashlib.sha256(public.public_bytes_raw()).digest()[:KEY_ID]
