"""Signing in: who is meant, whether the secret fits, what is written either way.

Three steps, so that no password is hashed while the writer lock is held: look the claim up (read), check
the secret (no transaction), then ``enter_*`` or ``deny`` (write). Known or unknown, wrong, disabled or
throttled: the same statements, the same cost, the same answer (T40).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, cast

from sqlalchemy import CursorResult, and_, exists, literal, select, update
from sqlalchemy.orm import Session

from portal.content import words
from portal.domain.access import ANONYMOUS, Viewer
from portal.domain.normal_forms import normalized
from portal.models import Account, PartnerSession, StaffAccount, StaffSession, table_of
from portal.services import audit, passwords, sessions, staff_codes
from portal.services.errors import Conflict
from portal.services.throttles import Knock
from portal.services.tools import Tools
from portal.vault import KeyMissing, Place

#: One row that is always there. Joined to it, a name or a token gives one row whether somebody has it or not:
#: that shows in no count and in no time, only in empty columns.
ALWAYS: Final = select(literal(1).label("one")).subquery("always")


#: No name and no address is longer, however it is typed: of more, the beginning is looked for.
LONGEST: Final = 1000


@dataclass(frozen=True)
class Claim:
    """Somebody says a name. ``id`` is empty and ``password_hash`` None where nobody can sign in by it."""

    kind: Literal["partner", "staff"]
    key: str
    id: str = ""
    partner_id: str = ""
    password_hash: str | None = field(default=None, repr=False)
    knows_device: bool = False
    kept_at: datetime | None = None

    def knock(self, *, source: str, device_hash: str | None) -> Knock:
        """What the throttle counts for this claim."""
        return Knock(self.key, source, device_hash if self.knows_device else None)


def is_staff_name(name: str) -> bool:
    """Staff sign in by e-mail; a partner's drawn name never holds an at sign."""
    return "@" in name


def device_digest(tools: Tools, device: str | None) -> str | None:
    """What the tables keep of a browser's device cookie."""
    return None if device is None else tools.vault.digest("partner", "device", device)


def name_digest(tools: Tools, name: str) -> str:
    """Blind index of a partner's sign-in name, however it was typed."""
    canonical = words.canonical_name(normalized("NFKC", name[:LONGEST]))
    return tools.vault.digest("partner", "sign_in_name", canonical)


def email_digest(tools: Tools, email: str) -> str:
    """Blind index of a staff e-mail. Raises KeyMissing in a process without the staff ring."""
    return tools.vault.digest("staff", "staff_email", normalized("NFKC", email[:LONGEST]).strip().casefold())


def find_partner(session: Session, tools: Tools, *, name: str, device_hash: str | None) -> Claim:
    """The claim of a partner's sign-in name. One statement and one row for every name; partner door."""
    account, seat = table_of(Account).c, table_of(PartnerSession).c
    digest = name_digest(tools, name)
    knows = exists().where(seat.account_id == account.id, seat.device_hash == (device_hash or ""))
    is_meant = and_(account.name_digest == digest, account.disabled_at.is_(None))
    row = session.execute(
        select(
            account.id, account.partner_id, account.password_hash, account.kept_at, knows.label("knows")
        ).select_from(ALWAYS.outerjoin(table_of(Account), is_meant))
    ).one()  # fmt: skip
    if row.id is None:
        return Claim("partner", digest)
    return Claim("partner", digest, row.id, row.partner_id, row.password_hash, bool(row.knows), row.kept_at)


def find_staff(session: Session, tools: Tools, *, email: str, device_hash: str | None) -> Claim:
    """The claim of a staff e-mail; nobody's in a process without the staff ring.

    One statement and one row for every address; staff door.
    """
    try:
        digest = email_digest(tools, email)
    except KeyMissing:
        return Claim("staff", "")
    account, seat = table_of(StaffAccount).c, table_of(StaffSession).c
    knows = exists().where(seat.staff_id == account.id, seat.device_hash == (device_hash or ""))
    is_meant = and_(account.email_digest == digest, account.disabled_at.is_(None))
    row = session.execute(
        select(account.id, account.password_hash, knows.label("knows")).select_from(
            ALWAYS.outerjoin(table_of(StaffAccount), is_meant)
        )
    ).one()
    if row.id is None:
        return Claim("staff", digest)
    return Claim("staff", digest, row.id, "", row.password_hash, bool(row.knows))


def is_match(tools: Tools, claim: Claim, password: str, *, is_open: bool) -> bool:
    """Whether the password fits. A throttled claim costs the same hash and never fits."""
    return tools.passwords.is_match(claim.password_hash if is_open else None, passwords.given(password))


def enter_partner(session: Session, tools: Tools, *, claim: Claim, device_hash: str | None) -> str:
    """Begin a partner's session; returns the cookie token. Raises Conflict ("changed").

    Who signs in by name has kept it: the card with name and code stays gone for good.
    """
    _require_standing(session, claim)
    account = table_of(Account)
    if claim.kept_at is None:
        session.execute(update(account).where(account.c.id == claim.id).values(kept_at=tools.now()))
    by = Viewer(kind="partner", id=claim.id, partner_id=claim.partner_id)
    audit.record(session, tools, by=by, verb="sign_in.done", subject=("account", claim.id))
    return sessions.open_partner(session, tools, account_id=claim.id, device_hash=device_hash)


def enter_staff_half(session: Session, tools: Tools, *, claim: Claim) -> str:
    """Begin a staff session that opens only the second step; returns the cookie token.

    Raises Conflict ("changed").
    """
    _require_standing(session, claim)
    by = Viewer(kind="staff", id=claim.id)
    audit.record(session, tools, by=by, verb="sign_in.password_given", subject=("staff", claim.id))
    return sessions.open_staff(session, tools, staff_id=claim.id, second_factor=False)


def _require_standing(session: Session, claim: Claim) -> None:
    """Raise Conflict where the password that was tried is no longer the one, or the account was closed.

    Trying takes a while, and longer where many try: a session that began after a change would outlive it.
    """
    c = table_of(Account if claim.kind == "partner" else StaffAccount).c
    is_same = (c.id == claim.id) & (c.password_hash == claim.password_hash) & c.disabled_at.is_(None)
    if session.scalar(select(c.id).where(is_same)) is None:
        raise Conflict("changed")


def deny(session: Session, tools: Tools, *, claim: Claim) -> None:
    """Keep that a sign-in was refused: ids only, never the name that was typed."""
    subject = ("account" if claim.kind == "partner" else "staff", claim.id)
    audit.record(session, tools, by=ANONYMOUS, verb="sign_in.denied", subject=subject)


@dataclass(frozen=True)
class Authenticator:
    """A staff member's second factor: the secret, and the last time step that was accepted."""

    staff_id: str
    secret: str = field(repr=False)
    last_step: int


def authenticator(session: Session, tools: Tools, *, staff_id: str) -> Authenticator:
    """The second factor of a staff account that exists. Staff door."""
    c = table_of(StaffAccount).c
    row = session.execute(select(c.totp_box, c.totp_step).where(c.id == staff_id)).one()
    place = Place("staff_account", "totp_box", staff_id)
    return Authenticator(staff_id, tools.vault.unbox("staff", place, row.totp_box), row.totp_step)


def spend_step(session: Session, *, staff_id: str, step: int) -> None:
    """Take a time step: whoever comes second with the same code is refused. Raises Conflict."""
    table = table_of(StaffAccount)
    change = update(table).where(table.c.id == staff_id, table.c.totp_step < step).values(totp_step=step)
    if cast(CursorResult[Any], session.execute(change)).rowcount != 1:
        raise Conflict("code_used")


def enter_staff(session: Session, tools: Tools, *, half: Viewer, step: int, device_hash: str | None) -> str:
    """Turn a half session into a whole, fresh one. Returns the new cookie token; raises Conflict."""
    spend_step(session, staff_id=half.id, step=step)
    return _enter_whole(session, tools, half, device_hash)


def enter_staff_by_recovery(
    session: Session, tools: Tools, *, half: Viewer, code: str, device_hash: str | None
) -> str:
    """The same by a recovery code, which is used up. Returns the new cookie token; raises Conflict."""
    staff_codes.spend(session, tools, code=code, by=half)
    return _enter_whole(session, tools, half, device_hash)


def _enter_whole(session: Session, tools: Tools, half: Viewer, device_hash: str | None) -> str:
    if not sessions.end(session, tools, half):  # a new password or an admin ended it a moment ago
        raise Conflict("ended")
    audit.record(session, tools, by=half, verb="sign_in.done", subject=("staff", half.id))
    return sessions.open_staff(session, tools, staff_id=half.id, second_factor=True, device_hash=device_hash)


def deny_code(session: Session, tools: Tools, *, by: Viewer) -> None:
    """Keep that a second step or a confirmation was refused."""
    kind = "account" if by.kind == "partner" else "staff"
    audit.record(session, tools, by=by, verb="sign_in.code_denied", subject=(kind, by.id))


def own_claim(session: Session, *, by: Viewer) -> Claim:
    """The claim of whoever is signed in, for checking a password given again. Own door."""
    kind: Literal["partner", "staff"] = "partner" if by.kind == "partner" else "staff"
    c = table_of(Account if kind == "partner" else StaffAccount).c
    stored = session.execute(select(c.password_hash).where(c.id == by.id)).scalar_one()
    return Claim(kind, by.id, by.id, by.partner_id, stored)


def confirm(session: Session, tools: Tools, *, by: Viewer, step: int | None = None) -> None:
    """Note a re-authentication just now; ``step`` spends the code that came with it. Raises Conflict."""
    if step is not None:
        spend_step(session, staff_id=by.id, step=step)
    sessions.confirm(session, tools, by)
    kind = "account" if by.kind == "partner" else "staff"
    audit.record(session, tools, by=by, verb="sign_in.confirmed", subject=(kind, by.id))
