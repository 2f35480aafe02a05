"""What arrived after a session had run out: kept without being shown, until its author signs in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, Ref, Short


class LateText(Base):
    """One posted form of a partner whose session was idle too long (docs/decisions/0030).

    ``target``: a section's key, message or addition. One of three columns holds what was typed: a readable
    section is boxed for this row; a sealed section (``answers_sealed``) and a letter (``letter_sealed``) are
    sealed under this id in the table that they go to (``portal/models/blobs.py``), so that taking them over
    moves the ciphertext and nobody opens it. ``settled_at``: its author took it over, or threw it away.
    """

    __tablename__ = "late_text"

    id: Mapped[Id]
    account_id: Mapped[Ref] = mapped_column(ForeignKey("account.id"), index=True)
    target: Mapped[Short]
    #: Item keys answered or declined, space-separated.
    touched: Mapped[str] = mapped_column(Text)
    draft_box: Mapped[bytes | None]
    answers_sealed: Mapped[bytes | None]
    letter_sealed: Mapped[bytes | None]
    kept_at: Mapped[datetime]
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
