"""The practice's file for a couple or one person, and its two slots."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Digest, Id, Ref, Short


def _when_opened(context: DefaultExecutionContext) -> datetime:
    opened_at: datetime = context.get_current_parameters()["opened_at"]  # type: ignore[no-untyped-call]
    return opened_at


class CaseFile(Base):
    """A case. What the caseload sorts and filters by is kept by the worker, so that it has an index.

    ``urgency``: 0 same day, 1 within two working days, 2 within five, 3 to review, 4 waiting for
    something, 5 signed. The route itself stands only in the boxed recommendation.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        #: The order of the queue for one therapist (or nobody), so that a page stays a short range.
        #: None that begins with ``closed_at``: SQLite would walk all open cases for those of broken glass.
        #: Behind that order stands what a filter looks at, case by case: read off the index, without the row.
        Index(
            "ix_case_file_own_queue",
            *("therapist_id", "closed_at", "urgency", "waiting_since", "id", "route_mark", "languages"),
        ),
        #: The other orders of the caseload: waiting longest, newest, closed last.
        Index("ix_case_file_own_waiting", "therapist_id", "closed_at", "waiting_since", "id"),
        Index("ix_case_file_own_news", "therapist_id", "closed_at", "news_at", "id"),
        Index("ix_case_file_own_closed", "therapist_id", "closed_at", "id"),
        #: What is kept too long: closed before a day. On PostgreSQL it is in part as well, as its revision
        #: says; to say so here would load that dialect, 2.5 MB, into every process on SQLite.
        Index("ix_case_file_closed_at", "closed_at", sqlite_where=text("closed_at IS NOT NULL")),
        #: An admin's list, the newest first.
        Index("ix_case_file_open_opened", "opened_at", "id", sqlite_where=text("closed_at IS NULL")),
        #: What a search by name opens, the newest first.
        Index("ix_case_file_own_opened", "therapist_id", "opened_at", "id"),
    )

    id: Mapped[Id]
    origin: Mapped[Short]
    opened_at: Mapped[datetime]
    waiting_since: Mapped[datetime]
    urgency: Mapped[int] = mapped_column(default=4)
    #: When somebody of the case last sent a form; before that, when the case was opened.
    news_at: Mapped[datetime] = mapped_column(insert_default=_when_opened, init=False)
    #: Keyed digest of the newest route: equal routes are told apart from others, and not what they are.
    route_mark: Mapped[Digest | None] = mapped_column(default=None)
    #: Languages of the people who joined, in the order "en es".
    languages: Mapped[str] = mapped_column(String(8), default="")
    therapist_id: Mapped[Ref | None] = mapped_column(ForeignKey("staff_account.id"), default=None)
    #: Second claimant of an invitation: the invitation this record also claims, until staff resolve it.
    claims_invitation_id: Mapped[Ref | None] = mapped_column(default=None, index=True)
    #: Set when this record was merged into another case.
    merged_into_id: Mapped[Ref | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    #: Legal hold: while set, nothing of this case is deleted, by policy or by hand.
    held_at: Mapped[datetime | None] = mapped_column(default=None)


class Partner(Base):
    """One person of a case, in slot ``a`` or ``b``. Partner pages know only this id, never the case."""

    __tablename__ = "partner"
    __table_args__ = (
        UniqueConstraint("case_id", "slot"),
        CheckConstraint("slot in ('a', 'b')", name="slot"),
        #: A report looks at each partner once for each slot: off the index, without the row.
        Index("ix_partner_id_slot", "id", "slot", "case_id"),
    )

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"))
    slot: Mapped[str] = mapped_column(String(1))
    created_at: Mapped[datetime]


class Invitation(Base):
    """An invitation for one partner record; the address is sealed, the token kept as a hash only.

    ``state``: ``held`` (a partner asked, staff have not released it), ``sent``, ``refused``,
    ``withheld`` (danger was told, or contact was ruled out, while its mail waited; ``sent_at`` stays).
    """

    __tablename__ = "invitation"
    __table_args__ = (
        #: Those that wait for staff, for an admin's overview. On PostgreSQL as its revision says.
        Index("ix_invitation_held", "partner_id", sqlite_where=text("state = 'held'")),
    )

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), index=True)
    state: Mapped[Short]
    channel: Mapped[Short]
    address_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    token_hash: Mapped[Digest | None] = mapped_column(default=None, unique=True)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    #: The link itself, boxed with the staff ring: only where a person passes it on (channel ``phone``).
    link_box: Mapped[bytes | None] = mapped_column(default=None)


class Fact(Base):
    """Something staff say about a partner (``shared_account`` …); the latest row per kind counts.

    ``kind`` ``confirm``: newer answers accepted for the rule named in ``value``.
    """

    __tablename__ = "fact"

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), index=True)
    kind: Mapped[Short]
    value: Mapped[Short]
    note_box: Mapped[bytes]
    stated_by: Mapped[Ref]
    stated_at: Mapped[datetime]
