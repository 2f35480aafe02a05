"""One partner's filling-in, from first save to the merged, sealed whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Digest, Id, Ref, Short


class Intake(Base):
    """An intake. It keeps the questionnaire version and variant it was begun with.

    ``private`` stands in clear (yes / no / unsure): while it is ``no``, silent sections keep nothing.
    """

    __tablename__ = "intake"
    __table_args__ = (
        UniqueConstraint("partner_id", "round"),
        UniqueConstraint("partner_id", "submit_key"),
        #: What a report asks of an intake but for answers, in its order. On PostgreSQL as its revision says.
        Index(
            "ix_intake_sent", "id", "partner_id", "submitted_at", "questionnaire", "variant",
            sqlite_where=text("submitted_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"))
    #: 1 for the first, then one more for each staff-sent request.
    round: Mapped[int]
    kind: Mapped[Short]
    questionnaire: Mapped[Short]
    #: The confidentiality policy and on-call setting it was begun with, e.g. "b+oncall".
    variant: Mapped[Short]
    submit_key: Mapped[Short]
    begun_at: Mapped[datetime]
    position: Mapped[Short] = mapped_column(default="start")
    private: Mapped[str | None] = mapped_column(String(8), default=None)
    submitted_at: Mapped[datetime | None] = mapped_column(default=None)


class SectionState(Base):
    """Where one section of one intake stands; the highest ``version`` is the intake's save counter.

    ``draft_box``: readable answers as JSON, boxed with the partner ring; always null for sealed sections.
    ``touched``: item keys answered or declined, space-separated, in questionnaire order.
    ``left_at``: when the section was last left: findings then latch.
    """

    __tablename__ = "section_state"

    intake_id: Mapped[str] = mapped_column(String(36), ForeignKey("intake.id"), primary_key=True)
    section: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int]
    save_digest: Mapped[Digest]
    saved_at: Mapped[datetime]
    touched: Mapped[str] = mapped_column(Text, default="")
    draft_box: Mapped[bytes | None] = mapped_column(default=None)
    opened_at: Mapped[datetime | None] = mapped_column(default=None)
    left_at: Mapped[datetime | None] = mapped_column(default=None)


class SealedEntry(Base):
    """One save of one section, sealed to the practice. Insert-only; the worker opens and merges.

    The body is JSON ``{"values": {item: answer}, "clear": bool}``. ``version`` orders the entries.
    """

    __tablename__ = "sealed_entry"
    __table_args__ = (Index("ix_sealed_entry_intake_id_version", "intake_id", "version"),)

    id: Mapped[Id]
    intake_id: Mapped[Ref] = mapped_column(ForeignKey("intake.id"))
    section: Mapped[Short]
    version: Mapped[int]
    body_sealed: Mapped[bytes]
    saved_at: Mapped[datetime]
    #: Set by the worker once the entry was looked at for findings.
    screened_at: Mapped[datetime | None] = mapped_column(default=None, index=True)


class AnswerSet(Base):
    """All answers of one sent intake, merged by the worker into one sealed blob."""

    __tablename__ = "answer_set"

    id: Mapped[Id]
    intake_id: Mapped[Ref] = mapped_column(ForeignKey("intake.id"), unique=True)
    body_sealed: Mapped[bytes]
    made_at: Mapped[datetime]


class Finding(Base):
    """A safety finding. The body (rule, tier, field, source) is boxed with the staff ring.

    ``state``: provisional, latched, corrected. ``identity``: keyed digest of (slot, rule, field), so
    that the same finding is not kept twice.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index("ix_finding_partner_id_identity", "partner_id", "identity"),
        #: What every sweep asks for; most findings latched long ago. On PostgreSQL as its revision says.
        Index("ix_finding_provisional", "found_at", "intake_id", sqlite_where=text("state = 'provisional'")),
    )

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"))
    intake_id: Mapped[Ref] = mapped_column(ForeignKey("intake.id"), index=True)
    identity: Mapped[Digest]
    state: Mapped[Short]
    body_box: Mapped[bytes]
    found_at: Mapped[datetime]
    section: Mapped[Short]
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
