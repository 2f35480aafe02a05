"""Discernment: its sessions with each partner's decision, its path, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, Ref, Short


class DiscernmentSession(Base):
    """One session of 1-5. ``held_on`` is an ISO day; the note is boxed with the staff ring.

    A correction replaces a row: the one with ``replaced_at`` counts no more, and is kept.
    """

    __tablename__ = "discernment_session"
    __table_args__ = (Index("ix_discernment_session_case_id_number", "case_id", "number"),)

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"))
    number: Mapped[int]
    held_on: Mapped[str] = mapped_column(String(10))
    minutes: Mapped[int]
    #: Each partner's own decision after this session.
    a_goes_on: Mapped[bool]
    b_goes_on: Mapped[bool]
    note_box: Mapped[bytes]
    noted_by: Mapped[Ref]
    noted_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None] = mapped_column(default=None)


class DiscernmentEnd(Base):
    """How a couple's discernment ended: at most one row a case.

    ``path``: 1 status quo, 2 separation or divorce, 3 six months of couples therapy with divorce off the
    table. ``outcome``: a key of ``domain.discernment.OUTCOMES`` once it is known, asked for on
    ``outcome_due_on``. Days are ISO.
    """

    __tablename__ = "discernment_end"
    #: The outcomes that are due: not noted, by day.
    __table_args__ = (Index("ix_discernment_end_outcome_due", "outcome", "outcome_due_on"),)

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"), unique=True)
    path: Mapped[int]
    ended_on: Mapped[str] = mapped_column(String(10), index=True)
    note_box: Mapped[bytes]
    ended_by: Mapped[Ref]
    ended_at: Mapped[datetime]
    outcome_due_on: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[Short | None] = mapped_column(default=None)
    outcome_on: Mapped[str | None] = mapped_column(String(10), default=None)
    outcome_by: Mapped[Ref | None] = mapped_column(default=None)
