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
from itertools import zip_longest
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
    Subquery,
    and_,
    asc,
    bindparam,
    case,
    desc,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from portal.domain.urgency import TWO_DAYS
from portal.driven import Driven
from portal.models import (
    Absence,
    AuditEvent,
    CallPlan,
    CaseFile,
    Consent,
    KeptTime,
    Partner,
    Recommendation,
    UtcDateTime,
    table_of,
)
from portal.services import case_access, case_names, caseload_head, interviews
from portal.services.caseload_filters import Filters, Whose

PAGE: Final = 50
#: A filter without an index of its own looks at so many cases of a range and page.
LOOKED: Final = 1000
#: A search by name opens at most this many cases' names, newest first (about 0.1 ms each).
SEARCHED: Final = 1000

#: Where a row of a case has the ids of its newest recommendation and of its names, and how long it is.
MADE: Final = 7
NAMED: Final = (8, 9)
WIDTH: Final = 11
_MADE: Final = [f"made_{n}" for n in range(PAGE + 1)]
_NAMED: Final = [f"named_{n}" for n in range(2 * (PAGE + 1))]

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
    parts, seen = caseload_head.parts(), looked(filters, is_first=is_first, by_parts=by_parts)
    if not _is_bounded(filters):
        return union_all(_cases(seen.cte("picked")), *parts)
    rows = seen.subquery("seen")
    # Neither engine turns the order of a subquery, and both stop here at the last row that is wanted.
    picked = select(rows).where(*_other_filters(filters, rows.c)).limit(PAGE + 1).cte("picked")
    return union_all(_cases(picked), *parts, _mark(filters, picked, is_first=is_first, by_parts=by_parts))


def in_order(filters: Filters, cases: Iterable[Any]) -> list[Any]:
    """Rows of a page as it shows them. Their times are as they are kept, and lie in order like that too."""
    key = _BY_URGENCY if _is_by_urgency(filters) else _BY_TIME
    return sorted(cases, key=key, reverse=_is_down(filters))


@cache
def sealed() -> Driven:
    """The ciphertexts under the ids of one page's recommendations and names: ``sealed_values``."""
    r, n = table_of(Recommendation).c, table_of(Consent).c
    made, named = ([bindparam(name, type_=String) for name in names] for names in (_MADE, _NAMED))
    return Driven(
        union_all(
            select(r.id, r.body_box).where(r.id.in_(made)), select(n.id, n.name_sealed).where(n.id.in_(named))
        )
    )


def sealed_values(cases: Sequence[tuple[Any, ...]]) -> dict[str, str | None]:
    """What ``sealed`` is run with, for at most a page of cases."""
    made = [row[MADE] for row in cases]
    named = [row[at] for row in cases for at in NAMED]
    return dict(zip_longest(_MADE, made)) | dict(zip_longest(_NAMED, named))


@cache
def search() -> Select[Any]:
    """The newest cases the viewer may see, open or closed, with their ciphertexts behind their columns."""
    c, n = table_of(CaseFile).c, table_of(Consent)
    parts = _parts([c.id, c.waiting_since.label("at"), c.opened_at])
    newest = union_all(*parts).order_by(desc("opened_at"), desc("id")).limit(SEARCHED)
    found = _cases(newest.subquery("picked")).subquery("found")
    made, name_a, name_b = table_of(Recommendation), n.alias("name_a"), n.alias("name_b")
    return (
        select(found, made.c.body_box, name_a.c.name_sealed, name_b.c.name_sealed.label("sealed_b"))
        .join_from(found, made, made.c.id == found.c.made_id, isouter=True)
        .join(name_a, name_a.c.id == found.c.id_a, isouter=True)
        .join(name_b, name_b.c.id == found.c.id_b, isouter=True)
    )


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
    columns = _keys(filters)
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


def _cases(picked: Subquery | CTE) -> Select[Any]:
    """The picked cases with the ids of the newest recommendation and of each slot's newest consent.

    Times as they are kept: most rows were there a moment ago, and are known by what they hold. Nobody changes
    what such an id stands for, so that the row it names is read (``sealed``) only when nobody knows it.
    """
    c, r, p = table_of(CaseFile), table_of(Recommendation).c, table_of(Partner)
    of_case = select(r.id).where(r.case_id == picked.c.id)
    newest = of_case.order_by(r.made_at.desc(), r.id.desc()).limit(1).correlate(picked)
    one_a, one_b = p.alias("one_a"), p.alias("one_b")
    times = [(picked.c.at, "at"), (c.c.waiting_since, "waiting_since"), (c.c.opened_at, "opened_at")]
    return (
        select(
            caseload_head.word("case").label("kind"), picked.c.id, c.c.urgency,
            *(type_coerce(time, KeptTime).label(name) for time, name in times),
            c.c.therapist_id, newest.scalar_subquery().label("made_id"),
            _newest_consent(one_a).label("id_a"), _newest_consent(one_b).label("id_b"),
            _told(c, picked, one_a, one_b).label("told"),
        )
        .join_from(picked, c, c.c.id == picked.c.id)
        .join(one_a, and_(one_a.c.case_id == picked.c.id, one_a.c.slot == "a"), isouter=True)
        .join(one_b, and_(one_b.c.case_id == picked.c.id, one_b.c.slot == "b"), isouter=True)
    )  # fmt: skip


def _newest_consent(partner: Any) -> ColumnElement[str]:
    return case_names.newest_consent(partner.c.id).correlate(partner).scalar_subquery()


def _told(file: Any, picked: Subquery | CTE, *partners: Any) -> ColumnElement[Any]:
    """A sum. 1: a form came since this therapist last opened the case; 2: a call is overdue; 4: each person
    was seen alone, which is asked of urgent cases only.
    """
    e, v = table_of(AuditEvent).c, table_of(CallPlan).c
    seen = exists().where(
        e.subject_id == picked.c.id, e.happened_at >= file.c.news_at,
        e.actor_id == _VIEWER, e.verb == "case.viewed",
    )  # fmt: skip
    # Each of its own: asked from the plans, every one that is overdue would be walked for every row.
    late = [
        exists().where(v.partner_id == one.c.id, v.settled_at.is_(None), v.due_at < _NOW) for one in partners
    ]
    met = and_(file.c.urgency <= TWO_DAYS, *(~interviews.is_unseen(one.c.id) for one in partners))
    told = ((~seen, "1"), (or_(*late), "2"), (met, "4"))
    parts = [case((is_so, literal_column(weight)), else_=caseload_head.ZERO) for is_so, weight in told]
    return parts[0] + parts[1] + parts[2]
