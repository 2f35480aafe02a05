"""A backup file: one line that says what it is, one line of manifest, then the encrypted database.

The manifest can be read without keys and cannot be changed without being noticed: it is bound to every
piece. It holds no name and no number but how many audit events there are.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from portal import vault_files
from portal.services.audit_anchors import Anchor
from portal.vault import Vault

_MAGIC: Final = b"intake portal backup 1\n"
_LONGEST: Final = 4096


class NotABackup(Exception):
    """The file is something else."""


@dataclass(frozen=True)
class Manifest:
    """What a backup is of. ``count`` and ``head`` anchor its audit trail."""

    made_at: str
    key: str
    salt: str
    revision: str
    count: int
    head: str

    def head_bytes(self) -> bytes:
        """The two lines in front."""
        return _MAGIC + json.dumps(asdict(self), sort_keys=True).encode("ascii") + b"\n"


def new_salt() -> str:
    """What makes the key of one file."""
    return b64encode(secrets.token_bytes(16)).decode()


def write(target: Path, vault: Vault, manifest: Manifest, database: Path) -> None:
    """Encrypt a database file into a new private file, whole or not at all; it is read back before.

    Raises FileExistsError, OSError, vault_files.Damaged (what was written does not read back).
    """
    half = target.with_name(f".{target.name}.{secrets.token_hex(4)}.half")
    _, key = vault.file_key(manifest.key, b64decode(manifest.salt))
    opened = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file, database.open("rb") as source:
            file.write(manifest.head_bytes())
            for piece in vault_files.encrypted(key, manifest.head_bytes(), source):
                file.write(piece)
            file.flush()
            os.fsync(opened)
        with reading(half) as (_, stream):
            written = _digest(vault_files.decrypted(key, manifest.head_bytes(), stream))
            if not hmac.compare_digest(written, _digest_of(database)):
                raise vault_files.Damaged
        os.link(half, target)
    finally:
        half.unlink()


def read(source: Path, vault: Vault, target: Path) -> None:
    """Decrypt into a new private file. Raises NotABackup, KeyMissing, vault_files.Damaged, OSError."""
    with reading(source) as (manifest, stream):
        _, key = vault.file_key(manifest.key, b64decode(manifest.salt))
        opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "wb") as file:
            for piece in vault_files.decrypted(key, manifest.head_bytes(), stream):
                file.write(piece)


def anchor_of(source: Path, vault: Vault) -> Anchor:
    """Where the audit trail stood, from a manifest that its first piece vouches for.

    Raises NotABackup, KeyMissing, vault_files.Damaged.
    """
    with reading(source) as (manifest, stream):
        _, key = vault.file_key(manifest.key, b64decode(manifest.salt))
        next(vault_files.decrypted(key, manifest.head_bytes(), stream))
        return Anchor(manifest.count, manifest.head)


@contextmanager
def reading(source: Path) -> Iterator[tuple[Manifest, BinaryIO]]:
    """The manifest, not yet checked against the pieces, and the stream after it. Raises NotABackup."""
    with source.open("rb") as file:
        magic, line = file.readline(len(_MAGIC)), file.readline(_LONGEST)
        try:
            manifest = Manifest(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise NotABackup from error
        if magic != _MAGIC or manifest.head_bytes() != magic + line:
            raise NotABackup
        yield manifest, file


def _digest(pieces: Iterator[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _digest_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
