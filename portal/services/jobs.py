"""Jobs: what must happen, written as rows with their cause. The worker sweeps them; huey only wakes it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.models import Job, table_of
from portal.services.tools import Tools


def add(
    session: Session, tools: Tools, *, kind: str, subject_id: str, due_at: datetime | None = None
) -> None:
    """Ask for ``kind`` about ``subject_id``, due now unless said otherwise. Plain INSERT (partner door)."""
    row = {
        "id": tools.new_id(),
        "kind": kind,
        "subject_id": subject_id,
        "due_at": due_at or tools.now(),
        "attempts": 0,
    }
    session.execute(insert(table_of(Job)), [row])
