"""A change of settings that the rules read: every open case is routed anew, a few at a time.

One job walks the cases in the order of their ids. What it is about is the id that it came to: the worker
routes the next few, each as if it had a job of its own, then puts the job that goes on in the place of this
one, in one short transaction. A worker that was killed does the last few again, and skips none. A case that
is opened, or opened again, meanwhile is read by the new settings anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, and_, bindparam, delete, exists, select
from sqlalchemy.orm import Session

from portal.models import CaseFile, Job, UtcDateTime, table_of
from portal.services import jobs
from portal.services.case_reading import this_case
from portal.services.tools import Tools

KIND: Final = "reroute"
#: Comes before every id.
START: Final = ""
#: Cases routed by one job: about half a second of work, after which safety and mail come in between.
AT_ONCE: Final = 50
#: Rows read by one job at most, where most cases are closed.
_READ: Final = 2_000


@dataclass(frozen=True)
class Few:
    """The next cases after an id, the last id that was read for them, and whether none comes after it."""

    case_ids: tuple[str, ...]
    up_to: str
    is_last: bool


def begin(session: Session, tools: Tools) -> None:
    """Ask for a walk from the first case on; one that is under way goes no further."""
    session.execute(_waiting_walks(), {"until": tools.now() + jobs.LONGEST_WAIT})
    jobs.add(session, tools, kind=KIND, subject_id=START)


def is_under_way(session: Session, tools: Tools) -> bool:
    """Whether some case is still to be routed by settings that were changed."""
    c = table_of(Job).c
    found = select(c.id).where(_waits()).limit(1)
    return session.scalar(found, {"until": tools.now() + jobs.LONGEST_WAIT}) is not None


def next_few(session: Session, after: str) -> Few:
    """The next open cases, by their ids; the same ones however often it is asked."""
    c = table_of(CaseFile).c
    rows = session.execute(select(c.id, c.closed_at).where(c.id > after).order_by(c.id).limit(_READ)).all()
    is_open = [row.id for row in rows if row.closed_at is None]
    if len(is_open) > AT_ONCE:
        return Few(tuple(is_open[:AT_ONCE]), is_open[AT_ONCE - 1], is_last=False)
    return Few(tuple(is_open), rows[-1].id if rows else after, is_last=len(rows) < _READ)


def go_on(session: Session, tools: Tools, few: Few, *, after: str, failed: Iterable[str]) -> None:
    """The job that stands at ``after`` makes way for the next; each case that failed gets a job of its own.

    Where it stands no more, settings were changed again meanwhile: another walk has begun.
    """
    here = _waiting_walks().where(table_of(Job).c.subject_id == after).returning(table_of(Job).c.id)
    stood = session.scalars(here, {"until": tools.now() + jobs.LONGEST_WAIT}).all()
    for case_id in failed:
        jobs.add(session, tools, kind="route", subject_id=case_id)
    if stood and not few.is_last:
        jobs.add(session, tools, kind=KIND, subject_id=few.up_to)


def is_coming(job: Any) -> ColumnElement[bool]:
    """Whether a job (columns) is a walk that is still to come by ``this_case()``."""
    c = table_of(CaseFile).c
    is_open = exists().where(c.id == this_case(), c.closed_at.is_(None))
    return and_(job.kind == KIND, job.subject_id < this_case(), is_open)


def _waits() -> ColumnElement[bool]:
    """No later than the longest wait after a failure: else every case's day of growing stale were walked."""
    c = table_of(Job).c
    return c.done_at.is_(None) & (c.due_at <= bindparam("until", type_=UtcDateTime)) & (c.kind == KIND)


def _waiting_walks() -> Delete:
    return delete(table_of(Job)).where(_waits())
