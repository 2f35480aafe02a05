"""Staff: accounts, one-time links, sessions, break-glass access."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Digest, Hash, Id, Ref, Short


class StaffAccount(Base):
    """A therapist, an admin, or both. E-mail, name and TOTP secret are boxed with the staff ring."""

    __tablename__ = "staff_account"

    id: Mapped[Id]
    email_digest: Mapped[Digest] = mapped_column(unique=True)
    email_box: Mapped[bytes]
    name_box: Mapped[bytes]
    #: Comma-separated set, in the order "admin,therapist".
    roles: Mapped[Short]
    totp_box: Mapped[bytes]
    created_at: Mapped[datetime]
    password_hash: Mapped[Hash | None] = mapped_column(default=None)
    #: Last accepted TOTP time step: a code counts once.
    totp_step: Mapped[int] = mapped_column(default=0)
    set_up_at: Mapped[datetime | None] = mapped_column(default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    language: Mapped[str] = mapped_column(String(2), default="en")
    #: Trainings, languages, formats, times and places as JSON, boxed with the staff ring; null: not told yet.
    profile_box: Mapped[bytes | None] = mapped_column(default=None)


class StaffLink(Base):
    """A one-time link; only the hash of its token is kept. ``purpose``: set_up, reset, renew.

    ``spoken_hash``: a new authenticator needs this code as well, which an admin says by voice.
    """

    __tablename__ = "staff_link"

    id: Mapped[Id]
    staff_id: Mapped[Ref] = mapped_column(ForeignKey("staff_account.id"), index=True)
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    purpose: Mapped[Short]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    spoken_hash: Mapped[Digest | None] = mapped_column(default=None)


class StaffSession(Base):
    """A staff sign-in. Usable only once ``second_factor_at`` is set."""

    __tablename__ = "staff_session"

    id: Mapped[Id]
    staff_id: Mapped[Ref] = mapped_column(ForeignKey("staff_account.id"), index=True)
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    #: When password (and code) were last given: sensitive acts need it at most five minutes old.
    authenticated_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None] = mapped_column(default=None)
    #: Digest of the browser's device cookie: a device that signed in before has its own throttle budget.
    device_hash: Mapped[Digest | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class BreakGlass(Base):
    """Reasoned access to a case assigned to somebody else, until it expires."""

    __tablename__ = "break_glass"
    __table_args__ = (
        Index("ix_break_glass_case_id_staff_id", "case_id", "staff_id"),
        Index("ix_break_glass_staff_id_expires_at", "staff_id", "expires_at"),
    )

    id: Mapped[Id]
    case_id: Mapped[Ref] = mapped_column(ForeignKey("case_file.id"))
    staff_id: Mapped[Ref] = mapped_column(ForeignKey("staff_account.id"))
    reason_box: Mapped[bytes]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class StaffCode(Base):
    """One recovery code of a staff member, by its keyed digest; it stands in for the app's code once."""

    __tablename__ = "staff_code"

    id: Mapped[Id]
    staff_id: Mapped[Ref] = mapped_column(ForeignKey("staff_account.id"), index=True)
    code_digest: Mapped[Digest] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
