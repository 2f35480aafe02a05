"""Report files at rest: boxed piece by piece with the staff ring, so that memory stays the same.

A file is a row of pieces, each with its length in front and bound to its number: pieces cannot be
dropped, doubled or moved unnoticed, and a file that ends early has no end piece.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.services.export_columns import MARK
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
    """What was written: rows without the head, and the SHA-256 of the plain bytes."""

    rows: int
    sha256: str


def path(folder: Path, export_id: str) -> Path:
    """Where the file of a report lies; its name says nothing."""
    return folder / f"{export_id}.box"


def write(tools: Tools, target: Path, export_id: str, *, head: bytes, lines: Iterable[bytes]) -> Written:
    """Write a boxed file whole or not at all. Outside any transaction."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = target.with_suffix(".half")
    digest, rows = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal rows
        yield head
        for line in lines:
            rows += 1
            yield line

    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    with half.open("wb") as file:
        for number, piece in enumerate(_pieces(counted())):
            digest.update(piece)
            file.write(_boxed(tools, export_id, str(number), piece.decode()))
        file.write(_boxed(tools, export_id, _END, str(rows)))
    half.replace(target)
    return Written(rows, digest.hexdigest())


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines gathered to pieces, so that no character is cut in two."""
    held = bytearray()
    for line in lines:
        held += line
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _place(export_id: str, number: str) -> Place:
    return Place("export", "file", f"{export_id}/{number}")


def _boxed(tools: Tools, export_id: str, number: str, text: str) -> bytes:
    blob = tools.vault.box("staff", _place(export_id, number), text)
    return len(blob).to_bytes(_LENGTH, "big") + blob


def read(tools: Tools, source: Path, export_id: str) -> Iterator[bytes]:
    """The plain bytes of a boxed file, piece by piece. Raises VaultError where it was tampered with."""
    with source.open("rb") as file:
        blobs = _blobs(file)
        number, blob = 0, next(blobs, b"")
        for following in blobs:
            yield tools.vault.unbox("staff", _place(export_id, str(number)), blob).encode()
            number, blob = number + 1, following
        tools.vault.unbox("staff", _place(export_id, _END), blob)


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
            text = tools.vault.unbox("staff", _place(export_id, name), blob)
            file.write(_boxed(tools, export_id, name, text))
    half.replace(source)
    return True


def _blobs(file: io.BufferedReader) -> Iterator[bytes]:
    while size := file.read(_LENGTH):
        blob = file.read(int.from_bytes(size, "big"))
        if len(blob) != int.from_bytes(size, "big"):
            raise VaultError("export.file: ends early")
        yield blob


def require_sound(form: str, pieces: Iterable[bytes], *, keys: list[str], rows: int) -> None:
    """Read a file as its readers will, and raise Unsound unless every row has every column."""
    texts = (piece.decode() for piece in pieces)
    lines = (line for text in texts for line in text.split("\n")[:-1])
    found = _csv_rows(texts, keys) if form == "csv" else _json_rows(lines, keys)
    if found != rows:
        raise Unsound(f"{found} rows instead of {rows}")


def _csv_rows(texts: Iterable[str], keys: list[str]) -> int:
    lines = (line for text in texts for line in io.StringIO(text, newline=""))
    table = csv.reader(lines, strict=True)
    head = next(table)
    if [head[0].removeprefix(MARK.decode()), *head[1:]] != keys:
        raise Unsound("another head")
    return _counted(row for row in table if _is_whole(len(row), len(keys)))


def _json_rows(lines: Iterable[str], keys: list[str]) -> int:
    return _counted(line for line in lines if _is_whole(list(json.loads(line)), keys))


def _is_whole(found: object, wanted: object) -> bool:
    if found != wanted:
        raise Unsound("a row without all columns")
    return True


def _counted(rows: Iterable[object]) -> int:
    return sum(1 for _ in rows)
