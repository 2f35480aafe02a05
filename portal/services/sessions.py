"""Server-side sessions that really end: 256-bit token, kept as a keyed hash, idle and absolute limits.

Partner 15 minutes idle / 4 hours; staff 15 minutes / 12 hours (security.md §2.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.driven import Driven
from portal.models import Account, PartnerSession, StaffAccount, StaffSession, table_of
from portal.services import practices
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.store import Hot
from portal.vault import Place

IDLE: Final = timedelta(minutes=15)
PARTNER_LIMIT: Final = timedelta(hours=4)
STAFF_LIMIT: Final = timedelta(hours=12)
#: ``last_seen_at`` is written at most this often on a plain GET.
TOUCH_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Seat:
    """A live session: who sits in it, and what the pages need to know of the account."""

    viewer: Viewer
    language: str
    last_seen_at: datetime
    #: When it ends, however busy somebody is.
    ends_at: datetime
    second_factor: bool = True
    kept: bool = True
    leaving_seen: bool = True
    #: The practice's settings, where they were read in the same statement.
    practice: PracticeView | None = None


def token_digest(tools: Tools, token: str) -> str:
    """What the table keeps of a session cookie."""
    return tools.vault.digest("partner", "session", token)


def _is_live(now: datetime, created_at: datetime, last_seen_at: datetime, limit: timedelta) -> bool:
    return now - last_seen_at <= IDLE and now - created_at <= limit


def partner_columns() -> tuple[ColumnElement[Any], ...]:
    """What ``partner_seat`` needs of session and account; a statement may ask for more beside it."""
    s, a = table_of(PartnerSession).c, table_of(Account).c
    return (
        s.id.label("session_id"), s.created_at.label("session_created_at"), s.last_seen_at,
        s.authenticated_at, a.id.label("account_id"), a.partner_id, a.language,
        a.kept_at.is_not(None).label("kept"), a.leaving_seen_at.is_not(None).label("leaving_seen"),
    )  # fmt: skip


def is_partner_token() -> ColumnElement[bool]:
    """Picks the session whose ``token_hash`` is bound, unless it ended or its account is closed."""
    s, a = table_of(PartnerSession).c, table_of(Account).c
    return and_(s.token_hash == bindparam("token_hash"), s.revoked_at.is_(None), a.disabled_at.is_(None))


def partner_seat(tools: Tools, row: Any | None) -> Seat | None:
    """The seat that a row of ``partner_columns`` stands for, or None when idle or too old."""
    known = partner_facts(tools, row)
    return None if known is None else Seat(**known)


def partner_facts(tools: Tools, row: Any | None) -> dict[str, Any] | None:
    """What such a seat knows, for a seat that knows more beside it."""
    if row is None or not _is_live(tools.now(), row.session_created_at, row.last_seen_at, PARTNER_LIMIT):
        return None
    viewer = Viewer(
        kind="partner",
        id=row.account_id,
        partner_id=row.partner_id,
        session_id=row.session_id,
        authenticated_at=row.authenticated_at,
    )
    return {
        "viewer": viewer,
        "language": row.language,
        "last_seen_at": row.last_seen_at,
        "ends_at": row.session_created_at + PARTNER_LIMIT,
        "kept": row.kept,
        "leaving_seen": row.leaving_seen,
    }


def find_partner(session: Hot, tools: Tools, token: str) -> Seat | None:
    """The live partner session of this cookie, or None. One statement; partner door."""
    row = _partner_statement().one(session, {"token_hash": token_digest(tools, token)})
    return partner_seat(tools, row)


def find_staff(session: Hot, tools: Tools, token: str) -> Seat | None:
    """The live staff session of this cookie, or None; ``second_factor`` False means: code still to come."""
    row = _staff_statement().one(session, {"token_hash": token_digest(tools, token)})
    if row is None or not _is_live(tools.now(), row.created_at, row.last_seen_at, STAFF_LIMIT):
        return None
    viewer = Viewer(
        kind="staff",
        id=row.staff_id,
        session_id=row.id,
        roles=frozenset(role for role in row.roles.split(",") if role),
        authenticated_at=row.authenticated_at,
    )
    return Seat(
        viewer=viewer,
        language=row.language,
        last_seen_at=row.last_seen_at,
        ends_at=row.created_at + STAFF_LIMIT,
        second_factor=row.second_factor_at is not None,
        practice=practices.of_row(row),
    )


def open_partner(
    session: Session,
    tools: Tools,
    *,
    account_id: str,
    card: str | None = None,
    device_hash: str | None = None,
) -> str:
    """Begin a partner session; returns the cookie token. ``card``: JSON of name and code still to be kept."""
    token, now, session_id = tools.new_token(), tools.now(), tools.new_id()
    place = Place("partner_session", "card_box", session_id)
    row = {
        "id": session_id,
        "account_id": account_id,
        "token_hash": token_digest(tools, token),
        "created_at": now,
        "last_seen_at": now,
        "authenticated_at": now,
        "device_hash": device_hash,
        "card_box": None if card is None else tools.vault.box("partner", place, card),
    }
    session.execute(insert(table_of(PartnerSession)), [row])
    return token


def open_staff(
    session: Session, tools: Tools, *, staff_id: str, second_factor: bool, device_hash: str | None = None
) -> str:
    """Begin a staff session; without the second factor it opens only the second-step page."""
    token, now = tools.new_token(), tools.now()
    row = {
        "id": tools.new_id(),
        "staff_id": staff_id,
        "token_hash": token_digest(tools, token),
        "created_at": now,
        "last_seen_at": now,
        "authenticated_at": now,
        "second_factor_at": now if second_factor else None,
        "device_hash": device_hash,
    }
    session.execute(insert(table_of(StaffSession)), [row])
    return token


def touch(session: Hot, tools: Tools, viewer: Viewer) -> bool:
    """Note that the session is in use; whether it is still live (it may have ended a moment ago)."""
    values = {"of_session": viewer.session_id, "last_seen_at": tools.now()}
    return _touch(PartnerSession if viewer.kind == "partner" else StaffSession).change(session, values) == 1


# All built once: putting them together costs more than running them.
@cache
def _touch(model: type[PartnerSession] | type[StaffSession]) -> Driven:
    table = table_of(model)
    change = update(table).where(table.c.id == bindparam("of_session"), table.c.revoked_at.is_(None))
    return Driven(change.values(last_seen_at=bindparam("last_seen_at")))


@cache
def _partner_statement() -> Driven:
    held, account = table_of(PartnerSession), table_of(Account)
    tables = held.join(account, held.c.account_id == account.c.id)
    return Driven(select(*partner_columns()).select_from(tables).where(is_partner_token()))


@cache
def _staff_statement() -> Driven:
    s, a = table_of(StaffSession).c, table_of(StaffAccount).c
    tables = table_of(StaffSession).join(table_of(StaffAccount), s.staff_id == a.id)
    return Driven(
        select(
            s.id, s.created_at, s.last_seen_at, s.authenticated_at, s.second_factor_at,
            a.id.label("staff_id"), a.roles, a.language, *practices.columns(),
        )
        .select_from(practices.beside(tables))
        .where(
            s.token_hash == bindparam("token_hash"), s.revoked_at.is_(None), a.disabled_at.is_(None)
        )
    )  # fmt: skip


def is_touch_due(seat: Seat, now: datetime) -> bool:
    """Whether a plain GET should write ``last_seen_at``."""
    return now - seat.last_seen_at >= TOUCH_EVERY


def confirm(session: Session, tools: Tools, viewer: Viewer) -> None:
    """Note that password (and code) were given again just now."""
    table = table_of(PartnerSession if viewer.kind == "partner" else StaffSession)
    session.execute(update(table).where(table.c.id == viewer.session_id).values(authenticated_at=tools.now()))


def end(session: Session, tools: Tools, viewer: Viewer) -> bool:
    """Revoke one session, for good; whether it was still live."""
    table = table_of(PartnerSession if viewer.kind == "partner" else StaffSession)
    change = update(table).where(table.c.id == viewer.session_id, table.c.revoked_at.is_(None))
    done = session.execute(change.values(revoked_at=tools.now(), **_forget_card(viewer)))
    return cast("CursorResult[Any]", done).rowcount == 1


def end_all(session: Session, tools: Tools, viewer: Viewer, *, keep_current: bool) -> None:
    """Revoke every session of this account, the current one too unless ``keep_current``."""
    is_partner = viewer.kind == "partner"
    table = table_of(PartnerSession if is_partner else StaffSession)
    owner = table.c.account_id if is_partner else table.c.staff_id
    change = update(table).where(owner == viewer.id, table.c.revoked_at.is_(None))
    if keep_current:
        change = change.where(table.c.id != viewer.session_id)
    session.execute(change.values(revoked_at=tools.now(), **_forget_card(viewer)))


def _forget_card(viewer: Viewer) -> dict[str, None]:
    return {"card_box": None} if viewer.kind == "partner" else {}
