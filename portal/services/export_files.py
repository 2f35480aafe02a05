"""Report files at rest: boxed piece by piece with the staff ring, so that memory stays the same.

A file is a row of pieces, each with its length in front and bound to its number: pieces cannot be
dropped, doubled or moved unnoticed, and a file that ends early has no end piece.
"""

from __future__ import annotations

import hashlib
import io
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.services.tools import Tools
from portal.vault import Place, VaultError, key_id_of

#: Plain bytes a piece holds at least, but for the last.
PIECE: Final = 64 * 1024
_LENGTH: Final = 4
_END: Final = "end"


class Unsound(Exception):
    """A file that was written does not read back as it should."""


@dataclass(frozen=True)
class Written:
    """What was written: bytes, and the SHA-256 of the plain ones."""

    size: int
    sha256: str


def path(folder: Path, export_id: str) -> Path:
    """Where the file of a report lies; its name says nothing."""
    return folder / f"{export_id}.box"


def write(tools: Tools, target: Path, export_id: str, plain: Iterable[bytes]) -> Written:
    """Write a boxed file whole or not at all. Outside any transaction."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = target.with_suffix(".half")
    digest, size, number = hashlib.sha256(), 0, 0
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    with half.open("wb") as file:
        for number, piece in enumerate(_pieces(plain), 1):
            digest.update(piece)
            size += len(piece)
            file.write(_boxed(tools, export_id, str(number - 1), piece))
        file.write(_boxed(tools, export_id, _END, str(number).encode()))
    half.replace(target)
    return Written(size, digest.hexdigest())


def _pieces(plain: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for some in plain:
        held += some
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


def _place(export_id: str, number: str) -> Place:
    return Place("export", "file", f"{export_id}/{number}")


def _boxed(tools: Tools, export_id: str, number: str, piece: bytes) -> bytes:
    blob = tools.vault.box("staff", _place(export_id, number), b64encode(piece).decode())
    return len(blob).to_bytes(_LENGTH, "big") + blob


def _unboxed(tools: Tools, export_id: str, number: str, blob: bytes) -> bytes:
    return b64decode(tools.vault.unbox("staff", _place(export_id, number), blob))


def read(tools: Tools, source: Path, export_id: str) -> Iterator[bytes]:
    """The plain bytes of a boxed file, piece by piece. Raises VaultError where it was tampered with."""
    with source.open("rb") as file:
        blobs = _blobs(file)
        number, blob = 0, next(blobs, b"")
        for following in blobs:
            yield _unboxed(tools, export_id, str(number), blob)
            number, blob = number + 1, following
        _unboxed(tools, export_id, _END, blob)


def renew(tools: Tools, source: Path) -> bool:
    """Box a file's pieces anew where one stands under an old key; whether that was so."""
    with source.open("rb") as file:
        blobs = list(_blobs(file))
    if all(key_id_of(blob) == tools.vault.current_id("staff") for blob in blobs):
        return False
    export_id, half = source.stem, source.with_suffix(".half")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    with half.open("wb") as file:
        for number, blob in enumerate(blobs, 1):
            name = _END if number == len(blobs) else str(number - 1)
            file.write(_boxed(tools, export_id, name, _unboxed(tools, export_id, name, blob)))
    half.replace(source)
    return True


def _blobs(file: io.BufferedReader) -> Iterator[bytes]:
    while size := file.read(_LENGTH):
        blob = file.read(int.from_bytes(size, "big"))
        if len(blob) != int.from_bytes(size, "big"):
            raise VaultError("export.file: ends early")
        yield blob


def discard(folder: Path, export_id: str) -> bool:
    """Remove a file and what a killed run left of it; whether there was one."""
    target = path(folder, export_id)
    target.with_suffix(".half").unlink(missing_ok=True)
    was_there = target.exists()
    target.unlink(missing_ok=True)
    return was_there
