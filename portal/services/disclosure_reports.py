"""Which files by name that left the portal held one person's data: yes, no, or no longer to be known.

Read from what was asked for and from what has changed since, never from a file. A report chosen by the
advice or by a signature stays "may hold" for everybody in its days: a list that is handed to one person must
not tell what hangs on the other's answers as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal.models import AuditEvent, CaseFile, Export, Intake, Partner, Statement, table_of
from portal.services import audit, practices
from portal.services.disclosure_homes import Home
from portal.services.export_orders import PAPERS, Filters
from portal.services.tools import Tools
from portal.vault import Place

_STAFFED: Final = (
    *("case.opened", "case.assigned", "case.unassigned", "case.conflict_set", "case.reopened"),
    "staff.changed",
)
_ENDED: Final = ("case.opened", "case.closed", "case.reopened", "case.merged_away")
#: Yes, no, or None: cannot be known.
Known = bool | None


@dataclass(frozen=True)
class Disclosure:
    """One time that data left: ``by`` a staff id, ``to`` a key (this person, the practice, outside).

    ``is_certain``: False where it may have held this person and nothing stored can tell.
    """

    happened_at: datetime
    kind: str
    by: str
    to: str
    why: str = field(default="", repr=False)
    is_certain: bool = True


@dataclass(frozen=True)
class _Event:
    """One change of a case, or of a therapist."""

    at: datetime
    verb: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class _Person:
    """What of a person and their cases decides whether a report held them."""

    homes: tuple[Home, ...]
    created_at: datetime
    sent: Sequence[datetime]
    withdrawn: Sequence[datetime]
    events: Sequence[_Event]
    cases: dict[str, tuple[str, bool]]
    zone: ZoneInfo
    zone_set_at: datetime | None


def of_person(
    session: Session, tools: Tools, *, homes: tuple[Home, ...], partner_id: str
) -> list[Disclosure]:
    """Each time somebody fetched such a file, or had a command write it. What nobody fetched never left."""
    person, found = _person(session, homes, partner_id), []
    for row, at, by, how in _left(session):
        holds = _holds(row, person)
        if holds is not False:
            why = tools.vault.unbox("staff", Place("export", "purpose_box", row.id), row.purpose_box)
            to = "person" if row.report == "person" else "outside"
            kind = f"{row.report}.{how}"
            found.append(Disclosure(at, kind, by, to, why, is_certain=holds is True))
    return found


def _left(session: Session) -> list[tuple[Row[Any], datetime, str, str]]:
    """Identified reports with when, by whom and how they left. Two statements."""
    e, a = table_of(Export), table_of(AuditEvent).c
    named = select(e).where(e.c.identified)
    fetched = session.execute(
        named.add_columns(a.happened_at.label("left_at"), a.actor_id.label("left_by"))
        .join_from(e, table_of(AuditEvent), a.subject_id == e.c.id)
        .where(audit.of_kinds("export.downloaded"))
    ).all()
    written = session.execute(named.where(e.c.state == "handed_over")).all()
    return [
        *((row, row.left_at, row.left_by, "fetched") for row in fetched),
        *((row, row.asked_at, row.asked_by, "written") for row in written),
    ]


def _person(session: Session, homes: tuple[Home, ...], partner_id: str) -> _Person:
    i, s, p, f = (table_of(model).c for model in (Intake, Statement, Partner, CaseFile))
    own = i.partner_id == partner_id
    sent = session.scalars(select(i.submitted_at).where(own, i.submitted_at.is_not(None))).all()
    gone = select(s.said_at).where(s.partner_id == partner_id, s.kind == "withdrawal")
    ids = [home.case_id for home in homes]
    cases = session.execute(select(f.id, f.therapist_id, f.closed_at).where(f.id.in_(ids))).all()
    events = _events(session, ids)
    zoned = [event.at for event in events if "time_zone" in event.detail.get("settings", ())]
    return _Person(
        homes,
        session.execute(select(p.created_at).where(p.id == partner_id)).scalar_one(),
        [moment for moment in sent if moment is not None],
        session.scalars(gone).all(),
        events,
        {row.id: (row.therapist_id or "", row.closed_at is not None) for row in cases},
        ZoneInfo(practices.view(session).time_zone),
        max(zoned, default=None),
    )


def _events(session: Session, case_ids: Sequence[str]) -> list[_Event]:
    """What changed these cases, any therapist's account and the settings, oldest first."""
    c = table_of(AuditEvent).c
    rows = session.execute(
        select(c.happened_at, c.verb, c.subject_id, c.detail)
        .where(
            c.subject_id.in_(case_ids) & c.verb.in_((*_STAFFED, *_ENDED))
            | audit.of_kinds("staff.changed", "settings.changed")
        )
        .order_by(c.happened_at)
    ).all()
    return [_Event(row.happened_at, row.verb, row.subject_id, json.loads(row.detail)) for row in rows]


def _all(said: Iterable[Known]) -> Known:
    known = tuple(said)
    return False if False in known else None if None in known else True


def _any(said: Iterable[Known]) -> Known:
    known = tuple(said)
    return True if True in known else None if None in known else False


def _holds(row: Row[Any], person: _Person) -> Known:
    filters = Filters(**json.loads(row.filters))
    home = next(home for home in person.homes if home.was_then(row.asked_at))
    moved = None if home.until is not None and _is_during(home.until, row) else True
    if row.report in PAPERS:
        was_there = row.finished_at is None or person.created_at <= row.finished_at
        is_slot = True if row.report == "case" or home.slot == filters.slot else _or_unknown(home)
        return _all((filters.case == home.case_id, was_there, moved, is_slot))
    if row.rows == 0:
        return False
    return _all(
        (
            _any(_all((_is_in_days(row, person, at), _is_kept(row, person, at))) for at in person.sent),
            moved,
            _is_chosen(row, person, home, filters),
        )
    )


def _or_unknown(home: Home) -> Known:
    """Another slot: not this person's, if it is known which was theirs."""
    return False if home.slot else None


def _is_during(at: datetime, row: Row[Any]) -> bool:
    """Whether something happened while the rows were being read."""
    return at > row.asked_at and (row.finished_at is None or at <= row.finished_at)


def _is_in_days(row: Row[Any], person: _Person, sent_at: datetime) -> Known:
    if sent_at > row.asked_at:
        return False
    if row.since is None and row.until is None:
        return True
    if person.zone_set_at is not None and person.zone_set_at > row.asked_at:
        return None
    day = sent_at.astimezone(person.zone).date().isoformat()
    return (row.since or "") <= day <= (row.until or "9999")


def _is_kept(row: Row[Any], person: _Person, sent_at: datetime) -> Known:
    """A form that was withdrawn before is in no report."""
    gone = [at for at in person.withdrawn if at >= sent_at]
    if any(at <= row.asked_at for at in gone):
        return False
    return None if any(_is_during(at, row) for at in gone) else True


def _is_chosen(row: Row[Any], person: _Person, home: Home, filters: Filters) -> Known:
    therapist, is_closed = person.cases.get(home.case_id, ("", False))
    said: list[Known] = [None if filters.route or filters.status in ("signed", "unsigned") else True]
    if filters.therapist:
        about = (home.case_id, filters.therapist)
        changes = [e for e in person.events if e.subject in about and _is_staffing(e)]
        had = _then(row, changes, therapist, _therapist_of)
        said.append(None if had is None else had == filters.therapist)
    if filters.status in ("open", "closed"):
        changes = [e for e in person.events if e.verb in _ENDED and e.subject == home.case_id]
        was_closed = _then(row, changes, is_closed, _is_closed_by)
        said.append(None if was_closed is None else was_closed == (filters.status == "closed"))
    return _all(said)


def _then(row: Row[Any], changes: Sequence[_Event], now: Any, told: Callable[[_Event], Any]) -> Any:
    """What a case's therapist or end was while a report was read; None where no event tells it."""
    if any(_is_during(event.at, row) for event in changes):
        return None
    before = [event for event in changes if event.at <= row.asked_at]
    if len(before) == len(changes):
        return now
    return told(before[-1]) if before else None


def _is_staffing(event: _Event) -> bool:
    told = {"case.conflict_set": "unassigned", "staff.changed": "cases_unassigned"}.get(event.verb, "")
    return event.verb in _STAFFED and bool(event.detail.get(told, True))


def _therapist_of(event: _Event) -> str | None:
    """None for what may have taken the therapist away or not, and for a record set apart, which kept one."""
    if event.verb in ("case.reopened", "staff.changed") or event.detail.get("origin") == "set_apart":
        return None
    return event.detail.get("therapist") or ""


def _is_closed_by(event: _Event) -> Known:
    """None for a record set apart, which begins open or closed."""
    return (
        None
        if event.detail.get("origin") == "set_apart"
        else event.verb in ("case.closed", "case.merged_away")
    )
