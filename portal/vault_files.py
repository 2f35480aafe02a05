"""Ciphers for whole files: a stream under a key of its own, and a text under a passphrase.

A stream is cut into pieces of 1 MiB, each AES-256-GCM with its number as nonce and a mark on the last: no
piece can be changed, moved, dropped or added, and a file that ends early does not open. The key serves one
file only (``Vault.file_key`` with a fresh salt), so that numbers are safe as nonces.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import BinaryIO, Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE: Final = 1024 * 1024
_TAG: Final = 16
#: Argon2id, RFC 9106 second recommended option: three passes over 64 MiB, four lanes.
_PASSES, _MEMORY, _LANES = 3, 64 * 1024, 4
_SALT: Final = 16


class Damaged(Exception):
    """A file was changed, cut off, or is opened with another key or passphrase."""


def encrypted(key: bytes, head: bytes, source: BinaryIO) -> Iterator[bytes]:
    """The encrypted pieces of ``source``; ``head`` is not hidden but cannot be changed."""
    cipher, number, piece = AESGCM(key), 0, source.read(PIECE)
    while True:
        following = source.read(PIECE)
        yield cipher.encrypt(_nonce(number, is_last=not following), piece, head)
        if not following:
            return
        number, piece = number + 1, following


def decrypted(key: bytes, head: bytes, source: BinaryIO) -> Iterator[bytes]:
    """The plain pieces, each only after it was checked. Raises Damaged; throw away what came before then."""
    cipher, number, piece = AESGCM(key), 0, source.read(PIECE + _TAG)
    while True:
        following = source.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, is_last=not following), piece, head)
        except (InvalidTag, ValueError) as error:
            raise Damaged from error
        if not following:
            return
        number, piece = number + 1, following


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def lock(passphrase: str, head: bytes, plain: bytes) -> bytes:
    """``plain`` under a passphrase: salt, nonce, ciphertext."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(12)
    return salt + nonce + AESGCM(_stretched(passphrase, salt)).encrypt(nonce, plain, head)


def unlock(passphrase: str, head: bytes, locked: bytes) -> bytes:
    """The inverse of ``lock``. Raises Damaged."""
    salt, nonce, body = locked[:_SALT], locked[_SALT : _SALT + 12], locked[_SALT + 12 :]
    try:
        return AESGCM(_stretched(passphrase, salt)).decrypt(nonce, body, head)
    except (InvalidTag, ValueError) as error:
        raise Damaged from error


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), salt.ljust(_SALT, b"\0"), _PASSES, _MEMORY, _LANES, 32, Type.ID
    )
