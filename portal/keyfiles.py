"""Key files: made once, mode 0600, replaced whole or not at all; nothing here writes a key anywhere else.

``portal-keys.json`` holds the public key and both rings, ``private.key`` one private key a line, the newest
last. Each has one key while nothing is being exchanged (see ``portal/key_exchange.py``).
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from portal.rings import Ring, public_id
from portal.vault import Keys, Vault


class KeyFileError(Exception):
    """A key file is missing or damaged; the message names the file and the way out."""


@dataclass(frozen=True)
class KeyPaths:
    """Where the two files lie."""

    keys: Path
    private: Path


def put(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all, on the disk when this returns."""
    half = _half(path, text)
    half.replace(path)
    sync_folder(path.parent)


def put_new(path: Path, text: str) -> bool:
    """The same, unless there is such a file: then it is left alone, and False."""
    half = _half(path, text)
    try:
        os.link(half, path)
    except FileExistsError:
        return False
    finally:
        half.unlink()
    sync_folder(path.parent)
    return True


def _half(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}.half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
    except OSError:  # a full disk or a bad stick: no part of a key or a kit stays there
        half.unlink(missing_ok=True)
        raise
    return half


def remove_halves(path: Path) -> None:
    """Take away what a killed run left half written: it may hold keys."""
    for half in path.parent.glob(f".{path.name}.*.half"):
        half.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_missing(*, keys: Path, private: Path, secret: Path) -> None:
    """Make whatever is missing of the three files. Never replaces one: that would lose every answer."""
    for path in (keys, private, secret):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not secret.exists():
        put_new(secret, secrets.token_hex(32))
    if keys.exists():
        return
    if not private.exists():
        put_new(private, line_of(X25519PrivateKey.generate()))
    try:
        stored = read_private(private)[-1]
    except (ValueError, IndexError) as error:
        raise KeyFileError(f"{private.name} is damaged; restore it from your key backup") from error
    rings = {"partner": Ring.new().to_json(), "staff": Ring.new().to_json()}
    put_new(keys, json.dumps({"public": text_of(stored.public_key()), **rings}, indent=1))


def load_vault(*, keys: Path, private: Path, role: str) -> Vault:
    """The vault for a process of ``role``: a partner process keeps neither private key nor staff ring.

    It follows when ``keys rotate`` exchanges the files. Raises KeyFileError.
    """
    watched = _Watched(KeyPaths(keys, private), role)
    return Vault.over(watched.load(), watched)


class _Watched:
    """Reads the files again when one of them was replaced; a file that cannot be read changes nothing."""

    def __init__(self, paths: KeyPaths, role: str) -> None:
        self._paths = paths
        self._role = role
        self._stamp: object = None
        watched = (paths.keys,) if role == "partner" else (paths.keys, paths.private)
        self._names = [str(path) for path in watched]

    def load(self) -> Keys:
        """Both files as they are. Raises KeyFileError."""
        self._stamp = self._stamps()
        return load_keys(self._paths, role=self._role)

    def __call__(self) -> Keys | None:
        if self._stamps() == self._stamp:
            return None
        try:
            return self.load()
        except KeyFileError:
            return None

    def _stamps(self) -> object:
        try:
            return [_stamp(name) for name in self._names]
        except OSError:
            return self._stamp


def _stamp(name: str) -> tuple[int, int, int]:
    one = os.stat(name)  # noqa: PTH116  (asked for often; a Path is slow)
    return one.st_ino, one.st_mtime_ns, one.st_size


def load_keys(paths: KeyPaths, *, role: str) -> Keys:
    """What a process of ``role`` may hold. Raises KeyFileError."""
    try:
        data = json.loads(paths.keys.read_text(encoding="ascii"))
        public = X25519PublicKey.from_public_bytes(b64decode(data["public"]))
        held = [] if role == "partner" else read_private(paths.private)
        private = {public_id(key.public_key()): key for key in held}
        if role != "partner" and public_id(public) not in private:
            raise ValueError("the private key is another pair's")
        return Keys(
            public=public,
            private=private,
            partner=Ring.from_json(data["partner"]),
            staff=None if role == "partner" else Ring.from_json(data["staff"]),
            retiring=frozenset(bytes.fromhex(text) for text in data.get("retiring", [])),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyFileError(
            f"{paths.keys.name} or {paths.private.name} is missing or damaged ({type(error).__name__}); "
            "restore both from your key backup"
        ) from error


def read_json(paths: KeyPaths) -> dict[str, Any]:
    """The public file as it stands, known to be sound."""
    load_keys(paths, role="all")
    data: dict[str, Any] = json.loads(paths.keys.read_text(encoding="ascii"))
    return data


def read_private(path: Path) -> list[X25519PrivateKey]:
    """Private keys, the newest last. Raises ValueError or OSError."""
    lines = path.read_text(encoding="ascii").split()
    return [X25519PrivateKey.from_private_bytes(b64decode(line)) for line in lines]


def line_of(key: X25519PrivateKey) -> str:
    """A private key as one line."""
    return b64encode(key.private_bytes_raw()).decode()


def text_of(key: X25519PublicKey) -> str:
    """A public key as text."""
    return b64encode(key.public_bytes_raw()).decode()
