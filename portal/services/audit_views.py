"""The audit trail as an admin reads it: who did what when. Nothing that tells an answer or a finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit
from portal.services.tools import Tools

PAGE: Final = 100
SUBJECTS: Final = ("account", "case", "export", "intake", "invitation", "practice", "staff")
#: Verbs whose kind alone would tell a finding, a route or what a therapist thinks of them: admins see
#: that something clinical happened, when and by whom, and no more.
_CLINICAL: Final = (
    "finding", "recommendation", "clearance", "review", "interview", "letter.waits", "facts", "break_glass",
    "invitation.not_now", "section", "intake.clear",
)  # fmt: skip


@dataclass(frozen=True)
class EventView:
    """One event. ``number`` None until the worker has chained it; ``verb`` "clinical" hides which one."""

    number: int | None
    happened_at: datetime
    verb: str
    actor_kind: str
    actor_id: str
    subject_kind: str
    subject_id: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Trail:
    """One page of events, newest first. ``before``: where the next page begins, None on the last."""

    events: tuple[EventView, ...]
    before: int | None


def page(
    session: Session,
    tools: Tools,
    *,
    by: Viewer,
    before: int | None = None,
    subject_kind: str = "",
    subject_id: str = "",
) -> Trail:
    """The newest events, or those numbered below ``before``; of one kind of subject or one subject if given.

    Looking at them is an event as well. Events that are not chained yet stand on the first page.
    """
    c = table_of(AuditEvent).c
    wanted = select(table_of(AuditEvent)).limit(PAGE + 1)
    if subject_kind:
        wanted = wanted.where(c.subject_kind == subject_kind)
    if subject_id:
        wanted = wanted.where(c.subject_id == subject_id)
    fresh = []
    if before is None:
        newest_first = (c.happened_at.desc(), c.id.desc())
        fresh = list(session.execute(wanted.where(c.number.is_(None)).order_by(*newest_first)))
    older = c.number.is_not(None) if before is None else c.number < before
    rows = session.execute(wanted.where(older).order_by(c.number.desc())).all()
    shown = rows[:PAGE]
    detail: audit.Detail = {"kind": subject_kind, "about": subject_id, "before": before}
    audit.record(session, tools, by=by, verb="audit.viewed", subject=("staff", by.id), detail=detail)
    return Trail(
        tuple(_view(row) for row in (*fresh, *shown)), shown[-1].number if len(rows) > PAGE else None
    )


def _view(row: Row[Any]) -> EventView:
    is_clinical = row.verb.startswith(_CLINICAL)
    return EventView(
        number=row.number,
        happened_at=row.happened_at,
        verb="clinical" if is_clinical else row.verb,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        detail={} if is_clinical else json.loads(row.detail),
    )
