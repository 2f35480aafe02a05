"""Absences: somebody is away from one day to another, and a colleague covers for exactly that span.

Whoever covers may open the cases of the one who is away and hears their alerts; nothing is reassigned, so
nothing has to be put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Absence, table_of
from portal.services import audit, people, practices
from portal.services.errors import BadInput, NotFound
from portal.services.tools import Tools

#: Nobody is away for longer in one go; a longer leave hands the cases over instead.
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True)
class AbsenceView:
    """One absence. ``first`` and ``last`` are days of the practice, both inclusive."""

    id: str
    staff_id: str
    cover_id: str | None
    first: date
    last: date
    is_now: bool


def coming(session: Session, tools: Tools) -> tuple[AbsenceView, ...]:
    """Absences that are not over, of everybody, in the order in which they begin."""
    c, now = table_of(Absence).c, tools.now()
    rows = session.execute(
        select(c.id, c.staff_id, c.cover_id, c.starts_at, c.ends_at)
        .where(c.ends_at > now)
        .order_by(c.starts_at, c.id)
    ).all()
    zone = ZoneInfo(practices.view(session).time_zone)
    return tuple(_view(row, zone, now) for row in rows)


def _view(row: Any, zone: ZoneInfo, now: datetime) -> AbsenceView:
    last = (row.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    return AbsenceView(
        row.id, row.staff_id, row.cover_id, row.starts_at.astimezone(zone).date(), last, row.starts_at <= now
    )


def add(
    session: Session, tools: Tools, *, staff_id: str, first: str, last: str, cover: str, by: Viewer
) -> None:
    """Note that somebody is away on these days (ISO dates, inclusive); ``cover``: a staff id or empty.

    Raises NotFound, and BadInput with a reason for each field at fault.
    """
    people.find(session, tools, staff_id)
    faults: dict[str, str] = {}
    days = {name: _day(text, name, faults) for name, text in (("away_from", first), ("away_until", last))}
    zone = ZoneInfo(practices.view(session).time_zone)
    begins, ends = days["away_from"], days["away_until"]
    if begins and ends:
        faults |= _order(begins, ends, tools.now().astimezone(zone).date())
    if cover and not _may_cover(session, tools, staff_id, cover):
        faults["cover"] = "no_such_therapist"
    if faults or begins is None or ends is None:
        raise BadInput(faults)
    row = {
        "id": tools.new_id(),
        "staff_id": staff_id,
        "cover_id": cover or None,
        "starts_at": datetime.combine(begins, time(), zone),
        "ends_at": datetime.combine(ends + timedelta(days=1), time(), zone),
        "set_by": by.id,
        "set_at": tools.now(),
    }
    session.execute(insert(table_of(Absence)), [row])
    detail = {"from": begins.isoformat(), "until": ends.isoformat(), "cover": cover or None}
    audit.record(session, tools, by=by, verb="absence.set", subject=("staff", staff_id), detail=detail)


def end(session: Session, tools: Tools, *, staff_id: str, absence_id: str, by: Viewer) -> None:
    """Somebody is back, or is not going away after all: the cover ends now. Raises NotFound."""
    table, now = table_of(Absence), tools.now()
    row = session.execute(
        select(table.c.cover_id, table.c.starts_at).where(
            table.c.id == absence_id, table.c.staff_id == staff_id, table.c.ends_at > now
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    starts_at = min(row.starts_at, now)
    session.execute(update(table).where(table.c.id == absence_id).values(starts_at=starts_at, ends_at=now))
    detail = {"cover": row.cover_id}
    audit.record(session, tools, by=by, verb="absence.ended", subject=("staff", staff_id), detail=detail)


def _day(text: str, name: str, faults: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        faults[name] = "bad_date" if text.strip() else "missing"
        return None


def _order(first: date, last: date, today: date) -> dict[str, str]:
    if last < first:
        return {"away_until": "before_since"}
    if last < today:
        return {"away_until": "is_past"}
    return {"away_until": "too_far"} if last - first > LONGEST else {}


def _may_cover(session: Session, tools: Tools, staff_id: str, cover: str) -> bool:
    try:
        colleague = people.find(session, tools, cover)
    except NotFound:
        return False
    return cover != staff_id and colleague.is_active and "therapist" in colleague.roles
