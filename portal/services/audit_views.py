"""The audit trail as staff read it: who did what when, searched, filtered, handed out.

An admin reads nothing that tells an answer or a finding; a therapist reads their own cases' trail whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Account, AuditEvent, Intake, Invitation, Partner, Statement, table_of
from portal.services import audit
from portal.services.audit_kinds import HIDDEN, OPEN, SEEN
from portal.services.tools import Tools
from portal.store import Store

PAGE: Final = 100
_PIECE: Final = 1000
SUBJECTS: Final = ("account", "case", "export", "intake", "invitation", "practice", "staff")


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


@dataclass(frozen=True)
class Wanted:
    """Which events. ``person``: a slot of the case that is the subject; ``actor``: a staff id; ``verb``: one
    kind, or "clinical"; from ``since`` on and before ``until``.
    """

    subject_kind: str = ""
    subject_id: str = ""
    person: str = ""
    actor: str = ""
    verb: str = ""
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING: Final = Wanted()


@dataclass(frozen=True)
class Seen:
    """How often somebody has seen a case, and when last."""

    staff_id: str
    times: int
    last_at: datetime


def page(
    session: Session,
    tools: Tools,
    *,
    by: Viewer,
    before: int | None = None,
    wanted: Wanted = EVERYTHING,
    is_whole: bool = False,
) -> Trail:
    """The newest events that are wanted, or those numbered below ``before``.

    Looking at them is an event as well. Events that are not chained yet stand on the first page.
    ``is_whole``: a therapist of the case reads clinical kinds by name.
    """
    c = table_of(AuditEvent).c
    chosen = _chosen(session, wanted, is_whole=is_whole).limit(PAGE + 1)
    fresh = []
    if before is None:
        newest_first = (c.happened_at.desc(), c.id.desc())
        fresh = list(session.execute(chosen.where(c.number.is_(None)).order_by(*newest_first)))
    older = c.number.is_not(None) if before is None else c.number < before
    rows = session.execute(chosen.where(older).order_by(c.number.desc())).all()
    shown = rows[:PAGE]
    subject = ("case", wanted.subject_id) if is_whole else ("staff", by.id)
    verb = "case.trail_viewed" if is_whole else "audit.viewed"
    audit.record(session, tools, by=by, verb=verb, subject=subject, detail=_detail(wanted, before))
    return Trail(
        tuple(_view(row, is_whole=is_whole) for row in (*fresh, *shown)),
        shown[-1].number if len(rows) > PAGE else None,
    )


def _detail(wanted: Wanted, before: int | None = None) -> audit.Detail:
    asked: dict[str, str | None] = {
        "kind": wanted.subject_kind, "about": wanted.subject_id, "person": wanted.person,
        "actor": wanted.actor, "verb": wanted.verb,
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
    }  # fmt: skip
    kept: dict[str, str | int | None] = {
        name: value for name, value in asked.items() if value or name in ("kind", "about")
    }
    kept["before"] = before
    return cast(audit.Detail, kept)


def seen_by(session: Session, case_id: str) -> tuple[Seen, ...]:
    """Who of the staff has seen something of a case, whoever saw it last first."""
    c = table_of(AuditEvent).c
    last = func.max(c.happened_at, type_=c.happened_at.type)
    rows = session.execute(
        select(c.actor_id, func.count().label("times"), last.label("last_at"))
        .where(c.subject_id == case_id, c.actor_kind == "staff", c.verb.in_(SEEN))
        .group_by(c.actor_id)
        .order_by(last.desc())
    ).all()
    return tuple(Seen(row.actor_id, row.times, row.last_at) for row in rows)


def hand_out(session: Session, tools: Tools, *, wanted: Wanted, by: Viewer) -> None:
    """Note that the trail leaves the portal, before its first byte does."""
    subject, detail = ("staff", by.id), _detail(wanted)
    audit.record(session, tools, by=by, verb="audit.exported", subject=subject, detail=detail)


def every(store: Store, wanted: Wanted) -> Iterator[EventView]:
    """All wanted events that are chained, the newest first, read in pieces: memory stays the same."""
    c = table_of(AuditEvent).c
    before: int | None = None
    while True:
        with store.staff.read() as session:
            older = c.number.is_not(None) if before is None else c.number < before
            chosen = _chosen(session, wanted, is_whole=False).where(older)
            rows = session.execute(chosen.order_by(c.number.desc()).limit(_PIECE)).all()
        yield from (_view(row, is_whole=False) for row in rows)
        if len(rows) < _PIECE:
            return
        before = rows[-1].number


def _chosen(session: Session, wanted: Wanted, *, is_whole: bool) -> Select[Any]:
    c = table_of(AuditEvent).c
    found: list[ColumnElement[bool]] = [c.actor_id == wanted.actor] if wanted.actor else []
    if wanted.person:
        found.append(_about_person(session, wanted, is_whole=is_whole))
    elif wanted.subject_id:
        found.append(c.subject_id == wanted.subject_id)
    if wanted.subject_kind and not wanted.person:
        found.append(c.subject_kind == wanted.subject_kind)
    if wanted.verb:
        found.append(c.verb.not_in(OPEN) if wanted.verb == HIDDEN else c.verb == wanted.verb)
    if wanted.since is not None:
        found.append(c.happened_at >= wanted.since)
    if wanted.until is not None:
        found.append(c.happened_at < wanted.until)
    return select(table_of(AuditEvent)).where(*found)


def _about_person(session: Session, wanted: Wanted, *, is_whole: bool) -> ColumnElement[bool]:
    """Events about one person of a case: their account, forms, words, and the case's that name their slot."""
    c, p = table_of(AuditEvent).c, table_of(Partner).c
    partner_id = session.scalar(select(p.id).where(p.case_id == wanted.subject_id, p.slot == wanted.person))
    ids = [partner_id or ""]
    for model in (Account, Intake, Statement, Invitation):
        own = table_of(model).c
        ids += session.scalars(select(own.id).where(own.partner_id == partner_id)).all()
    named = (c.subject_id == wanted.subject_id) & c.detail.contains(f'"slot": "{wanted.person}"')
    return or_(c.subject_id.in_(ids), named if is_whole else named & c.verb.in_(OPEN))


def _view(row: Row[Any], *, is_whole: bool) -> EventView:
    is_hidden = row.verb not in OPEN and not is_whole
    return EventView(
        number=row.number,
        happened_at=row.happened_at,
        verb=HIDDEN if is_hidden else row.verb,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        detail={} if is_hidden else json.loads(row.detail),
    )
