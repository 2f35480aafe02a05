"""What a database must go through before it is used again after a restore."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import (
    PRACTICE_ID,
    AccountLink,
    Invitation,
    Job,
    Mail,
    PartnerSession,
    StaffAccount,
    StaffLink,
    StaffSession,
    table_of,
)
from portal.models.blobs import every
from portal.services import audit, key_changes, totp
from portal.services.tools import Tools

#: What waits in a backup has most likely happened since; an alert alone is better told twice than never.
_TOLD_TWICE: Final = "on_call_alert"
_LINK_JOBS: Final = ("reset_link", "staff_reset_link")


def sample(session: Session, tools: Tools, *, limit: int = 20) -> int:
    """Open the first and the last texts of every encrypted column; how many. Raises VaultError."""
    opened = 0
    for column in every():
        held = column.select().where(func.length(column.blob) > 0).limit(limit)
        backwards = [part.desc() for part in column.key]
        rows = [*session.execute(held.order_by(*column.key)), *session.execute(held.order_by(*backwards))]
        for row in rows:
            key_changes.opened(tools, column, column.row_of(row), row[-1])
            opened += 1
    return opened


def end_everything(session: Session, tools: Tools) -> int:
    """End every session and kill every one-time link, used or not; how many. Nothing of before revives.

    A session or link that was ended after the backup lives in it still, and nobody knows which.
    """
    now, ended = tools.now(), 0
    for model, values in (
        (PartnerSession, {"revoked_at": now, "card_box": None}),
        (StaffSession, {"revoked_at": now}),
    ):
        table = table_of(model)
        is_live = table.c.revoked_at.is_(None)
        ended += len(session.scalars(select(table.c.id).where(is_live)).all())
        session.execute(update(table).where(is_live).values(**values))
    for link in (table_of(AccountLink), table_of(StaffLink)):
        ended += len(session.scalars(select(link.c.id).where(link.c.used_at.is_(None))).all())
        session.execute(delete(link))
    invitation = table_of(Invitation)
    is_sent = invitation.c.token_hash.is_not(None)
    ended += len(session.scalars(select(invitation.c.id).where(is_sent)).all())
    session.execute(update(invitation).where(invitation.c.expires_at > now).values(expires_at=now))
    session.execute(update(invitation).where(is_sent).values(token_hash=None, link_box=None))
    _forget_waiting(session, now)
    return ended


def _forget_waiting(session: Session, now: datetime) -> None:
    """Mails and links that waited are not sent again, codes of before are spent, old leases end."""
    mail, job, staff = table_of(Mail), table_of(Job), table_of(StaffAccount)
    is_dead = mail.c.sent_at.is_(None) & (mail.c.template != _TOLD_TWICE)
    session.execute(update(mail).where(is_dead).values(failed_at=now, body_box=b""))
    session.execute(delete(job).where(job.c.kind.in_(_LINK_JOBS), job.c.done_at.is_(None)))
    session.execute(update(mail).values(leased_until=None))
    session.execute(update(job).values(leased_until=None))
    spent = int(now.timestamp()) // totp.STEP_SECONDS
    session.execute(update(staff).where(staff.c.totp_step < spent).values(totp_step=spent))


def note(session: Session, tools: Tools, *, made_at: str, ended: int, erased: int, by: Viewer) -> None:
    """The event that tells of it."""
    detail: audit.Detail = {"made_at": made_at, "ended": ended, "erased": erased}
    subject = ("practice", PRACTICE_ID)
    audit.record(session, tools, by=by, verb="backup.restored", subject=subject, detail=detail)
