"""A row of the caseload as SQL: a case with what is newest about it, and what is new or late for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    literal_column,
    or_,
    select,
    type_coerce,
    union_all,
)

from portal.domain.urgency import TWO_DAYS
from portal.driven import Driven
from portal.models import (
    AuditEvent,
    CallPlan,
    CaseFile,
    Consent,
    KeptTime,
    Partner,
    Recommendation,
    UtcDateTime,
    place_of,
    table_of,
)
from portal.services import case_names, caseload_head, interviews

#: Cases of one page; one more is read, to see whether it goes on.
PAGE: Final = 50
#: Where a row has the ids of its newest recommendation and of its names, and how long it is.
IDS: Final = slice(7, 10)
WIDTH: Final = 11
_MADE: Final = [f"made_{n}" for n in range(PAGE + 1)]
_NAMED: Final = [f"named_{n}" for n in range(2 * (PAGE + 1))]

_VIEWER: Final = bindparam("viewer", type_=String)
_NOW: Final = bindparam("now", type_=UtcDateTime)


def of(picked: Subquery | CTE) -> Select[Any]:
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
        .join_from(picked, c, place_of(c.c.id) == picked.c.place)
        .join(one_a, and_(one_a.c.case_id == picked.c.id, one_a.c.slot == "a"), isouter=True)
        .join(one_b, and_(one_b.c.case_id == picked.c.id, one_b.c.slot == "b"), isouter=True)
    )  # fmt: skip


def whole(picked: Subquery) -> Select[Any]:
    """The same with the ciphertexts behind its columns: of the recommendation, and of both names."""
    found, n = of(picked).subquery("found"), table_of(Consent)
    made, name_a, name_b = table_of(Recommendation), n.alias("name_a"), n.alias("name_b")
    return (
        select(found, made.c.body_box, name_a.c.name_sealed, name_b.c.name_sealed.label("sealed_b"))
        .join_from(found, made, made.c.id == found.c.made_id, isouter=True)
        .join(name_a, name_a.c.id == found.c.id_a, isouter=True)
        .join(name_b, name_b.c.id == found.c.id_b, isouter=True)
    )


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
    ids = [row[IDS] for row in cases]
    made, named = [one[0] for one in ids], [name for one in ids for name in one[1:]]
    return dict(zip_longest(_MADE, made)) | dict(zip_longest(_NAMED, named))


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
