"""How far a partner has come on the way in, read through the partner door."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.lifecycle import WayIn
from portal.models import Account, Consent, Intake, Statement, table_of


def progress(session: Session, *, by: Viewer) -> WayIn:
    """What this partner has done so far. One statement, the same for everybody.

    ``sent`` is about the newest intake: a staff-sent request opens the form again.
    """
    account, consent = table_of(Account).c, table_of(Consent).c
    statement, intake = table_of(Statement).c, table_of(Intake).c
    newest = (
        select(intake.submitted_at)
        .where(intake.partner_id == by.partner_id)
        .order_by(intake.round.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            account.kept_at,
            account.leaving_seen_at,
            # EXISTS over a named column: "SELECT *" would ask the partner door for columns it refuses.
            select(consent.id).where(consent.partner_id == by.partner_id).exists().label("consented"),
            select(statement.id)
            .where(statement.partner_id == by.partner_id, statement.kind == "contact")
            .exists()
            .label("contact_given"),
            newest.label("submitted_at"),
        ).where(account.id == by.id)
    ).one()
    return WayIn(
        kept=row.kept_at is not None,
        leaving_seen=row.leaving_seen_at is not None,
        consented=bool(row.consented),
        contact_given=bool(row.contact_given),
        sent=row.submitted_at is not None,
    )
