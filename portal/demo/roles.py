"""Whom a visitor of the demonstration may be, and how their accounts are found again.

Nothing secret is kept for it: the loader leaves one audit event a person, which names the account by its
id. A real database has no such event and is not marked as a demonstration.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.demo.cast import STAFF
from portal.demo.plays import Play
from portal.domain.access import Viewer
from portal.models import PRACTICE_ID, Account, AuditEvent, table_of
from portal.services import audit, sessions, sign_ins
from portal.services.tools import Tools
from portal.vault import Place

_CASE: Final = "demo.case"
_PERSON: Final = "demo.person"
_LOADED: Final = "demo.loaded"


@dataclass(frozen=True)
class Role:
    """An account of the demonstration. ``key``: ``couple/slot`` of a partner, the cast's key of staff."""

    key: str
    kind: Literal["partner", "staff"]
    account_id: str


def keep(session: Session, tools: Tools, plays: Iterable[Play], *, by: Viewer) -> None:
    """Note which account is whose, and that the demonstration is complete. Belongs in one transaction."""
    for play in plays:
        subject, detail = ("demo", play.couple.key), {"case": play.case_id}
        audit.record(session, tools, by=by, verb=_CASE, subject=subject, detail=detail)
        for slot, known in play.known.items():
            subject, detail = ("demo", f"{play.couple.key}/{slot}"), {"account": known.account_id}
            audit.record(session, tools, by=by, verb=_PERSON, subject=subject, detail=detail)
    audit.record(session, tools, by=by, verb=_LOADED, subject=("practice", PRACTICE_ID))


def is_complete(session: Session) -> bool:
    """Whether the loader came to its end."""
    c = table_of(AuditEvent).c
    found = session.scalar(select(c.id).where(c.verb == _LOADED, c.subject_id == PRACTICE_ID).limit(1))
    return found is not None


def partners(session: Session) -> dict[str, str]:
    """Account ids of the invented partners by key, in the order of the cast."""
    return {key: detail["account"] for key, detail in _noted(session, _PERSON)}


def cases(session: Session) -> dict[str, str]:
    """Case ids by the couple's key; a second claimant's own case is not among them."""
    return {key: detail["case"] for key, detail in _noted(session, _CASE)}


def _noted(session: Session, verb: str) -> list[tuple[str, dict[str, str]]]:
    c = table_of(AuditEvent).c
    rows = session.execute(
        select(c.subject_id, c.detail).where(audit.of_kinds(verb)).order_by(c.number, c.happened_at)
    )
    return [(row.subject_id, json.loads(row.detail)) for row in rows]


def find(session: Session, tools: Tools, account: str) -> Role | None:
    """Whose account is meant by a role's key, a sign-in name or a staff e-mail. Staff door."""
    held = partners(session).get(account)
    if held is not None:
        return Role(account, "partner", held)
    emails = {member.key: member.email for member in STAFF}
    name = emails.get(account, account)
    if sign_ins.is_staff_name(name):
        claim = sign_ins.find_staff(session, tools, email=name, device_hash=None)
    else:
        claim = sign_ins.find_partner(session, tools, name=name, device_hash=None)
    return Role(account, claim.kind, claim.id) if claim.id else None


def sign_in_name(session: Session, tools: Tools, account_id: str) -> str:
    """The drawn name of a partner's account, opened."""
    c = table_of(Account).c
    sealed = session.execute(select(c.name_sealed).where(c.id == account_id)).scalar_one()
    return tools.vault.open(Place("account", "name_sealed", account_id), sealed)


def step_in(session: Session, tools: Tools, role: Role) -> tuple[str, Viewer]:
    """Begin a session as this person, with an event of its own; returns the cookie token. Own door."""
    if role.kind == "partner":
        token = sessions.open_partner(session, tools, account_id=role.account_id)
        seat = sessions.find_partner(session, tools, token)
    else:
        token = sessions.open_staff(session, tools, staff_id=role.account_id, second_factor=True)
        seat = sessions.find_staff(session, tools, token)
    if seat is None:
        raise LookupError(role.key)
    subject = ("account" if role.kind == "partner" else "staff", role.account_id)
    audit.record(session, tools, by=seat.viewer, verb="demo.stepped_in", subject=subject)
    return token, seat.viewer
