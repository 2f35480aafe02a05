"""What a partner's own start page says: their own acts, and what staff released to them. Nothing else.

No value here depends on the other partner, on an answer or on a route (security.md P3, P4).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain import working_days
from portal.domain.access import Viewer
from portal.domain.lifecycle import Step, next_step
from portal.models import Intake, Notice, table_of
from portal.services import statements, way_in
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class NoticeView:
    """One released letter, appointment or request: ``kind`` and the copied text with its details."""

    kind: str
    shown_from: datetime
    body: dict[str, Any]


@dataclass(frozen=True)
class Home:
    """The start page. ``sent_at``: the newest sending; ``call_by``: the day, by own clock, of the call.

    ``step``: the own next page; ``home`` when there is none. ``withdrawn_at``: a withdrawal that still
    stands, that is, after which nothing was sent.
    """

    step: Step
    sent_at: datetime | None
    call_by: date | None
    withdrawn_at: datetime | None
    notices: tuple[NoticeView, ...]
    #: When the viewer last answered a proposed appointment, and the times that may still be answered.
    answered_at: datetime | None = None
    open_times: tuple[str, ...] = ()


def home(session: Session, tools: Tools, *, practice: PracticeView, by: Viewer) -> Home:
    """The viewer's start page; days are counted as the practice works. Partner door."""
    sent, said = sent_at(session, by=by), statements.last_said(session, by=by)
    withdrawn_at, shown = said.get("withdrawal"), notices(session, tools, by=by)
    if withdrawn_at is not None and sent is not None and sent > withdrawn_at:
        withdrawn_at = None
    return Home(
        step=next_step(way_in.progress(session, by=by)),
        sent_at=sent,
        call_by=None if sent is None else call_by(sent, practice),
        withdrawn_at=withdrawn_at,
        notices=shown,
        answered_at=said.get("appointment_answer"),
        open_times=open_times(shown, tools.now()),
    )


def open_times(shown: Iterable[NoticeView], now: datetime) -> tuple[str, ...]:
    """Beginnings (ISO) of proposed appointments that lie ahead: those that may be answered."""
    found = (one.body.get("starts_at") for one in shown if one.kind == "appointment")
    return tuple(at for at in found if at and datetime.fromisoformat(at) > now)


def answer_appointment(
    session: Session, tools: Tools, *, starts_at: str, choice: str, text: str, by: Viewer
) -> bool:
    """Keep the viewer's own answer to a proposed time, sealed; False where no such time lies ahead of them.

    Each person answers for themselves, and nobody but the practice learns of it. Partner door.
    """
    if starts_at not in open_times(notices(session, tools, by=by), tools.now()):
        return False
    body = {"starts_at": starts_at, "choice": choice, "text": text}
    statements.state(session, tools, kind="appointment_answer", body=body, by=by)
    return True


def call_by(sent_at: datetime, practice: PracticeView) -> date:
    """The day until which somebody calls: own sending plus a constant, for every route alike."""
    day = sent_at.astimezone(ZoneInfo(practice.time_zone)).date()
    return working_days.after(day, working_days.CALL_WITHIN, practice.calendar)


def notices(session: Session, tools: Tools, *, by: Viewer) -> tuple[NoticeView, ...]:
    """What was released to the viewer and is due, newest first. Partner door."""
    c = table_of(Notice).c
    rows = session.execute(
        select(c.id, c.kind, c.body_box, c.shown_from)
        .where(c.partner_id == by.partner_id, c.shown_from <= tools.now())
        .order_by(c.shown_from.desc(), c.id)
    ).all()
    return tuple(
        NoticeView(
            kind=row.kind,
            shown_from=row.shown_from,
            body=json.loads(tools.vault.unbox("partner", Place("notice", "body_box", row.id), row.body_box)),
        )
        for row in rows
    )


def sent_at(session: Session, *, by: Viewer) -> datetime | None:
    """When the viewer last sent a form. Partner door."""
    c = table_of(Intake).c
    sent: datetime | None = session.scalar(
        select(c.submitted_at)
        .where(c.partner_id == by.partner_id, c.submitted_at.is_not(None))
        .order_by(c.round.desc())
        .limit(1)
    )
    return sent
