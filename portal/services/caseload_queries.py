"""The one statement of a caseload page, kept per kind of page: building it costs more than running it.

Each way a case is somebody's to see (own, nobody's, broken glass) is one range of an index that lies in the
order of the page; the first few of each are merged. A filter that no index serves looks at ``LOOKED`` cases
of each range at most: the page says where it stopped, and costs the same whatever the table holds.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from portal.models import (
    AuditEvent,
    CallPlan,
    CaseFile,
    Consent,
    DiscernmentEnd,
    Letter,
    Partner,
    Recommendation,
    StaffAccount,
    UtcDateTime,
    table_of,
)
from portal.services import case_access, case_names
from portal.services.caseload_filters import Filters

PAGE: Final = 50
#: A filter without an index of its own looks at so many cases of a range and page.
LOOKED: Final = 1000
#: A count goes no further: "more than 99".
COUNTED: Final = 100
#: A search by name opens at most this many cases' names, newest first (about 0.1 ms each).
SEARCHED: Final = 1000
#: At most so many outcomes that are due, the oldest first.
OUTCOMES: Final = 10
#: What is counted above the list: cases by urgency, and calls that are overdue.
COUNTS: Final = ("0", "1", "2", "3", "overdue")

_VIEWER: Final = bindparam("viewer", type_=String)
_NOW: Final = bindparam("now", type_=UtcDateTime)


@cache
def page(filters: Filters, *, is_first: bool) -> Select[Any]:
    """Cases, letters and counts of one page, in order; and the mark where looking stopped."""
    looked = _looked(filters, is_first=is_first)
    at, is_down = _time(filters, looked.c), _is_down(filters)
    picked = select(looked.c.id, looked.c.urgency, at.label("at")).where(*_other_filters(filters, looked.c))
    shown = _in_order(picked, filters, looked.c).limit(PAGE + 1).subquery("picked")
    parts = [_cases(shown), _letters(), _outcomes(), *_counts()]
    if _is_bounded(filters):
        parts.append(_mark(looked, filters))
    every = union_all(*parts).subquery()
    order = (every.c.at.desc(), every.c.id.desc()) if is_down else (every.c.at, every.c.id)
    is_by_urgency = filters.status == "open" and filters.sort == "urgency"
    return select(every).order_by(every.c.kind, *((every.c.urgency,) if is_by_urgency else ()), *order)


@cache
def search() -> Select[Any]:
    """The newest cases the viewer may see, open or closed, with names."""
    c = table_of(CaseFile).c
    newest = select(c.id, c.urgency, c.waiting_since.label("at")).where(is_visible())
    return _cases(newest.order_by(c.opened_at.desc(), c.id).limit(SEARCHED).subquery())


def ways() -> dict[str, ColumnElement[bool]]:
    """The ways a case is this therapist's to see: own, nobody's, covered, broken glass."""
    found = case_access.ways(_VIEWER, _NOW)
    return {
        "mine": found.own, "unassigned": found.unassigned, "covering": found.covering, "broken": found.broken,
    }  # fmt: skip


def is_visible() -> ColumnElement[bool]:
    """Whether this therapist may see a case at all: by one of the ways, and not barred from it."""
    return or_(*ways().values()) & ~case_access.ways(_VIEWER, _NOW).conflicted


def ranges(filters: Filters, *, is_first: bool) -> dict[str, Select[Any]]:
    """The first few cases of each way, every one out of an index that lies in this order."""
    c = table_of(CaseFile).c
    at = _time(filters, c)
    columns = (c.id, c.urgency, at.label("at"), c.route_mark, c.languages)
    found, barred = {}, case_access.ways(_VIEWER, _NOW).conflicted
    for name, way in ways().items():
        if filters.whose not in ("all", name):
            continue
        part = select(*columns).where(_status(filters), way, ~barred, *_own_filters(filters))
        part = part if is_first else part.where(_begin(filters, c))
        found[name] = _in_order(part, filters, c).limit(LOOKED if _is_bounded(filters) else PAGE + 1)
    return found


def _time(filters: Filters, c: Any) -> Column[Any]:
    if "at" in c:
        return c.at  # type: ignore[no-any-return]
    if filters.status == "closed":
        return c.closed_at  # type: ignore[no-any-return]
    return c.news_at if filters.sort == "newest" else c.waiting_since  # type: ignore[no-any-return]


def _is_down(filters: Filters) -> bool:
    """Whether the newest time comes first."""
    return filters.status == "closed" or filters.sort == "newest"


def _status(filters: Filters) -> ColumnElement[bool]:
    c = table_of(CaseFile).c
    return c.closed_at.is_not(None) if filters.status == "closed" else c.closed_at.is_(None)


def _has_urgency_index(filters: Filters) -> bool:
    return filters.status == "open" and filters.sort in ("urgency", "waiting")


def _own_filters(filters: Filters) -> list[ColumnElement[bool]]:
    """What the index of the order serves by itself."""
    is_served = filters.urgency is not None and _has_urgency_index(filters)
    return [table_of(CaseFile).c.urgency == filters.urgency] if is_served else []


def _other_filters(filters: Filters, c: Any) -> list[ColumnElement[bool]]:
    """What is looked at case by case."""
    found: list[ColumnElement[bool]] = []
    if filters.urgency is not None and not _has_urgency_index(filters):
        found.append(c.urgency == filters.urgency)
    if filters.route:
        found.append(c.route_mark == bindparam("route", type_=String))
    if filters.language:
        found.append(c.languages.in_((filters.language, "en es")))
    return found


def _is_bounded(filters: Filters) -> bool:
    return bool(_other_filters(filters, table_of(CaseFile).c))


def _begin(filters: Filters, c: Any) -> ColumnElement[bool]:
    at, after_at = _time(filters, c), bindparam("after_at", type_=UtcDateTime)
    after_id = bindparam("after_id", type_=String)
    if _is_down(filters):
        return tuple_(at, c.id) < tuple_(after_at, after_id)
    if filters.sort == "waiting" or filters.urgency is not None:
        return tuple_(at, c.id) > tuple_(after_at, after_id)
    return tuple_(c.urgency, at, c.id) > tuple_(bindparam("after_urgency", type_=Integer), after_at, after_id)


def _in_order(part: Select[Any], filters: Filters, c: Any, *, is_backwards: bool = False) -> Select[Any]:
    at = _time(filters, c)
    keys = (at, c.id) if _is_down(filters) or filters.sort == "waiting" else (c.urgency, at, c.id)
    is_down = _is_down(filters) is not is_backwards
    return part.order_by(*(key.desc() if is_down else key for key in keys))


def _looked(filters: Filters, *, is_first: bool) -> CTE:
    """The ranges merged: what the other filters look at."""
    parts = [part.subquery() for part in ranges(filters, is_first=is_first).values()]
    plain = [select(*part.c) for part in parts]
    # A plain UNION: a case of one's own may be opened by break-glass too.
    every = plain[0].union(*plain[1:]).subquery()
    limit = LOOKED if _is_bounded(filters) else PAGE + 1
    return _in_order(select(*every.c), filters, every.c).limit(limit).cte("looked")


def _mark(looked: CTE, filters: Filters) -> Select[Any]:
    """Where looking stopped, if it stopped before the end."""
    last = _in_order(select(looked.c.id, looked.c.urgency, looked.c.at), filters, looked.c, is_backwards=True)
    end = last.limit(1).subquery()
    seen = select(func.count()).select_from(looked).scalar_subquery()
    return select(
        literal("mark", String), end.c.id, end.c.urgency, end.c.at, *(null() for _ in range(10))
    ).where(seen == LOOKED)


def _counts() -> list[Select[Any]]:
    """How many cases of the two first ways want something, told up to ``COUNTED``."""
    c, p, v = table_of(CaseFile).c, table_of(Partner).c, table_of(CallPlan).c
    own = {name: way for name, way in ways().items() if name in ("mine", "unassigned")}
    barred = case_access.ways(_VIEWER, _NOW).conflicted
    found = []
    for level in COUNTS[:4]:
        parts = [
            select(c.id)
            .where(way, ~barred, c.closed_at.is_(None), c.urgency == int(level))
            .limit(COUNTED)
            .subquery()
            for way in own.values()
        ]
        found.append(_count(level, union_all(*(select(part.c.id) for part in parts)).subquery()))
    overdue = (
        select(v.partner_id)
        .join_from(table_of(CallPlan), table_of(Partner), v.partner_id == p.id)
        .join(table_of(CaseFile), p.case_id == c.id)
        .where(v.settled_at.is_(None), v.due_at < _NOW, c.closed_at.is_(None), or_(*own.values()), ~barred)
        .limit(COUNTED)
    )
    found.append(_count("overdue", overdue.subquery()))
    return found


def _count(name: str, of: Subquery) -> Select[Any]:
    count = select(func.count()).select_from(of).scalar_subquery()
    return select(literal("count", String), literal(name), count, _NOW, *(null() for _ in range(10)))


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
            literal("case", String).label("kind"), picked.c.id, picked.c.urgency, picked.c.at,
            c.c.waiting_since, c.c.opened_at, c.c.therapist_id, made.c.id.label("made_id"), made.c.body_box,
            name_a.c.id.label("id_a"), name_a.c.name_sealed.label("sealed_a"),
            name_b.c.id.label("id_b"), name_b.c.name_sealed.label("sealed_b"),
            _told(c, picked).label("told"),
        )
        .join_from(picked, c, c.c.id == picked.c.id)
        .join(made, made.c.id == newest.correlate(picked).scalar_subquery(), isouter=True)
        .join(name_a, name_a.c.id == consent_a, isouter=True)
        .join(name_b, name_b.c.id == consent_b, isouter=True)
    )  # fmt: skip


def _told(file: Any, picked: Subquery) -> ColumnElement[Any]:
    """1: a form came since this therapist last opened the case; 2: a call is overdue; 3: both."""
    e, p, v = table_of(AuditEvent).c, table_of(Partner).c, table_of(CallPlan).c
    seen = exists().where(
        e.subject_id == picked.c.id, e.happened_at >= file.c.news_at,
        e.actor_id == _VIEWER, e.verb == "case.viewed",
    )  # fmt: skip
    late = exists().where(
        and_(p.case_id == picked.c.id, v.partner_id == p.id, v.settled_at.is_(None), v.due_at < _NOW)
    )
    return case((seen, 0), else_=1) + case((late, 2), else_=0)


def _outcomes() -> Select[Any]:
    """Cases, closed ones too, whose discernment ended half a year ago and nobody noted what came of it."""
    c, e = table_of(CaseFile).c, table_of(DiscernmentEnd).c
    found = case_access.ways(_VIEWER, _NOW)
    due = (
        select(c.id, e.ended_at, e.outcome_due_on)
        .join_from(table_of(DiscernmentEnd), table_of(CaseFile), e.case_id == c.id)
        .where(e.outcome.is_(None), e.outcome_due_on <= bindparam("today", type_=String))
        .where(or_(found.own, found.unassigned), ~found.conflicted)
        .order_by(e.outcome_due_on, c.id)
        .limit(OUTCOMES)
        .subquery()
    ).c
    return select(
        literal("outcome", String), due.id, literal(0), due.ended_at, due.ended_at, due.ended_at,
        due.outcome_due_on, *(null() for _ in range(7)),
    )  # fmt: skip


def _letters() -> Select[Any]:
    """Letters this person may approve, in the columns of ``_cases``: writer and writing time, no text."""
    c, s = table_of(Letter).c, table_of(StaffAccount).c
    active = select(func.count()).where(s.disabled_at.is_(None), s.set_up_at.is_not(None)).scalar_subquery()
    is_due = (active == 1) & (c.written_at <= bindparam("alone_before", type_=UtcDateTime))
    return (
        select(
            literal("letter", String), c.id, literal(0), c.written_at, c.written_at, c.written_at,
            c.written_by, *(null() for _ in range(7)),
        )
        .where(
            c.state == "waiting", or_(c.written_by != _VIEWER, is_due),
            ~case_access.barred_from(c.case_id, _VIEWER),
        )
    )  # fmt: skip
