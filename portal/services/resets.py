"""Setting a new password without the old one: a mailed link together with something the inbox cannot give.

Asking is answered alike for everybody and only queues a job; the worker sends the link (30 minutes, once,
dead after a newer one). A partner adds the recovery code, staff a code of their authenticator (P7, T43).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, and_, insert, or_, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Account, AccountLink, StaffAccount, StaffLink, table_of
from portal.services import (
    accounts,
    audit,
    departures,
    jobs,
    mails,
    recovery,
    sessions,
    sign_ins,
    staff_codes,
)
from portal.services.errors import Refused
from portal.services.sign_ins import Claim
from portal.services.tools import Tools, token_hash
from portal.vault import Place

LINK_LIFE: Final = timedelta(minutes=30)
#: A staff link says so in its first letters, so that the page can ask for the right code without looking.
STAFF_MARK: Final = "staff-"
#: So does one that was given after a verified call, which needs no code (``calls``).
CALL_MARK: Final = "call-"


def ask(session: Session, tools: Tools, *, claim: Claim, is_open: bool) -> None:
    """Queue a reset link for a claim. Nobody's claim, or a throttled one, queues a job about nobody."""
    kind = "reset_link" if claim.kind == "partner" else "staff_reset_link"
    jobs.add(session, tools, kind=kind, subject_id=claim.id if is_open else "")


def send_link(session: Session, tools: Tools, *, account_id: str, by: Viewer) -> None:
    """Mail a partner a reset link, if they gave an e-mail. The worker's; staff door, private key."""
    c = table_of(Account).c
    row = session.execute(
        select(c.email_sealed, c.language).where(c.id == account_id, c.disabled_at.is_(None))
    ).one_or_none()
    if row is None or row.email_sealed is None:
        return
    to = tools.vault.open(Place("account", "email_sealed", account_id), row.email_sealed)
    accounts.cancel_links(session, tools, account_id=account_id, mailed_only=True)
    token = tools.new_token()
    link = {
        "id": tools.new_id(),
        "account_id": account_id,
        "token_hash": token_hash(token),
        "expires_at": tools.now() + LINK_LIFE,
    }
    session.execute(insert(table_of(AccountLink)), [link])
    _mail(session, tools, template="sign_in_help", to=to, language=row.language, token=token)
    audit.record(session, tools, by=by, verb="reset.link_sent", subject=("account", account_id))


def send_staff_link(session: Session, tools: Tools, *, staff_id: str, by: Viewer) -> None:
    """Mail a staff member a reset link. The worker's, also when an admin starts it (T44); staff door."""
    c = table_of(StaffAccount).c
    row = session.execute(
        select(c.email_box, c.language).where(
            c.id == staff_id, c.disabled_at.is_(None), c.set_up_at.is_not(None), c.password_hash.is_not(None)
        )
    ).one_or_none()
    if row is None:
        return
    to = tools.vault.unbox("staff", Place("staff_account", "email_box", staff_id), row.email_box)
    _cancel_staff_links(session, tools, staff_id=staff_id)
    token = STAFF_MARK + tools.new_token()
    link = {
        "id": tools.new_id(),
        "staff_id": staff_id,
        "token_hash": token_hash(token),
        "purpose": "reset",
        "expires_at": tools.now() + LINK_LIFE,
    }
    session.execute(insert(table_of(StaffLink)), [link])
    _mail(session, tools, template="staff_reset", to=to, language=row.language, token=token)
    audit.record(session, tools, by=by, verb="reset.link_sent", subject=("staff", staff_id))


def _mail(session: Session, tools: Tools, *, template: str, to: str, language: str, token: str) -> None:
    link = f"{tools.base_url}/password/reset/{token}"
    mails.queue(session, tools, template=template, to=to, language=language, params={"link": link})


@dataclass(frozen=True)
class Reset:
    """A live link: whose it is, and the hash of the recovery code that must come with it (partners).

    ``is_called``: given after a verified call, a day ago; no code must come with it.
    """

    link_id: str
    by: Viewer
    recovery_hash: str | None = field(default=None, repr=False)
    is_called: bool = False


def find(session: Session, tools: Tools, *, token: str) -> Reset | None:
    """The live reset link of a partner, or None. One statement and one row for every token; partner door."""
    link, account, now = table_of(AccountLink).c, table_of(Account).c, tools.now()
    is_live = and_(
        link.token_hash == token_hash(token),
        link.used_at.is_(None),
        link.expires_at > now,
        or_(link.opens_at.is_(None), link.opens_at <= now),
    )
    is_theirs = and_(account.id == link.account_id, account.disabled_at.is_(None))
    row = session.execute(
        select(
            link.id, link.opens_at, account.id.label("account_id"), account.partner_id, account.recovery_hash
        ).select_from(
            sign_ins.ALWAYS.outerjoin(table_of(AccountLink), is_live).outerjoin(table_of(Account), is_theirs)
        )
    ).one()
    if row.account_id is None:
        return None
    by = Viewer(kind="partner", id=row.account_id, partner_id=row.partner_id)
    return Reset(row.id, by, row.recovery_hash, is_called=row.opens_at is not None)


def find_staff(session: Session, tools: Tools, *, token: str) -> Reset | None:
    """The live reset link of a staff member, or None. Staff door."""
    link, staff = table_of(StaffLink).c, table_of(StaffAccount).c
    row = session.execute(
        select(link.id, link.staff_id)
        .join_from(table_of(StaffLink), table_of(StaffAccount), link.staff_id == staff.id)
        .where(link.token_hash == token_hash(token), link.purpose == "reset", link.used_at.is_(None))
        .where(link.expires_at > tools.now(), staff.disabled_at.is_(None), staff.password_hash.is_not(None))
    ).one_or_none()
    return None if row is None else Reset(row.id, Viewer(kind="staff", id=row.staff_id))


def is_match(tools: Tools, reset: Reset | None, code: str) -> bool:
    """Whether the recovery code fits, or none is needed; an unknown link costs the same and never fits."""
    fits = tools.passwords.is_match(None if reset is None else reset.recovery_hash, recovery.canonical(code))
    return fits or (reset is not None and reset.is_called)


def finish(
    session: Session, tools: Tools, *, reset: Reset, new_hash: str, code: str, code_hash: str,
    device_hash: str | None,
) -> str:  # fmt: skip
    """Set the new password and recovery code, end every session, begin one whose card shows the new code.

    Returns its cookie token; raises Refused ("unknown_link") when somebody was quicker. Partner door.
    """
    _spend(session, tools, table_of(AccountLink), reset)
    account = table_of(Account)
    values = {"password_hash": new_hash, "recovery_hash": code_hash}
    session.execute(update(account).where(account.c.id == reset.by.id).values(**values))
    accounts.cancel_links(session, tools, account_id=reset.by.id)
    departures.end_everywhere(session, tools, by=reset.by)
    audit.record(session, tools, by=reset.by, verb="password.reset", subject=("account", reset.by.id))
    card = json.dumps({"recovery_code": code})
    return sessions.open_partner(session, tools, account_id=reset.by.id, card=card, device_hash=device_hash)


def finish_staff(
    session: Session, tools: Tools, *, reset: Reset, new_hash: str, step: int | None = None, code: str = ""
) -> None:
    """Set a staff member's new password and end every session; they sign in again, with a later code.

    ``step`` of the authenticator, or else the recovery ``code``, is used up. Raises Refused
    ("unknown_link") or Conflict ("code_used"). Staff door.
    """
    _spend(session, tools, table_of(StaffLink), reset)
    if step is None:
        staff_codes.spend(session, tools, code=code, by=reset.by)
    else:
        sign_ins.spend_step(session, staff_id=reset.by.id, step=step)
    staff = table_of(StaffAccount)
    session.execute(update(staff).where(staff.c.id == reset.by.id).values(password_hash=new_hash))
    _cancel_staff_links(session, tools, staff_id=reset.by.id)
    departures.end_everywhere(session, tools, by=reset.by)
    audit.record(session, tools, by=reset.by, verb="password.reset", subject=("staff", reset.by.id))


def _spend(session: Session, tools: Tools, table: Any, reset: Reset) -> None:
    now = tools.now()
    is_live = (table.c.id == reset.link_id) & table.c.used_at.is_(None) & (table.c.expires_at > now)
    done = cast(CursorResult[Any], session.execute(update(table).where(is_live).values(used_at=now)))
    if done.rowcount != 1:
        raise Refused("unknown_link")


def _cancel_staff_links(session: Session, tools: Tools, *, staff_id: str) -> None:
    table = table_of(StaffLink)
    is_open = (table.c.staff_id == staff_id) & (table.c.purpose == "reset") & table.c.used_at.is_(None)
    session.execute(update(table).where(is_open).values(used_at=tools.now()))
