"""Re-encrypting what stands under an old key, a few rows at a time, so that it can be stopped anywhere.

Looks first, outside the writer lock, then replaces each blob only where nobody changed it meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, LargeBinary, func, update
from sqlalchemy.orm import Session

from portal.models.blobs import BlobColumn, every
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class Change:
    """One blob and the same text under the current key."""

    column: BlobColumn
    key: tuple[str, ...]
    old: bytes
    new: bytes


def opened(tools: Tools, column: BlobColumn, row: str, blob: bytes) -> str:
    """The text of a blob in its place. Raises VaultError."""
    place = Place(*column.place, row)
    if column.ring is None:
        return tools.vault.open(place, blob)
    return tools.vault.unbox(column.ring, place, blob)


def look(session: Session, tools: Tools, *, limit: int = 50) -> tuple[Change, ...]:
    """Up to ``limit`` blobs that stand under an old key, re-encrypted. Raises VaultError for a bad one."""
    changes: list[Change] = []
    for column in every():
        rows: Sequence[Any] = session.execute(
            column.select().where(_is_old(tools, column)).limit(limit - len(changes))
        ).all()
        for row in rows:
            name, blob = column.row_of(row), row[-1]
            new = _encrypted(tools, column, name, opened(tools, column, name, blob))
            changes.append(Change(column, tuple(row[:-1]), blob, new))
        if len(changes) == limit:
            break
    return tuple(changes)


def keep(session: Session, changes: tuple[Change, ...]) -> int:
    """Replace them; one that changed since the look is left for the next one. Returns how many."""
    done = 0
    for change in changes:
        is_same = [part == value for part, value in zip(change.column.key, change.key, strict=True)]
        statement = (
            update(change.column.table)
            .where(*is_same, change.column.blob == change.old)
            .values({change.column.column: change.new})
        )
        done += cast("CursorResult[Any]", session.execute(statement)).rowcount
    return done


def is_left(session: Session, tools: Tools) -> bool:
    """Whether any blob still needs an old key."""
    return any(
        session.execute(column.select().where(_is_old(tools, column)).limit(1)).first() is not None
        for column in every()
    )


def _is_old(tools: Tools, column: BlobColumn) -> ColumnElement[bool]:
    """Another key id than the current one's; what was emptied (a mail that went out) has none."""
    key_id = func.substr(column.blob, 2, 8, type_=LargeBinary())
    return (func.length(column.blob) > 0) & (key_id != tools.vault.current_id(column.ring))


def _encrypted(tools: Tools, column: BlobColumn, row: str, text: str) -> bytes:
    place = Place(*column.place, row)
    if column.ring is None:
        return tools.vault.seal(place, text)
    return tools.vault.box(column.ring, place, text)
