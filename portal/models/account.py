"""A partner's way in: account, session, one-time links, consent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Digest, Hash, Id, Ref, Short


class Account(Base):
    """A partner's sign-in. The drawn name is kept as a keyed digest, and sealed for staff."""

    __tablename__ = "account"

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), unique=True)
    name_digest: Mapped[Digest] = mapped_column(unique=True)
    name_sealed: Mapped[bytes]
    password_hash: Mapped[Hash]
    recovery_hash: Mapped[Hash]
    created_at: Mapped[datetime]
    #: Optional e-mail for sign-in help, sealed; not unique on purpose.
    email_sealed: Mapped[bytes | None] = mapped_column(default=None)
    language: Mapped[str] = mapped_column(String(2), default="en")
    kept_at: Mapped[datetime | None] = mapped_column(default=None)
    leaving_seen_at: Mapped[datetime | None] = mapped_column(default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)


class PartnerSession(Base):
    """A partner's sign-in. ``card_box`` holds sign-in name and recovery code until they are kept."""

    __tablename__ = "partner_session"

    id: Mapped[Id]
    account_id: Mapped[Ref] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    authenticated_at: Mapped[datetime]
    device_hash: Mapped[Digest | None] = mapped_column(default=None, index=True)
    card_box: Mapped[bytes | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class AccountLink(Base):
    """A reset link for a partner's account: mailed, and then never enough without the recovery code.

    ``opens_at``: the link was given after a verified call; it works from then on, a day later, without a
    code. ``link_box``: that link for staff to pass on (staff ring).
    """

    __tablename__ = "account_link"

    id: Mapped[Id]
    account_id: Mapped[Ref] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    opens_at: Mapped[datetime | None] = mapped_column(default=None)
    link_box: Mapped[bytes | None] = mapped_column(default=None)


class Consent(Base):
    """One consent given: version, policy and hash of the text shown; the typed name sealed."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_partner_id_given_at_id", "partner_id", "given_at", "id"),)

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"))
    version: Mapped[Short]
    policy: Mapped[str] = mapped_column(String(1))
    language: Mapped[str] = mapped_column(String(2))
    text_hash: Mapped[Digest]
    name_sealed: Mapped[bytes]
    given_at: Mapped[datetime]


class Statement(Base):
    """What a partner tells the practice outside the form. Write-only: sealed, insert-only.

    ``kind``: contact, message, addition, withdrawal, not_now, partner_choice; second_not_now is said by
    somebody who opened an invitation that another had used.
    """

    __tablename__ = "statement"

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), index=True)
    kind: Mapped[Short]
    body_sealed: Mapped[bytes]
    said_at: Mapped[datetime]


class Notice(Base):
    """What staff let one partner see: a released letter, an appointment, a request. Boxed, partner ring.

    The text is a copy made at release; the staff-side original is never readable by a partner.
    """

    __tablename__ = "notice"

    id: Mapped[Id]
    partner_id: Mapped[Ref] = mapped_column(ForeignKey("partner.id"), index=True)
    kind: Mapped[Short]
    body_box: Mapped[bytes]
    shown_from: Mapped[datetime]
