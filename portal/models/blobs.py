"""Every encrypted column there is, and what opens it: for exchanging keys, samples and searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, LargeBinary, Select, Table, select

from portal.models.base import Base

#: What a partner may read again; every other box is the staff's.
_PARTNER: Final = frozenset(
    {"section_state.draft_box", "partner_session.card_box", "notice.body_box", "late_text.draft_box"}
)

#: Where a blob belongs that waits elsewhere: table and column it is encrypted for, under its own id.
_BELONGS: Final = {
    ("late_text", "answers_sealed"): ("sealed_entry", "body_sealed"),
    ("late_text", "letter_sealed"): ("statement", "body_sealed"),
}


@dataclass(frozen=True)
class BlobColumn:
    """An encrypted column. ``ring`` None: sealed to the practice's public key."""

    table: Table
    column: str
    ring: Literal["partner", "staff"] | None

    @property
    def key(self) -> tuple[ColumnElement[str], ...]:
        """The primary key."""
        return tuple(self.table.primary_key.columns)

    @property
    def blob(self) -> ColumnElement[bytes]:
        """The column itself."""
        return self.table.c[self.column]

    @property
    def place(self) -> tuple[str, str]:
        """Table and column that its blobs are encrypted for."""
        return _BELONGS.get((self.table.name, self.column), (self.table.name, self.column))

    def select(self) -> Select[*tuple[Any, ...]]:
        """Key and blob of every row."""
        return select(*self.key, self.blob)

    def row_of(self, row: Sequence[Any]) -> str:
        """How a row is named in a blob's place: its key, parted by slashes."""
        return "/".join(row[: len(self.key)])


def every() -> tuple[BlobColumn, ...]:
    """All of them, by table and column. A column is one by its type and says by its ending which kind."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                found.append(BlobColumn(table, column.name, _ring(table.name, column.name)))
    return tuple(found)


def _ring(table: str, column: str) -> Literal["partner", "staff"] | None:
    if column.endswith("_sealed"):
        return None
    return "partner" if f"{table}.{column}" in _PARTNER else "staff"
