"""What a partner tells the practice outside the form: contact, messages, choices. Write-only and sealed.

Nobody reads a body here, not even its author; that something was said, and when, may be shown to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Statement, table_of
from portal.services import audit, jobs
from portal.services.tools import Tools
from portal.vault import Place

Kind = Literal["contact", "message", "addition", "withdrawal", "partner_choice", "appointment_answer"]
#: Said over an invitation, by somebody who has no account.
InvitedKind = Literal["not_now", "second_not_now"]
Body = Mapping[str, str | bool]

#: What each kind is called in the audit trail.
_VERBS: Final[Mapping[Kind, str]] = {
    "contact": "contact.stated",
    "message": "message.written",
    "addition": "addition.written",
    "withdrawal": "intake.withdrawn",
    "partner_choice": "partner.choice_stated",
    "appointment_answer": "appointment.answered",
}


def state(session: Session, tools: Tools, *, kind: Kind, body: Body, by: Viewer) -> str:
    """Keep one statement, sealed to the practice, with its event and job; returns its id. Partner door.

    Bodies: contact {channel, address, hours, time_zone, voicemail_ok, name_ok}; message and addition
    {text}; withdrawal {reason}; partner_choice {choice, channel, address}; appointment_answer {starts_at,
    choice, text}.
    """
    statement_id = keep(session, tools, partner_id=by.partner_id, kind=kind, body=body)
    audit.record(session, tools, by=by, verb=_VERBS[kind], subject=("statement", statement_id))
    return statement_id


def keep(session: Session, tools: Tools, *, partner_id: str, kind: Kind | InvitedKind, body: Body) -> str:
    """Seal a statement and ask the worker to look at it; returns its id. The event is the caller's."""
    statement_id = tools.new_id()
    blob = sealed(tools, statement_id, body)
    _insert(session, tools, statement_id, partner_id=partner_id, kind=kind, blob=blob)
    return statement_id


def sealed(tools: Tools, statement_id: str, body: Body) -> bytes:
    """A statement's body, sealed to the practice for the row of this id."""
    text = json.dumps(dict(body), ensure_ascii=False, sort_keys=True)
    return tools.vault.seal(Place("statement", "body_sealed", statement_id), text)


def keep_sealed(
    session: Session, tools: Tools, *, kind: Kind, statement_id: str, blob: bytes, by: Viewer
) -> None:
    """Keep a statement that was sealed before (``sealed``), with its event and job. Partner door."""
    _insert(session, tools, statement_id, partner_id=by.partner_id, kind=kind, blob=blob)
    audit.record(session, tools, by=by, verb=_VERBS[kind], subject=("statement", statement_id))


def _insert(
    session: Session,
    tools: Tools,
    statement_id: str,
    *,
    partner_id: str,
    kind: Kind | InvitedKind,
    blob: bytes,
) -> None:
    row = {
        "id": statement_id,
        "partner_id": partner_id,
        "kind": kind,
        "body_sealed": blob,
        "said_at": tools.now(),
    }
    session.execute(insert(table_of(Statement)), [row])
    jobs.add(session, tools, kind="statement", subject_id=statement_id)


def last_said(session: Session, *, by: Viewer) -> dict[str, datetime]:
    """When the viewer last said something of each kind; a kind never said is absent. Partner door."""
    c = table_of(Statement).c
    rows = session.execute(
        select(c.kind, func.max(c.said_at).label("said_at"))
        .where(c.partner_id == by.partner_id)
        .group_by(c.kind)
    ).all()
    return {row.kind: row.said_at for row in rows}
