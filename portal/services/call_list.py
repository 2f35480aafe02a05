"""The call list: who is to be called, each person apart, whoever is overdue first; and what calls came to.

Nothing of it reaches a partner: a call that was tried changes nothing that they can see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.calling import Channel
from portal.models import Account, CallAttempt, CallPlan, CaseFile, Consent, Partner, table_of
from portal.services import audit, case_names, caseload_queries, openings
from portal.services.caseload_filters import Cursor
from portal.services.openings import OpenedStatement
from portal.services.tools import Tools
from portal.vault import Place

PAGE: Final = 25


@dataclass(frozen=True)
class Attempt:
    """One call, tried or held. ``called_by`` is a staff id."""

    outcome: str
    occasion: str
    called_by: str
    called_at: datetime
    note: str = field(repr=False)


@dataclass(frozen=True)
class Call:
    """One person to call: by when, how, and what was tried since the form was sent.

    ``has_withdrawn``: since they last sent; they are called for a danger they told, and for nothing else.
    """

    partner_id: str
    case_id: str
    slot: str
    name: str | None = field(repr=False)
    language: str
    due_at: datetime | None
    level: int
    sent_at: datetime | None
    next_try_at: datetime | None
    settled_at: datetime | None
    contact: Mapping[str, Any] | None = field(repr=False)
    channel: Channel
    attempts: tuple[Attempt, ...]
    has_withdrawn: bool = False


@dataclass(frozen=True)
class CallPage:
    """Calls, the longest overdue first, and where to go on."""

    calls: tuple[Call, ...]
    after: Cursor | None


def page(session: Session, tools: Tools, *, by: Viewer, after: Cursor | None = None) -> CallPage:
    """Calls of open cases that this therapist may see, and the event that they were looked at.

    Four statements, whatever the list holds.
    """
    c, v = table_of(CaseFile).c, table_of(CallPlan).c
    wanted = _calls().where(
        v.due_at.is_not(None),
        v.settled_at.is_(None),
        c.closed_at.is_(None),
        caseload_queries.is_visible(),
    )
    if after is not None:
        wanted = wanted.where(tuple_(v.due_at, v.partner_id) > tuple_(after.at, after.id))
    values = {"viewer": by.id, "now": tools.now()}
    # As the index of open plans has them, "settled" first: PostgreSQL would else read all partners to sort.
    ordered = wanted.order_by(v.settled_at, v.due_at, v.partner_id).limit(PAGE + 1)
    rows = session.execute(ordered, values).all()
    calls = _opened(session, tools, rows[:PAGE])
    detail = {"rows": len(calls)}
    audit.record(session, tools, by=by, verb="calls.viewed", subject=("staff", by.id), detail=detail)
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return CallPage(calls, None if last is None else Cursor(0, last.due_at, last.id))


def of_case(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> tuple[Call, ...]:
    """Both people of a case as a caller needs them, slot a first, and the event. Four statements."""
    c, p = table_of(CaseFile).c, table_of(Partner).c
    rows = session.execute(_calls().where(c.id == case_id).order_by(p.slot)).all()
    calls = _opened(session, tools, rows)
    audit.record(session, tools, by=by, verb="case.calls_viewed", subject=("case", case_id))
    return calls


def _calls() -> Select[Any]:
    c, p, a, v, n = (table_of(model) for model in (CaseFile, Partner, Account, CallPlan, Consent))
    consent = (
        select(n.c.id)
        .where(n.c.partner_id == p.c.id)
        .order_by(n.c.given_at.desc(), n.c.id.desc())
        .limit(1)
        .correlate(p)
        .scalar_subquery()
    )
    return (
        select(
            p.c.id, p.c.case_id, p.c.slot, a.c.language, v.c.due_at, v.c.level, v.c.sent_at,
            v.c.next_try_at, v.c.settled_at, n.c.id.label("consent_id"), n.c.name_sealed,
        )
        .join_from(p, c, p.c.case_id == c.c.id)
        .join(a, a.c.partner_id == p.c.id)
        .join(v, v.c.partner_id == p.c.id, isouter=True)
        .join(n, n.c.id == consent, isouter=True)
    )  # fmt: skip


def _opened(session: Session, tools: Tools, rows: Sequence[Any]) -> tuple[Call, ...]:
    ids = [row.id for row in rows]
    said = openings.statements(session, tools, ids, ["contact", "withdrawal"], openings.opened_or_lost)
    tried = _attempts(session, tools, ids)
    return tuple(_call(tools, row, said[row.id], tried.get(row.id, ())) for row in rows)


def _call(tools: Tools, row: Any, said: tuple[OpenedStatement, ...], tried: tuple[Attempt, ...]) -> Call:
    last = {one.kind: one for one in said}
    newest, withdrawal = last.get("contact"), last.get("withdrawal")
    contact = newest.body if newest else None
    return Call(
        partner_id=row.id,
        case_id=row.case_id,
        slot=row.slot,
        name=case_names.opened(tools, row.consent_id, row.name_sealed),
        language=row.language,
        due_at=row.due_at,
        level=row.level if row.level is not None else 3,
        sent_at=row.sent_at,
        next_try_at=row.next_try_at,
        settled_at=row.settled_at,
        contact=contact,
        channel=Channel.of(contact, is_wrong_number=_is_wrong(newest, tried)),
        attempts=tried,
        has_withdrawn=withdrawal is not None and (row.sent_at is None or withdrawal.said_at > row.sent_at),
    )


def _is_wrong(contact: OpenedStatement | None, tried: tuple[Attempt, ...]) -> bool:
    """Whether somebody else answered at this number since it was given."""
    return contact is not None and any(
        one.outcome == "wrong_number" and one.called_at >= contact.said_at for one in tried
    )


def _attempts(session: Session, tools: Tools, partner_ids: list[str]) -> dict[str, tuple[Attempt, ...]]:
    """Every call of these people, newest first. One statement."""
    c = table_of(CallAttempt).c
    rows = session.execute(
        select(table_of(CallAttempt))
        .where(c.partner_id.in_(partner_ids))
        .order_by(c.called_at.desc(), c.id.desc())
    ).all()
    found: dict[str, tuple[Attempt, ...]] = {}
    for row in rows:
        note = tools.vault.unbox("staff", Place("call_attempt", "note_box", row.id), row.note_box)
        one = Attempt(row.outcome, row.occasion, row.called_by, row.called_at, note)
        found[row.partner_id] = (*found.get(row.partner_id, ()), one)
    return found
