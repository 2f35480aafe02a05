"""How a case comes to be somebody's to see, as SQL: theirs, nobody's, covered, by broken glass; never barred.

``domain/access.can_open_case`` says what follows from it; here stands what the database knows. A list and a
look at one case ask the same conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from portal.models import Absence, BreakGlass, CaseFile, ConflictBlock, table_of
from portal.services.errors import NotFound


@dataclass(frozen=True)
class Ways:
    """Conditions on ``case_file`` for one viewer; ``conflicted`` closes what the others open."""

    own: ColumnElement[bool]
    unassigned: ColumnElement[bool]
    covering: ColumnElement[bool]
    broken: ColumnElement[bool]
    conflicted: ColumnElement[bool]


def ways(viewer_id: Any, now: Any) -> Ways:
    """The conditions; ``viewer_id`` and ``now`` are values or bound parameters."""
    c, g, a = table_of(CaseFile).c, table_of(BreakGlass).c, table_of(Absence).c
    away = select(a.staff_id).where(a.cover_id == viewer_id, a.starts_at <= now, a.ends_at > now)
    broken = select(g.case_id).where(g.staff_id == viewer_id, g.expires_at > now)
    return Ways(
        own=c.therapist_id == viewer_id,
        unassigned=c.therapist_id.is_(None),
        covering=c.therapist_id.in_(away),
        broken=c.id.in_(broken),
        conflicted=barred_from(c.id, viewer_id),
    )


def barred_from(case_id: ColumnElement[str], viewer_id: Any) -> ColumnElement[bool]:
    """Whether a conflict of interest closes the case of this column to the viewer.

    First whether there is any at all, which mostly there is not: for each list that it may have to look into,
    SQLite asks for 90 KB and writes on all of it.
    """
    b = table_of(ConflictBlock).c
    barred = select(b.case_id).where(b.staff_id == viewer_id, b.lifted_at.is_(None))
    return and_(barred.exists(), case_id.in_(barred))


def barred(session: Session, case_id: str) -> frozenset[str]:
    """Staff ids that a conflict of interest keeps away from a case. One statement."""
    b = table_of(ConflictBlock).c
    return frozenset(session.scalars(select(b.staff_id).where(b.case_id == case_id, b.lifted_at.is_(None))))


def require_free(session: Session, case_id: str, staff_id: str) -> None:
    """Raise NotFound where a conflict of interest closes the case to this person."""
    if staff_id in barred(session, case_id):
        raise NotFound


def in_charge(session: Session, case_id: str, now: datetime) -> frozenset[str]:
    """The case's therapist and whoever covers for them now. One statement."""
    c, a = table_of(CaseFile).c, table_of(Absence)
    is_away = (a.c.staff_id == c.therapist_id) & (a.c.starts_at <= now) & (a.c.ends_at > now)
    rows = session.execute(
        select(c.therapist_id, a.c.cover_id)
        .join_from(table_of(CaseFile), a, is_away, isouter=True)
        .where(c.id == case_id)
    )
    return frozenset(staff_id for row in rows for staff_id in row if staff_id is not None)
