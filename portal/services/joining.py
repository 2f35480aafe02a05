"""How a partner gets an account: by an invitation, or by beginning on their own.

Everything here runs through the partner door: it can insert a case and never read one, so it does not
know who invited whom. The slow part (hashing) happens in ``prepare``, before the write.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.orm import Session

from portal.content import words
from portal.domain.access import ANONYMOUS, Viewer
from portal.models import Account, CaseFile, Invitation, Partner, table_of
from portal.services import audit, intakes, jobs, passwords, recovery, sessions, sign_ins, statements
from portal.services.errors import Refused
from portal.services.statements import InvitedKind
from portal.services.tools import Tools, token_hash
from portal.vault import Place


@dataclass(frozen=True)
class Newcomer:
    """What somebody brings along, hashed already. ``recovery_code`` is shown once and kept as a hash."""

    password_hash: str = field(repr=False)
    recovery_code: str = field(repr=False)
    recovery_hash: str = field(repr=False)
    language: str
    email: str | None = field(default=None, repr=False)
    device_hash: str | None = None


@dataclass(frozen=True)
class Joined:
    """A new account and the cookie token of its first session, whose card holds name and code."""

    account_id: str
    partner_id: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class _Invited:
    """What an invitation's token stands for. ``is_second``: somebody has joined in that place before.

    By this invitation, by another one, or on their own and put there by a merge.
    """

    invitation_id: str
    partner_id: str
    is_second: bool


def prepare(
    tools: Tools, *, password: str, language: str, email: str | None = None, device_hash: str | None = None
) -> Newcomer:
    """Hash the password and a freshly drawn recovery code. Outside any transaction: it takes its time."""
    code = recovery.draw(tools)
    return Newcomer(
        password_hash=tools.passwords.hash(passwords.canonical(password)),
        recovery_code=code,
        recovery_hash=tools.passwords.hash(recovery.canonical(code)),
        language=language,
        email=email or None,
        device_hash=device_hash,
    )


def begin(session: Session, tools: Tools, *, newcomer: Newcomer, talk_first: bool) -> Joined:
    """A self-referral: a new case with this person in slot a. Known to nobody, linked to nothing.

    ``talk_first`` becomes the answer ``call_first`` of a form that is laid out at once: staff see it now.
    """
    partner_id = _open_case(session, tools, origin="self_referral", claims=None)[1]
    joined = _make_account(session, tools, partner_id=partner_id, newcomer=newcomer)
    if talk_first:
        by = Viewer(kind="partner", id=joined.account_id, partner_id=partner_id)
        intakes.begin(session, tools, partner_id=partner_id, by=by, call_first=True)
    return joined


def join(session: Session, tools: Tools, *, token: str, newcomer: Newcomer) -> Joined:
    """Join by an invitation. Raises Refused ("unknown_link") for an unknown or expired token.

    One conditional UPDATE decides who was first; everybody after that gets a record of their own that
    only staff see as a second claim (security.md P8).
    """
    invited = _take(session, tools, token=token)
    if not invited.is_second:
        return _make_account(session, tools, partner_id=invited.partner_id, newcomer=newcomer)
    case_id, partner_id = _open_case(session, tools, origin="second_claim", claims=invited.invitation_id)
    joined = _make_account(session, tools, partner_id=partner_id, newcomer=newcomer)
    jobs.add(session, tools, kind="second_claim", subject_id=case_id)
    return joined


def decline(session: Session, tools: Tools, *, token: str, reason: str) -> None:
    """Say "not for me right now" to an invitation; the token stays usable, should they change their mind.

    Once somebody has joined in that place, by whatever way, this is a note to staff and changes nothing for
    that person: whoever holds a link cannot take another's intake out of the rules.
    Raises Refused ("unknown_link").
    """
    invited = _find(session, tools, token=token)
    kind: InvitedKind = "second_not_now" if invited.is_second else "not_now"
    partner_id, body = invited.partner_id, {"reason": reason}
    statement_id = statements.keep(session, tools, partner_id=partner_id, kind=kind, body=body)
    subject, detail = ("invitation", invited.invitation_id), {"statement": statement_id}
    audit.record(session, tools, by=ANONYMOUS, verb="invitation.not_now", subject=subject, detail=detail)


def _take(session: Session, tools: Tools, *, token: str) -> _Invited:
    """Mark the invitation used if nobody did, and say which case this is."""
    table, now = table_of(Invitation), tools.now()
    is_free = (table.c.used_at.is_(None)) & (table.c.expires_at > now)
    take = update(table).where(table.c.token_hash == token_hash(token), is_free).values(used_at=now)
    is_first = cast(CursorResult[Any], session.execute(take)).rowcount == 1
    found = _find(session, tools, token=token)
    return replace(found, is_second=found.is_second or not is_first)


def _find(session: Session, tools: Tools, *, token: str) -> _Invited:
    c, account = table_of(Invitation).c, table_of(Account).c
    has_joined = select(account.id).where(account.partner_id == c.partner_id).exists()
    row = session.execute(
        select(c.id, c.partner_id, has_joined.label("has_joined")).where(
            c.token_hash == token_hash(token), c.expires_at > tools.now()
        )
    ).one_or_none()
    if row is None:
        raise Refused("unknown_link")
    return _Invited(row.id, row.partner_id, bool(row.has_joined))


def _open_case(session: Session, tools: Tools, *, origin: str, claims: str | None) -> tuple[str, str]:
    """A new case with one person in slot a; returns (case id, partner id)."""
    case_id, partner_id, now = tools.new_id(), tools.new_id(), tools.now()
    case = {
        "id": case_id, "origin": origin, "opened_at": now, "waiting_since": now, "urgency": 4,
        "claims_invitation_id": claims,
    }  # fmt: skip
    session.execute(insert(table_of(CaseFile)), [case])
    partner = {"id": partner_id, "case_id": case_id, "slot": "a", "created_at": now}
    session.execute(insert(table_of(Partner)), [partner])
    detail = {"origin": origin}
    audit.record(session, tools, by=ANONYMOUS, verb="case.opened", subject=("case", case_id), detail=detail)
    return case_id, partner_id


def _make_account(session: Session, tools: Tools, *, partner_id: str, newcomer: Newcomer) -> Joined:
    account_id, name = tools.new_id(), _free_name(session, tools)
    email = newcomer.email
    row = {
        "id": account_id,
        "partner_id": partner_id,
        "name_digest": sign_ins.name_digest(tools, name),
        "name_sealed": tools.vault.seal(Place("account", "name_sealed", account_id), name),
        "password_hash": newcomer.password_hash,
        "recovery_hash": newcomer.recovery_hash,
        "created_at": tools.now(),
        "email_sealed": email and tools.vault.seal(Place("account", "email_sealed", account_id), email),
        "language": newcomer.language,
    }
    session.execute(insert(table_of(Account)), [row])
    by = Viewer(kind="partner", id=account_id, partner_id=partner_id)
    audit.record(session, tools, by=by, verb="account.joined", subject=("account", account_id))
    jobs.add(session, tools, kind="joined", subject_id=account_id)
    card = json.dumps({"sign_in_name": name, "recovery_code": newcomer.recovery_code})
    token = sessions.open_partner(
        session, tools, account_id=account_id, card=card, device_hash=newcomer.device_hash
    )
    return Joined(account_id, partner_id, token)


def _free_name(session: Session, tools: Tools) -> str:
    """A drawn sign-in name that nobody has."""
    c = table_of(Account).c
    while True:
        name = words.draw_name(lambda choices: choices[tools.pick(len(choices))])
        taken = select(c.id).where(c.name_digest == sign_ins.name_digest(tools, name))
        if session.execute(taken).one_or_none() is None:
            return name
