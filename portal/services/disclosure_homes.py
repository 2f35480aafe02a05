"""Where one person's record lay when: a merge moves it, while what left is noted with the case of then."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import AuditEvent, table_of
from portal.services import audit


@dataclass(frozen=True)
class Home:
    """A case that held the record after ``since`` and until ``until``; ``slot`` "" where it is not known."""

    case_id: str
    slot: str
    since: datetime | None
    until: datetime | None

    def was_then(self, at: datetime) -> bool:
        """Whether the record lay here at a moment."""
        return (self.since is None or self.since <= at) and (self.until is None or at <= self.until)


def of_person(session: Session, case_id: str, slot: str) -> tuple[Home, ...]:
    """The case of today first, then where the record came from. One statement."""
    c = table_of(AuditEvent).c
    rows = session.execute(
        select(c.subject_id, c.happened_at, c.detail)
        .where(audit.of_kinds("case.merged"))
        .order_by(c.happened_at.desc())
    ).all()
    found, until = [], None
    for row in rows:
        detail = json.loads(row.detail)
        if row.subject_id == case_id and detail.get("slot") == slot:
            # Of the case it came from it is known that this record alone had joined, not in which slot.
            before = (str(detail["other"]), "")
        elif detail.get("set_apart") == case_id:
            before = (row.subject_id, slot)
        else:
            continue
        found.append(Home(case_id, slot, row.happened_at, until))
        (case_id, slot), until = before, row.happened_at
    return (*found, Home(case_id, slot, None, until))
