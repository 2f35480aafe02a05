"""The one statement of a caseload page, kept per kind of page: building it costs more than running it.

Own cases and nobody's are each one range of an index that lies in the order of the page. Ranges are merged as
they are read and no further than the page needs: SQLite merges a UNION ALL whose parts lie in its order, and
for PostgreSQL, which does not see that they do, each part is cut to what the page needs (``by_parts``).
The cases of whoever is away, and those of broken glass, are found by whose they are and sorted. A filter that
no index serves looks at ``LOOKED`` cases at most: the page says where it stopped, and costs the same whatever
the table holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    asc,
    bindparam,
    case,
    desc,
    func,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from portal.driven import Driven
from portal.models import Absence, CaseFile, UtcDateTime, place_of, table_of
from portal.services import case_access, caseload_head, caseload_rows
from portal.services.caseload_filters import Filters, Whose

PAGE: Final = caseload_rows.PAGE
#: A filter without an index of its own looks at so many cases of a range and page.
LOOKED: Final = 1000
#: A search by name opens at most this many cases' names, newest first (about 0.1 ms each).
SEARCHED: Final = 1000

Asked = TypeVar("Asked", CompoundSelect[Any], Select[Any])

#: Where a row has what it is sorted by: (urgency,) time, id.
_BY_URGENCY: Final = itemgetter(2, 3, 1)
_BY_TIME: Final = itemgetter(3, 1)

_VIEWER: Final = bindparam("viewer", type_=String)
_NOW: Final = bindparam("now", type_=UtcDateTime)


@cache
def driven(filters: Filters, *, is_first: bool, by_parts: bool = False) -> Driven:
    """``page`` as it is run."""
    return Driven(page(filters, is_first=is_first, by_parts=by_parts))


def page(filters: Filters, *, is_first: bool, by_parts: bool = False) -> CompoundSelect[Any]:
    """Cases, letters and counts of one page, in no order; and the mark where looking stopped."""
    parts, seen = (
        caseload_head.parts(by_parts=by_parts),
        looked(filters, is_first=is_first, by_parts=by_parts),
    )
    if not _is_bounded(filters):
        return union_all(caseload_rows.of(seen.cte("picked")), *parts)
    rows = seen.subquery("seen")
    # Neither engine turns the order of a subquery, and both stop here at the last row that is wanted.
    picked = select(rows).where(*_other_filters(filters, rows.c)).limit(PAGE + 1).cte("picked")
    return union_all(
        caseload_rows.of(picked), *parts, _mark(filters, picked, is_first=is_first, by_parts=by_parts)
    )


def in_order(filters: Filters, cases: Iterable[Any]) -> list[Any]:
    """Rows of a page as it shows them. Their times are as they are kept, and lie in order like that too."""
    key = _BY_URGENCY if _is_by_urgency(filters) else _BY_TIME
    return sorted(cases, key=key, reverse=_is_down(filters))


@cache
def search() -> Select[Any]:
    """The newest cases the viewer may see, open or closed, with their ciphertexts behind their columns."""
    c = table_of(CaseFile).c
    parts = _parts([c.id, c.waiting_since.label("at"), c.opened_at, place_of(c.id).label("place")])
    newest = union_all(*parts).order_by(desc("opened_at"), desc("id")).limit(SEARCHED)
    return caseload_rows.whole(newest.subquery("picked"))


def ways() -> dict[str, ColumnElement[bool]]:
    """The ways a case is this therapist's to see, each without the cases of those before it."""
    c, found, a = table_of(CaseFile).c, case_access.ways(_VIEWER, _NOW), table_of(Absence).c
    # Said by itself as well: PostgreSQL then looks for no case at all while nobody is away.
    is_away = select(a.staff_id).where(a.cover_id == _VIEWER, a.starts_at <= _NOW, a.ends_at > _NOW).exists()
    is_elses = and_(c.therapist_id.is_not(None), c.therapist_id != _VIEWER)
    return {
        "mine": found.own,
        "unassigned": found.unassigned,
        "covering": and_(found.covering, c.therapist_id != _VIEWER, is_away),
        "broken": and_(found.broken, is_elses, ~found.covering),
    }


def is_visible() -> ColumnElement[bool]:
    """Whether this therapist may see a case at all: by one of the ways, and not barred from it."""
    found = case_access.ways(_VIEWER, _NOW)
    return or_(found.own, found.unassigned, found.covering, found.broken) & ~found.conflicted


def looked(filters: Filters, *, is_first: bool, by_parts: bool = False) -> CompoundSelect[Any]:
    """The cases of all ways merged in the order of the page, as far as they are looked at."""
    c = table_of(CaseFile).c
    columns = [*_keys(filters), place_of(c.id).label("place")]
    if _is_bounded(filters):
        columns += [c.route_mark, c.languages, *([] if _is_by_urgency(filters) else [c.urgency])]
    limit = LOOKED if _is_bounded(filters) else PAGE + 1
    return _merged(filters, columns, limit, is_first=is_first, by_parts=by_parts)


def _merged(
    filters: Filters, columns: Sequence[Any], limit: Any, *, is_first: bool, by_parts: bool
) -> CompoundSelect[Any]:
    parts = [
        part.where(_status(filters), *_own_filters(filters), *(() if is_first else (_begin(filters),)))
        for part in _parts(columns, filters.whose)
    ]
    if by_parts:
        parts = [select(part.order_by(*_as_indexed(filters)).limit(limit).subquery()) for part in parts]
    return _ordered(union_all(*parts), filters).limit(limit)


def _keys(filters: Filters) -> list[ColumnElement[Any]]:
    """What a page is ordered by and nothing more, so that a range is read from its index alone."""
    c = table_of(CaseFile).c
    return [*([c.urgency] if _is_by_urgency(filters) else []), _time(filters).label("at"), c.id]


def _as_indexed(filters: Filters) -> list[ColumnElement[Any]]:
    """The order of a range with what its index begins with, though that is the same in all of it."""
    c = table_of(CaseFile).c
    begin = [c.therapist_id, *([c.closed_at] if filters.status == "open" else [])]
    keys = [*begin, *([c.urgency] if _is_by_urgency(filters) else []), _time(filters), c.id]
    return [key.desc() if _is_down(filters) else key for key in keys]


def _parts(columns: Sequence[Any], whose: Whose = "all") -> list[Select[Any]]:
    """What this therapist may see, one range a way."""
    barred = case_access.ways(_VIEWER, _NOW).conflicted
    wanted = ways() if whose == "all" else {whose: ways()[whose]}
    return [select(*columns).where(way, ~barred) for way in wanted.values()]


def _time(filters: Filters) -> Column[Any]:
    c = table_of(CaseFile).c
    if filters.status == "closed":
        return c.closed_at
    return c.news_at if filters.sort == "newest" else c.waiting_since


def _is_by_urgency(filters: Filters) -> bool:
    return filters.status == "open" and filters.sort == "urgency"


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
        # Two and no list: SQLAlchemy writes a statement with a list anew each time it is run.
        found.append(or_(c.languages == filters.language, c.languages == "en es"))
    return found


def _is_bounded(filters: Filters) -> bool:
    return bool(_other_filters(filters, table_of(CaseFile).c))


def _begin(filters: Filters) -> ColumnElement[bool]:
    c = table_of(CaseFile).c
    at, after_at = _time(filters), bindparam("after_at", type_=UtcDateTime)
    after_id = bindparam("after_id", type_=String)
    if _is_down(filters):
        return tuple_(at, c.id) < tuple_(after_at, after_id)
    if filters.sort == "waiting" or filters.urgency is not None:
        return tuple_(at, c.id) > tuple_(after_at, after_id)
    return tuple_(c.urgency, at, c.id) > tuple_(bindparam("after_urgency", type_=Integer), after_at, after_id)


def _ordered(part: Asked, filters: Filters, *, is_backwards: bool = False) -> Asked:
    names = ("urgency", "at", "id") if _is_by_urgency(filters) else ("at", "id")
    is_down = _is_down(filters) is not is_backwards
    return part.order_by(*(desc(name) if is_down else asc(name) for name in names))


def _mark(filters: Filters, picked: CTE, *, is_first: bool, by_parts: bool) -> Select[Any]:
    """Where looking stopped, if the page is not full and looking stopped before the end."""
    c, found = table_of(CaseFile).c, select(func.count()).select_from(picked).scalar_subquery()
    limit = case((found > PAGE, 0), else_=LOOKED)
    walked = _merged(filters, _keys(filters), limit, is_first=is_first, by_parts=by_parts).cte("walked")
    end = _ordered(select(walked), filters, is_backwards=True).limit(1).subquery()
    seen = select(func.count()).select_from(walked).scalar_subquery()
    mark = select(caseload_head.word("mark"), end.c.id, c.urgency, end.c.at, *(null() for _ in range(7)))
    return mark.join_from(end, table_of(CaseFile), c.id == end.c.id).where(seen == LOOKED)
