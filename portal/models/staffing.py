"""Who may work on what, and when: absences with cover, conflicts of interest, forms that staff entered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, Ref, Short


class Absence(Base):
    """A span in which somebody is away; whoever covers may open their cases for exactly that long."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_cover_id_ends_at", "cover_id", "ends_at"),)

    id: Mapped[Id]
    staff_id: Mapped[Ref] = mapped_column(ForeignKey("staff_account.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    set_by: Mapped[Ref]
    set_at: Mapped[datetime]
    cover_id: Mapped[Ref | None] = mapped_column(ForeignKey("staff_account.id"), default=None)


class ConflictBlock(Base):
    """One person who must have nothing to do with one case, for a coded reason, until it is lifted."""

    __tablename__ = "conflict_block"
    __table_args__ = (
        Index("ix_conflict_block_case_id_staff_id", "case_id", "staff_id"),
        Index("ix_conflict_block_staff_id_lifted_at", "staff_id", "lifted_at"),
    )

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"))
    staff_id: Mapped[Ref] = mapped_column(ForeignKey("staff_account.id"))
    reason: Mapped[Short]
    set_by: Mapped[Ref]
    set_at: Mapped[datetime]
    lifted_by: Mapped[Ref | None] = mapped_column(default=None)
    lifted_at: Mapped[datetime | None] = mapped_column(default=None)


class StaffEntry(Base):
    """An intake that staff entered for somebody: over the phone or from paper, and how consent was given.

    ``note_box``: what the one who entered it noted beside the person's own answers (staff ring).
    """

    __tablename__ = "staff_entry"

    intake_id: Mapped[Ref] = mapped_column(ForeignKey("intake.id"), primary_key=True)
    source: Mapped[Short]
    consent_how: Mapped[Short]
    entered_by: Mapped[Ref]
    entered_at: Mapped[datetime]
    note_box: Mapped[bytes | None] = mapped_column(default=None)
