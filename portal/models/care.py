"""The therapist's work on a case: recommendation, interview, clearance, review, letter, appointment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, Ref, Short


class Recommendation(Base):
    """What the rules said, as contract.md's JSON, boxed (staff ring). The newest counts."""

    __tablename__ = "recommendation"
    __table_args__ = (Index("ix_recommendation_case_id_made_at_id", "case_id", "made_at", "id"),)

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"))
    body_box: Mapped[bytes]
    ruleset: Mapped[Short]
    inputs_digest: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]


class Interview(Base):
    """An individual interview with one partner; the note is boxed with the staff ring."""

    __tablename__ = "interview"

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), index=True)
    identity_confirmed: Mapped[bool]
    private_setting: Mapped[bool]
    safety_reasked: Mapped[bool]
    note_box: Mapped[bytes]
    held_by: Mapped[Ref]
    held_at: Mapped[datetime]


class CallPlan(Base):
    """That one person is to be called, and by when. Kept by the worker; a call or interview settles it.

    ``level``: the urgency it was made for; ``sent_at``: the form it was made for. A newer form, or more
    danger than then, opens it again.
    """

    __tablename__ = "call_plan"
    __table_args__ = (Index("ix_call_plan_open", "settled_at", "due_at", "partner_id"),)

    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    due_at: Mapped[datetime]
    level: Mapped[int]
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    next_try_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)


class CallAttempt(Base):
    """One call, tried or held; the note is boxed with the staff ring.

    ``occasion``: ours, agreed (at a time this person chose), theirs (the person called us).
    """

    __tablename__ = "call_attempt"

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), index=True)
    outcome: Mapped[Short]
    occasion: Mapped[Short]
    note_box: Mapped[bytes]
    called_by: Mapped[Ref]
    called_at: Mapped[datetime]


class Clearance(Base):
    """A clinician's clearance of one tier (A, B, H, crisis) for answers up to ``given_at``."""

    __tablename__ = "clearance"

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"), index=True)
    tier: Mapped[Short]
    note_box: Mapped[bytes]
    given_by: Mapped[Ref]
    given_at: Mapped[datetime]


class Review(Base):
    """A therapist's decision on one recommendation. Signed (accept, override) or deferred; never changed."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_case_id_made_at", "case_id", "made_at"),)

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"))
    recommendation_id: Mapped[Ref] = mapped_column(ForeignKey("recommendation.id"), index=True)
    decision: Mapped[Short]
    body_box: Mapped[bytes]
    made_by: Mapped[Ref]
    made_at: Mapped[datetime]


class Letter(Base):
    """A letter for one partner, staff side. ``state``: waiting (for approval), released, refused."""

    __tablename__ = "letter"

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"), index=True)
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), index=True)
    kind: Mapped[Short]
    body_box: Mapped[bytes]
    names_service: Mapped[bool]
    notify: Mapped[bool]
    state: Mapped[Short] = mapped_column(index=True)
    written_by: Mapped[Ref]
    written_at: Mapped[datetime]
    decided_by: Mapped[Ref | None] = mapped_column(default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)


class Appointment(Base):
    """A proposed appointment; ``slot`` a, b or both. The place is boxed with the staff ring."""

    __tablename__ = "appointment"

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"), index=True)
    slot: Mapped[Short]
    starts_at: Mapped[datetime]
    minutes: Mapped[int]
    place_box: Mapped[bytes]
    proposed_by: Mapped[Ref]
    proposed_at: Mapped[datetime]
