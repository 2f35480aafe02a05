"""Jobs: what must happen, written as rows with their cause. The worker sweeps them; huey only wakes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from portal.driven import Driven
from portal.models import Job, table_of
from portal.services.tools import Tools
from portal.store import Hot

#: How long one worker may take for a job before another one may have it.
LEASE: Final = timedelta(minutes=2)
#: So many are taken together at most.
AT_ONCE: Final = 20
#: After a failure no job waits longer than this.
LONGEST_WAIT: Final = timedelta(minutes=30)


def add(session: Hot, tools: Tools, *, kind: str, subject_id: str, due_at: datetime | None = None) -> None:
    """Ask for ``kind`` about ``subject_id``, due now unless said otherwise. Plain INSERT (partner door)."""
    row = {
        "id": tools.new_id(),
        "kind": kind,
        "subject_id": subject_id,
        "due_at": due_at or tools.now(),
        "attempts": 0,
    }
    _insert().change(session, row)


@cache
def _insert() -> Driven:
    return Driven(insert(table_of(Job)))


def is_asked(session: Session, *, kind: str, subject_id: str, due_at: datetime) -> bool:
    """Whether this very job already waits."""
    c = table_of(Job).c
    found = session.scalar(
        select(c.id).where(
            c.done_at.is_(None), c.due_at == due_at, c.kind == kind, c.subject_id == subject_id
        )
    )
    return found is not None


def waits(session: Session, tools: Tools, *, kind: str) -> bool:
    """Whether a job of this kind is due and not done."""
    c = table_of(Job).c
    due = select(c.id).where(c.done_at.is_(None), c.due_at <= tools.now(), c.kind == kind).limit(1)
    return session.scalar(due) is not None


def waiting(session: Session, tools: Tools, *, kind: str) -> frozenset[str]:
    """Subjects of all jobs of a kind that are due or will be tried again.

    Not those that are asked for at a far day: the index of open jobs is read as far as the longest wait.
    """
    c = table_of(Job).c
    soon = c.done_at.is_(None) & (c.due_at <= tools.now() + LONGEST_WAIT) & (c.kind == kind)
    return frozenset(session.scalars(select(c.subject_id).where(soon)))


def add_once(session: Session, tools: Tools, *, kind: str, subject_id: str, within: timedelta) -> None:
    """Ask for ``kind`` again in a while, unless it is asked for already at a later time than now."""
    c, now = table_of(Job).c, tools.now()
    later = select(c.id).where(c.done_at.is_(None), c.kind == kind, c.due_at > now).limit(1)
    if session.execute(later).one_or_none() is None:
        add(session, tools, kind=kind, subject_id=subject_id, due_at=now + within)


@dataclass(frozen=True)
class WaitingJob:
    """One job to do."""

    id: str
    kind: str
    subject_id: str
    attempts: int


def lease(
    session: Session, tools: Tools, *, limit: int = AT_ONCE, without: Collection[str] = ()
) -> tuple[WaitingJob, ...]:
    """Take up to ``limit`` due jobs for a while, oldest first, so that two workers never do one at once.

    ``without``: kinds that are left where they are.
    """
    c, now = table_of(Job).c, tools.now()
    rows = session.execute(
        select(c.id, c.kind, c.subject_id, c.attempts)
        .where(c.done_at.is_(None), c.due_at <= now)
        .where(or_(c.leased_until.is_(None), c.leased_until < now))
        .where(*([c.kind.not_in(without)] if without else []))
        .order_by(c.due_at, c.id)
        .limit(limit)
    ).all()
    if not rows:
        return ()
    ids = [row.id for row in rows]
    session.execute(update(table_of(Job)).where(c.id.in_(ids)).values(leased_until=now + LEASE))
    return tuple(WaitingJob(row.id, row.kind, row.subject_id, row.attempts) for row in rows)


def hold(session: Session, tools: Tools, *, kind: str, subject_id: str) -> None:
    """Keep a job that takes longer than its lease: it is still being done."""
    c = table_of(Job).c
    mine = (c.kind == kind) & (c.subject_id == subject_id) & c.done_at.is_(None) & c.leased_until.is_not(None)
    session.execute(update(table_of(Job)).where(mine).values(leased_until=tools.now() + LEASE))


def done(session: Session, tools: Tools, job: WaitingJob) -> None:
    """Note a job as done; belongs into the transaction that did it."""
    _set(session, job, done_at=tools.now(), leased_until=None)


def end(session: Session, tools: Tools, *, kind: str, subject_id: str) -> None:
    """Note every job of this kind about this as done: what it stood for is over."""
    c = table_of(Job).c
    open_ones = (c.kind == kind) & (c.subject_id == subject_id) & c.done_at.is_(None)
    session.execute(update(table_of(Job)).where(open_ones).values(done_at=tools.now(), leased_until=None))


def failed(session: Session, tools: Tools, job: WaitingJob, error: Exception) -> None:
    """Note a failure by the error's class alone, and try again: after 1, 2, 4 … at most 30 minutes.

    A job is never given up: what must happen stands until it has happened.
    """
    wait = min(timedelta(minutes=2 ** min(job.attempts, 5)), LONGEST_WAIT)
    name = type(error).__name__[:64]
    _set(
        session, job, due_at=tools.now() + wait, leased_until=None, attempts=job.attempts + 1, last_error=name
    )


def _set(session: Session, job: WaitingJob, **values: object) -> None:
    c = table_of(Job).c
    session.execute(update(table_of(Job)).where(c.id == job.id).values(**values))
