"""What keeps the house honest: audit events, jobs, mail, exports."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Digest, Id, Ref, Short

#: Whoever acts waits for each index that their event is written into; these are the worker's to fill.
_NUMBERED = text("number IS NOT NULL")


class AuditEvent(Base):
    """One change or staff view: ids and verbs, never an answer, name or e-mail.

    ``mac`` is each event's own; the worker gives ``number`` and ``chain`` later. No foreign keys: the
    trail outlives what it speaks of.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_subject_id_happened_at", "subject_id", "happened_at"),
        #: The few that have no number yet. By ``number``, too, so that SQLite takes it wherever it is null.
        Index(
            "ix_audit_event_unnumbered", "number", "happened_at", "id", sqlite_where=text("number IS NULL")
        ),
        Index("ix_audit_event_number", "number", unique=True, sqlite_where=_NUMBERED),
        #: What the trail is searched by, each in its order.
        Index("ix_audit_event_subject_id_number", "subject_id", "number", sqlite_where=_NUMBERED),
        Index("ix_audit_event_actor_id_number", "actor_id", "number", sqlite_where=_NUMBERED),
        Index("ix_audit_event_verb_number", "verb", "number", sqlite_where=_NUMBERED),
        Index("ix_audit_event_happened_at", "happened_at", sqlite_where=_NUMBERED),
    )

    id: Mapped[Id]
    verb: Mapped[Short]
    actor_kind: Mapped[Short]
    actor_id: Mapped[Ref]
    subject_kind: Mapped[Short]
    subject_id: Mapped[Ref]
    happened_at: Mapped[datetime]
    #: JSON of ids, counts and keys only.
    detail: Mapped[str] = mapped_column(Text, default="{}")
    mac: Mapped[Digest] = mapped_column(default="")
    number: Mapped[int | None] = mapped_column(default=None)
    chain: Mapped[Digest | None] = mapped_column(default=None)


class Job(Base):
    """Something that must happen, written in the transaction of its cause. The worker does it.

    ``subject_id`` is an id only; bodies are read when the job runs.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_open", "done_at", "due_at"),)

    id: Mapped[Id]
    kind: Mapped[Short]
    subject_id: Mapped[Ref]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    #: Name of the last error's class, never its text.
    last_error: Mapped[Short | None] = mapped_column(default=None)


class Mail(Base):
    """One mail to send: template and boxed parameters (staff ring); the body is built when it is sent."""

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_open", "sent_at", "due_at"),)

    id: Mapped[Id]
    template: Mapped[Short]
    language: Mapped[str] = mapped_column(String(2))
    #: JSON with ``to`` and the template's parameters.
    body_box: Mapped[bytes]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    failed_at: Mapped[datetime | None] = mapped_column(default=None)


class Export(Base):
    """One export asked for: who, when, why (boxed), which range, what came of it."""

    __tablename__ = "export"

    id: Mapped[Id]
    asked_by: Mapped[Ref]
    asked_at: Mapped[datetime]
    format: Mapped[Short]
    identified: Mapped[bool]
    include: Mapped[str] = mapped_column(String(80))
    purpose_box: Mapped[bytes]
    state: Mapped[Short]
    since: Mapped[str | None] = mapped_column(String(10), default=None)
    until: Mapped[str | None] = mapped_column(String(10), default=None)
    rows: Mapped[int | None] = mapped_column(default=None)
    file_name: Mapped[Short | None] = mapped_column(default=None)
    sha256: Mapped[Digest | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    #: intakes, board, case or person (``services/export_orders.py``).
    report: Mapped[Short] = mapped_column(default="intakes", server_default="intakes")
    #: What chooses the rows, as JSON: codes and ids alone.
    filters: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")
    #: Where the making stands, as JSON (``export_spool.Position``), so that a restarted worker goes on there.
    position: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")
    done_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    all_rows: Mapped[int | None] = mapped_column(default=None)
    #: JSON of what stands beside the file: schema, versions, counts, checksum.
    manifest: Mapped[str | None] = mapped_column(Text, default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
