"""How a case was closed, and opened again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, Ref, Short


class Closing(Base):
    """One closing or reopening of a case, never changed; the newest counts. The note is boxed (staff ring).

    ``step``: close, reopen. ``reason``: one of ``case_life.REASONS`` or, for a reopening, ``CAUSES``.
    """

    __tablename__ = "closing"

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"), index=True)
    step: Mapped[Short]
    reason: Mapped[Short]
    note_box: Mapped[bytes]
    done_by: Mapped[Ref]
    done_at: Mapped[datetime]
