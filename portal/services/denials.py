"""Refused sign-ins in the trail: one event each, until there are so many that they would fill a disk.

Anybody can have these events written, as fast as passwords are hashed. A request writes each of them, for a
name that somebody has as for one that nobody has, so that nothing outside depends on how many there were.
What goes beyond ``MOST`` within an hour about one account (names that nobody has are two: a partner's and
staff's) is folded by the worker before it is numbered: into one event that tells how many, since when and
until when, which is all that the single ones said. It waits for its number until its hour is over.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import ColumnElement, Row, and_, delete, func, select
from sqlalchemy.orm import Session

from portal.domain.access import Kind, Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit
from portal.services.tools import Tools

#: What is folded.
VERBS: Final = frozenset({"sign_in.denied", "sign_in.code_denied"})
#: Events of their own an hour, about one account.
MOST: Final = 100
#: What a single one tells beside who and when.
_NOTHING: Final = "{}"
_WHEN: Final = ("since", "until")
_HOUR: Final = timedelta(hours=1)
_INSTANT: Final = timedelta(microseconds=1)


class _Alike(NamedTuple):
    """What refusals have in common that are told of together."""

    verb: str
    actor_kind: str
    actor_id: str
    subject_kind: str
    subject_id: str
    hour: datetime

    @property
    def end(self) -> datetime:
        """When the event that tells of many is dated: after each of them."""
        return self.hour + _HOUR - _INSTANT

    def events(self) -> ColumnElement[bool]:
        """Picks all of them, and what tells of them."""
        c = table_of(AuditEvent).c
        names = ("verb", "actor_kind", "actor_id", "subject_kind", "subject_id")
        is_alike = (c[name] == getattr(self, name) for name in names)
        return and_(c.happened_at.between(self.hour, self.end), *is_alike)


def is_growing(now: datetime) -> ColumnElement[bool]:
    """Picks the events that tell of many and whose hour is not over: they have no number yet."""
    c = table_of(AuditEvent).c
    return c.verb.in_(VERBS) & (c.detail != _NOTHING) & (c.happened_at > now)


def fold(session: Session, tools: Tools, ids: Sequence[str]) -> set[str]:
    """Fold what goes beyond, of these events that have no number yet; the ids of those that are gone."""
    gone: set[str] = set()
    try:
        for alike, rows in _grouped(session, tools, ids).items():
            room = max(0, MOST - _kept(session, alike))
            if rows[room:]:
                gone |= _folded(session, tools, alike, rows[room:])
    except (TypeError, ValueError, AttributeError):  # no portal writes such a row: it is numbered and found
        return gone
    return gone


def _grouped(session: Session, tools: Tools, ids: Sequence[str]) -> dict[_Alike, list[Row[Any]]]:
    """The single ones, oldest first. What was tampered with stays as it is, for ``audit verify`` to find."""
    c = table_of(AuditEvent).c
    found: dict[_Alike, list[Row[Any]]] = {}
    chosen = select(table_of(AuditEvent)).where(c.id.in_(ids), c.detail == _NOTHING)
    for row in session.execute(chosen.order_by(c.happened_at, c.id)):
        if _is_sound(tools, row):
            hour = row.happened_at.replace(minute=0, second=0, microsecond=0)
            alike = _Alike(row.verb, row.actor_kind, row.actor_id, row.subject_kind, row.subject_id, hour)
            found.setdefault(alike, []).append(row)
    return found


def _is_sound(tools: Tools, row: Row[Any]) -> bool:
    event = {**row._mapping, "happened_at": row.happened_at.isoformat()}
    return hmac.compare_digest(tools.vault.mac("audit_event", audit.message(event)), row.mac)


def _kept(session: Session, alike: _Alike) -> int:
    """How many of that hour have a number, each by itself."""
    c = table_of(AuditEvent).c
    is_one = alike.events() & (c.detail == _NOTHING) & c.number.is_not(None)
    return session.scalar(select(func.count()).select_from(table_of(AuditEvent)).where(is_one)) or 0


def _told(detail: str) -> dict[str, Any] | None:
    """What an event tells of many; None of one that no portal wrote, which stays, for people to find."""
    try:
        said = json.loads(detail)
        is_timed = all(datetime.fromisoformat(said[key]).isoformat() == said[key] for key in _WHEN)
        return said if is_timed and type(said["count"]) is int else None
    except (KeyError, TypeError, ValueError):
        return None


def _folded(session: Session, tools: Tools, alike: _Alike, rows: Sequence[Row[Any]]) -> set[str]:
    """One event in place of these, and of the one that tells of earlier ones of that hour."""
    c = table_of(AuditEvent).c
    is_told = alike.events() & (c.detail != _NOTHING) & c.number.is_(None)
    told = [
        (row, said)
        for row in session.execute(select(table_of(AuditEvent)).where(is_told))
        if _is_sound(tools, row) and (said := _told(row.detail)) is not None
    ]
    details = [said for _, said in told]
    moments = [row.happened_at.isoformat() for row in rows]
    detail = {
        "count": len(moments) + sum(one["count"] for one in details),
        "since": min([*moments, *(one["since"] for one in details)]),
        "until": max([*moments, *(one["until"] for one in details)]),
    }
    gone = {row.id for row in (*rows, *(row for row, _ in told))}
    session.execute(delete(table_of(AuditEvent)).where(c.id.in_(gone)))
    by = Viewer(kind=cast(Kind, alike.actor_kind), id=alike.actor_id)
    subject = (alike.subject_kind, alike.subject_id)
    audit.record(session, tools, by=by, verb=alike.verb, subject=subject, detail=detail, at=alike.end)
    return gone
