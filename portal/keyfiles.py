"""Key files: made once, mode 0600, read at start; nothing here ever writes a key anywhere else."""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from portal.vault import Ring, Vault

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class KeyFileError(Exception):
    """A key file is missing or damaged; the message names the file and the way out."""


def _write_once(path: Path, text: str) -> None:
    """Create ``path`` with mode 0600; a file that is already there is left alone."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)


def make_missing(*, keys: Path, private: Path, secret: Path) -> None:
    """Make whatever is missing of the three files. Never replaces one: that would lose every answer."""
    for path in (keys, private, secret):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(secret, secrets.token_hex(32))
    if keys.exists():
        return
    key = X25519PrivateKey.generate()
    _write_once(private, b64encode(key.private_bytes_raw()).decode())
    try:
        stored = _private(private)
    except ValueError as error:
        raise KeyFileError(f"{private.name} is damaged; restore it from your key backup") from error
    public = b64encode(stored.public_key().public_bytes(*_RAW)).decode()
    rings = {"public": public, "partner": Ring.new().to_json(), "staff": Ring.new().to_json()}
    _write_once(keys, json.dumps(rings, indent=1))


def load_vault(*, keys: Path, private: Path, role: str) -> Vault:
    """The vault for a process of ``role``: a partner process keeps neither private key nor staff ring."""
    try:
        data = json.loads(keys.read_text(encoding="ascii"))
        public = X25519PublicKey.from_public_bytes(b64decode(data["public"]))
        partner = Ring.from_json(data["partner"])
        staff = None if role == "partner" else Ring.from_json(data["staff"])
        key = None if role == "partner" else _private(private)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyFileError(
            f"{keys.name} or {private.name} is missing or damaged ({type(error).__name__}); "
            "restore both from your key backup"
        ) from error
    return Vault(public=public, private=key, partner=partner, staff=staff)


def _private(path: Path) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(b64decode(path.read_text(encoding="ascii")))
