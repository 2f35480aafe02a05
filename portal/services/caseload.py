"""The caseload: what needs this therapist now, safety first, then by waiting time.

One statement a page, whatever it holds: keyset paging over ``ix_case_file_own_queue`` (one short range for
the viewer's own cases, one for those nobody has, the few opened by break-glass), the newest
recommendation and consent names joined to the rows of the page, and the letters that wait for approval.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.visibility import ALONE_WAITS
from portal.models import (
    CaseFile,
    Consent,
    Letter,
    Recommendation,
    StaffAccount,
    UtcDateTime,
    table_of,
)
from portal.services import audit, case_access, case_names
from portal.services.staff_letters import WaitingLetter
from portal.services.tools import Tools
from portal.vault import Place

PAGE: Final = 50
#: A search by name opens at most this many cases' names, newest first (about 0.1 ms each).
SEARCHED: Final = 1000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"([0-9])\.([0-9]{1,17})\.([0-9a-f-]{1,36})")


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the next one begins after this case."""

    urgency: int
    waiting_since: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.urgency}.{_micros(self.waiting_since)}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor a page's address holds; None for anything else."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            return None
        at = _EPOCH + timedelta(microseconds=int(found[2]))
        return cls(int(found[1]), at, found[3])


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class CaseloadRow:
    """One case of the queue. ``names``: consent names of a and b, None before consent.

    ``route``, ``reason``, ``rule``, ``gates``: of the newest recommendation, None and empty before one.
    """

    id: str
    names: tuple[str | None, str | None]
    urgency: int
    waiting_since: datetime
    opened_at: datetime
    therapist_id: str | None
    route: str | None = None
    reason: str | None = None
    rule: str | None = None
    gates: tuple[str, ...] = ()

    @property
    def cursor(self) -> Cursor:
        """The position after this row."""
        return Cursor(self.urgency, self.waiting_since, self.id)


@dataclass(frozen=True)
class CaseloadPage:
    """Cases in the order they want attention, letters for this person's approval, where to go on."""

    rows: tuple[CaseloadRow, ...]
    letters: tuple[WaitingLetter, ...]
    after: Cursor | None


def page(session: Session, tools: Tools, *, by: Viewer, after: Cursor | None = None) -> CaseloadPage:
    """One page of the queue and the event that it was looked at: two statements in all."""
    found = session.execute(_page_statement(is_first=after is None), _values(tools, by, after)).all()
    rows = tuple(_row(tools, row) for row in found if row.kind == "case")
    letters = tuple(
        WaitingLetter(row.id, row.therapist_id, row.waiting_since) for row in found if row.kind == "letter"
    )
    audit.record(
        session,
        tools,
        by=by,
        verb="caseload.viewed",
        subject=("staff", by.id),
        detail={"rows": len(rows[:PAGE])},
    )
    return CaseloadPage(rows[:PAGE], letters, rows[PAGE - 1].cursor if len(rows) > PAGE else None)


def search(session: Session, tools: Tools, *, name: str, by: Viewer) -> CaseloadPage:
    """The viewer's cases, open or closed, where every word of ``name`` begins a word of a partner's name.

    Opens the names of the ``SEARCHED`` newest cases and compares them without case and accents: nothing
    in the database tells a thief who is searched for. Beyond that number, tokens are needed (security.md
    §0, "Search by name").
    """
    wanted = _folded(name)
    found = session.execute(_search_statement(), _values(tools, by, None))
    opened = (_row(tools, row) for row in found)
    hits = sorted(
        (row for row in opened if _is_hit(row, wanted)),
        key=lambda row: (row.urgency, row.waiting_since, row.id),
    )[:PAGE]
    audit.record(
        session, tools, by=by, verb="caseload.searched", subject=("staff", by.id), detail={"rows": len(hits)}
    )
    return CaseloadPage(tuple(hits), (), None)


def _is_hit(row: CaseloadRow, wanted: list[str]) -> bool:
    words = _folded(" ".join(name for name in row.names if name is not None))
    return bool(wanted) and all(any(word.startswith(part) for word in words) for part in wanted)


def _folded(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char)).replace("-", " ").split()


def _values(tools: Tools, by: Viewer, after: Cursor | None) -> dict[str, object]:
    """What the kept statements below are run with."""
    now = tools.now()
    values: dict[str, object] = {"viewer": by.id, "now": now, "alone_before": now - ALONE_WAITS}
    if after is not None:
        values |= {"after_urgency": after.urgency, "after_at": after.waiting_since, "after_id": after.id}
    return values


_VIEWER: Final = bindparam("viewer", type_=String)
_NOW: Final = bindparam("now", type_=UtcDateTime)


@cache
def _page_statement(*, is_first: bool) -> Select[Any]:
    """Cases and letters of one page, in order. Kept: building it costs more than running it."""
    every = union_all(_cases(_queue(is_first=is_first)), _letters()).subquery()
    return select(every).order_by(every.c.kind, every.c.urgency, every.c.waiting_since, every.c.id)


@cache
def _search_statement() -> Select[Any]:
    """The newest cases the viewer may see, open or closed, with names."""
    c = table_of(CaseFile).c
    open_to = or_(*_visible()) & ~case_access.ways(_VIEWER, _NOW).conflicted
    newest = select(c.id, c.urgency, c.waiting_since).where(open_to)
    return _cases(newest.order_by(c.opened_at.desc(), c.id).limit(SEARCHED).subquery())


def _visible() -> tuple[ColumnElement[bool], ...]:
    """The ways a case is this therapist's to see: own, nobody's, covered, broken glass."""
    ways = case_access.ways(_VIEWER, _NOW)
    return (ways.own, ways.unassigned, ways.covering, ways.broken)


def _queue(*, is_first: bool) -> Subquery:
    """The next ``PAGE`` + 1 open cases in queue order: the first few of each range, then the first of all."""
    c = table_of(CaseFile).c
    begin = tuple_(
        bindparam("after_urgency", type_=Integer),
        bindparam("after_at", type_=UtcDateTime),
        bindparam("after_id", type_=String),
    )
    ranges, barred = [], case_access.ways(_VIEWER, _NOW).conflicted
    for way in _visible():
        part = select(c.id, c.urgency, c.waiting_since).where(c.closed_at.is_(None), way, ~barred)
        if not is_first:
            part = part.where(tuple_(c.urgency, c.waiting_since, c.id) > begin)
        ordered = part.order_by(c.urgency, c.waiting_since, c.id).limit(PAGE + 1).subquery()
        ranges.append(select(ordered.c.id, ordered.c.urgency, ordered.c.waiting_since))
    # A plain UNION: a case of one's own may be opened by break-glass too.
    every = ranges[0].union(*ranges[1:]).subquery()
    in_order = select(every).order_by(every.c.urgency, every.c.waiting_since, every.c.id)
    return in_order.limit(PAGE + 1).subquery("picked")


def _cases(picked: Subquery) -> Select[Any]:
    """The picked cases with their newest recommendation and the newest consent name of each slot."""
    c, r, n = table_of(CaseFile), table_of(Recommendation), table_of(Consent)
    of_case = select(r.c.id).where(r.c.case_id == picked.c.id)
    newest = of_case.order_by(r.c.made_at.desc(), r.c.id.desc()).limit(1)
    made, name_a, name_b = r.alias("made"), n.alias("name_a"), n.alias("name_b")
    consent_a = case_names.newest_consent("a", picked.c.id).correlate(picked).scalar_subquery()
    consent_b = case_names.newest_consent("b", picked.c.id).correlate(picked).scalar_subquery()
    return (
        select(
            literal("case", String).label("kind"), picked.c.id, picked.c.urgency, picked.c.waiting_since,
            c.c.opened_at, c.c.therapist_id, made.c.id.label("made_id"), made.c.body_box,
            name_a.c.id.label("id_a"), name_a.c.name_sealed.label("sealed_a"),
            name_b.c.id.label("id_b"), name_b.c.name_sealed.label("sealed_b"),
        )
        .join_from(picked, c, c.c.id == picked.c.id)
        .join(made, made.c.id == newest.correlate(picked).scalar_subquery(), isouter=True)
        .join(name_a, name_a.c.id == consent_a, isouter=True)
        .join(name_b, name_b.c.id == consent_b, isouter=True)
    )  # fmt: skip


def _letters() -> Select[Any]:
    """Letters this person may approve, in the columns of ``_cases``: writer and writing time, no text."""
    c, s = table_of(Letter).c, table_of(StaffAccount).c
    active = select(func.count()).where(s.disabled_at.is_(None), s.set_up_at.is_not(None)).scalar_subquery()
    is_due = (active == 1) & (c.written_at <= bindparam("alone_before", type_=UtcDateTime))
    return (
        select(
            literal("letter", String), c.id, literal(0), c.written_at, c.written_at, c.written_by,
            null(), null(), null(), null(), null(), null(),
        )
        .where(
            c.state == "waiting", or_(c.written_by != _VIEWER, is_due),
            ~case_access.barred_from(c.case_id, _VIEWER),
        )
    )  # fmt: skip


def _row(tools: Tools, row: Any) -> CaseloadRow:
    names = (
        case_names.opened(tools, row.id_a, row.sealed_a),
        case_names.opened(tools, row.id_b, row.sealed_b),
    )
    plain = CaseloadRow(row.id, names, row.urgency, row.waiting_since, row.opened_at, row.therapist_id)
    if row.made_id is None:
        return plain
    place = Place("recommendation", "body_box", row.made_id)
    body = json.loads(tools.vault.unbox("staff", place, row.body_box))
    return replace(
        plain, route=body["route"], reason=body["reason"], rule=body["rule"], gates=tuple(body["gates"])
    )
