"""Insights: counts over all cases, reckoned by the worker, kept boxed, read by one statement.

Routes, reviews and leans are encrypted, so that no query can count them; the worker opens them in batches and
keeps nothing but sums (docs/decisions/0044). No id, no day and no text gets into them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import CaseFile, Insight, table_of
from portal.services import audit, jobs, practices
from portal.services.insight_tally import Tally
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place

INSIGHT_ID: Final = "practice"
JOB: Final = "insights"
#: What was counted so far, while more is to be counted.
BUILDING_ID: Final = "building"
BATCH: Final = 200
#: Batches of one job: a second or two of work.
SLICE: Final = 10
#: Figures older than this are reckoned anew when somebody looks, and every day.
STALE_AFTER: Final = timedelta(hours=1)
AGAIN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True)
class InsightView:
    """The figures kept last: part -> key -> count."""

    counts: Mapping[str, Mapping[str, int]]
    made_at: datetime


def viewed(session: Session, tools: Tools, *, by: Viewer) -> InsightView | None:
    """The figures and the event of looking; asks for new ones where they are old. None before the first."""
    kept = _kept(session, tools, INSIGHT_ID)
    audit.record(session, tools, by=by, verb="insights.viewed", subject=("practice", INSIGHT_ID))
    if kept is None or kept[1] < tools.now() - STALE_AFTER:
        _ask(session, tools)
    return None if kept is None else InsightView(*kept)


def _ask(session: Session, tools: Tools) -> None:
    if not jobs.waits(session, tools, kind=JOB):
        jobs.add(session, tools, kind=JOB, subject_id=INSIGHT_ID)


def reckon(store: Store, tools: Tools) -> bool:
    """One slice of counting everything anew, in short readings; whether that was the last one.

    Between slices the worker does what is more urgent. What was counted so far is kept with where to go on,
    in one write: a worker that was stopped goes on there, and counts nothing twice.
    """
    with store.staff.read() as session:
        tally, after = _begun(session, tools)
    for _ in range(SLICE):
        with store.staff.read() as session:
            case_ids = _cases(session, after)
            tally.add(session, case_ids, practices.view(session))
        if len(case_ids) < BATCH:
            _finish(store, tools, tally)
            return True
        after = case_ids[-1]
    with store.staff.write() as session:
        _keep(session, tools, BUILDING_ID, {"after": after, "counts": tally.counts})
        jobs.add(session, tools, kind=JOB, subject_id=INSIGHT_ID)
    return False


def _begun(session: Session, tools: Tools) -> tuple[Tally, str]:
    """Where the last slice stopped; from the start where there is none or it is a day old."""
    kept = _kept(session, tools, BUILDING_ID)
    tally = Tally(tools)
    if kept is None or kept[1] < tools.now() - AGAIN_AFTER:
        return tally, ""
    for part, counts in kept[0]["counts"].items():
        tally.counts[part].update(counts)
    return tally, kept[0]["after"]


def _finish(store: Store, tools: Tools, tally: Tally) -> None:
    with store.staff.read() as session:
        tally.add_open(session)
    with store.staff.write() as session:
        _keep(session, tools, INSIGHT_ID, tally.counts)
        session.execute(delete(table_of(Insight)).where(table_of(Insight).c.id == BUILDING_ID))
        jobs.add_once(session, tools, kind=JOB, subject_id=INSIGHT_ID, within=AGAIN_AFTER)


def _kept(session: Session, tools: Tools, row_id: str) -> tuple[Any, datetime] | None:
    c = table_of(Insight).c
    row = session.execute(select(c.body_box, c.made_at).where(c.id == row_id)).one_or_none()
    if row is None:
        return None
    place = Place("insight", "body_box", row_id)
    return json.loads(tools.vault.unbox("staff", place, row.body_box)), row.made_at


def _keep(session: Session, tools: Tools, row_id: str, body: Mapping[str, Any]) -> None:
    text = json.dumps(body, sort_keys=True)
    session.execute(delete(table_of(Insight)).where(table_of(Insight).c.id == row_id))
    box = tools.vault.box("staff", Place("insight", "body_box", row_id), text)
    session.execute(insert(table_of(Insight)), [{"id": row_id, "body_box": box, "made_at": tools.now()}])


def _cases(session: Session, after: str) -> list[str]:
    c = table_of(CaseFile).c
    return [
        *session.scalars(
            select(c.id).where(c.id > after, c.merged_into_id.is_(None)).order_by(c.id).limit(BATCH)
        )
    ]
