"""Rows of a report that is being made, set aside piece by piece: a killed worker goes on where it was.

Each piece is boxed and bound to its number. What the database says (``Position``) is what counts: whatever
stands in the file beyond it was written by somebody who was killed before saying so, and is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from portal.services.export_columns import Cell
from portal.services.tools import Tools
from portal.vault import Place, VaultError

_LENGTH: Final = 4


@dataclass(frozen=True)
class Position:
    """How far the making is. ``slot`` and ``after``: the last intake read; ``seen``: all that were read,
    ``rows``: those that are in the report, ``unreadable``: those of them that could not be opened."""

    slot: str = "a"
    after: str = ""
    pieces: int = 0
    size: int = 0
    seen: int = 0
    rows: int = 0
    unreadable: int = 0
    is_read: bool = False

    @classmethod
    def of(cls, text: str) -> Position:
        """From what the database keeps; the beginning for an empty object."""
        return cls(**json.loads(text))

    def text(self) -> str:
        """For the database."""
        return json.dumps(asdict(self))


def path(folder: Path, export_id: str) -> Path:
    """Where the rows of a report lie while it is being made."""
    return folder / f"{export_id}.spool"


def text_of(rows: Sequence[Sequence[Cell]]) -> str:
    """Rows as a piece holds them."""
    return "\n".join([json.dumps(row, ensure_ascii=False) for row in rows])


def append(tools: Tools, folder: Path, export_id: str, position: Position, text: str) -> tuple[int, int]:
    """Set rows (``text_of``) aside after the position, on the disk for good; the new count of pieces and size
    in bytes. No rows are no piece."""
    if not text:
        return position.pieces, position.size
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    blob = tools.vault.box("staff", _place(export_id, position.pieces), text)
    opened = os.open(path(folder, export_id), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(opened, "r+b") as file:
        file.truncate(position.size)
        file.seek(position.size)
        file.write(len(blob).to_bytes(_LENGTH, "big") + blob)
        file.flush()
        os.fsync(file.fileno())
    return position.pieces + 1, position.size + _LENGTH + len(blob)


def rows(tools: Tools, folder: Path, export_id: str, position: Position) -> Iterator[list[Cell]]:
    """Every row set aside, in order. Raises VaultError where the file is not what was written."""
    if not position.pieces:
        return
    with path(folder, export_id).open("rb") as file:
        for number in range(position.pieces):
            blob = file.read(int.from_bytes(file.read(_LENGTH), "big"))
            text = tools.vault.unbox("staff", _place(export_id, number), blob)
            yield from (json.loads(line) for line in text.split("\n"))
        if file.tell() != position.size:
            raise VaultError("export.spool: another length")


def discard(folder: Path, export_id: str) -> None:
    """Away with it."""
    path(folder, export_id).unlink(missing_ok=True)


def _place(export_id: str, number: int) -> Place:
    return Place("export", "spool", f"{export_id}/{number}")
