"""A partner's own account: the card, the page about leaving, password, language, ending every session."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Account, AccountLink, PartnerSession, StaffAccount, table_of
from portal.services import audit, departures, sessions
from portal.services.errors import Conflict
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class Card:
    """What must be written down, shown until it is kept or the session ends. After a reset: no name."""

    sign_in_name: str = field(repr=False)
    recovery_code: str = field(repr=False)


def card(session: Session, tools: Tools, *, by: Viewer) -> Card | None:
    """The card of this session, if it still has one. Partner door."""
    c = table_of(PartnerSession).c
    blob = session.execute(select(c.card_box).where(c.id == by.session_id)).scalar_one()
    if blob is None:
        return None
    place = Place("partner_session", "card_box", by.session_id)
    held = json.loads(tools.vault.unbox("partner", place, blob))
    return Card(held.get("sign_in_name", ""), held["recovery_code"])


def keep(session: Session, tools: Tools, *, by: Viewer) -> None:
    """Name and code are written down: the card is gone, from every session and for good."""
    account, seat = table_of(Account), table_of(PartnerSession)
    session.execute(
        update(account).where(account.c.id == by.id, account.c.kept_at.is_(None)).values(kept_at=tools.now())
    )
    session.execute(update(seat).where(seat.c.account_id == by.id).values(card_box=None))
    audit.record(session, tools, by=by, verb="account.kept", subject=("account", by.id))


def see_leaving(session: Session, tools: Tools, *, by: Viewer) -> None:
    """The page about what quick exit can and cannot do was read."""
    table = table_of(Account)
    is_new = (table.c.id == by.id) & table.c.leaving_seen_at.is_(None)
    session.execute(update(table).where(is_new).values(leaving_seen_at=tools.now()))
    audit.record(session, tools, by=by, verb="account.leaving_seen", subject=("account", by.id))


def change_password(session: Session, tools: Tools, *, new_hash: str, by: Viewer) -> None:
    """Set a new password; ends every other session and every reset link of this account.

    The caller has checked the current password before this transaction. Raises Conflict ("ended") where this
    session was ended meanwhile: of two who change it, the one who was put out must not have the last word.
    """
    if not sessions.touch(session, tools, by):
        raise Conflict("ended")
    account = table_of(Account)
    session.execute(update(account).where(account.c.id == by.id).values(password_hash=new_hash))
    cancel_links(session, tools, account_id=by.id)
    departures.end_everywhere(session, tools, by=by, keep_current=True)
    audit.record(session, tools, by=by, verb="password.changed", subject=("account", by.id))


def cancel_links(session: Session, tools: Tools, *, account_id: str, mailed_only: bool = False) -> None:
    """Make every reset link of an account useless.

    ``mailed_only``: but for one given after a call, which nobody takes away by asking for another mail.
    """
    link = table_of(AccountLink)
    is_open = (link.c.account_id == account_id) & link.c.used_at.is_(None)
    if mailed_only:
        is_open &= link.c.opens_at.is_(None)
    session.execute(update(link).where(is_open).values(used_at=tools.now()))


def set_language(session: Session, tools: Tools, *, language: str, by: Viewer) -> None:
    """The language of pages, letters and mails for this account. Partner or staff, own door."""
    is_partner = by.kind == "partner"
    table = table_of(Account if is_partner else StaffAccount)
    session.execute(update(table).where(table.c.id == by.id).values(language=language))
    subject = ("account" if is_partner else "staff", by.id)
    detail = {"language": language}
    audit.record(session, tools, by=by, verb="account.language_set", subject=subject, detail=detail)
