"""What stands above the caseload, as parts of its one statement: counts, letters, outcomes that are due.

Each part has the columns of a case (``caseload_queries``), empty where it has nothing to say.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from portal.models import (
    CallPlan,
    CaseFile,
    DiscernmentEnd,
    Letter,
    Partner,
    StaffAccount,
    UtcDateTime,
    table_of,
)
from portal.services import case_access

#: A count goes no further: "more than 99".
COUNTED: Final = 100
#: At most so many outcomes that are due, the oldest first.
OUTCOMES: Final = 10
#: What is counted above the list: cases by urgency, and calls that are overdue.
COUNTS: Final = ("0", "1", "2", "3", "overdue")

#: Written out: what a statement binds is handed over, one by one, each time it is run.
ZERO: Final = literal_column("0", Integer)

_VIEWER: Final = bindparam("viewer", type_=String)
_NOW: Final = bindparam("now", type_=UtcDateTime)


def word(text: str) -> ColumnElement[str]:
    """A word of ours in a column."""
    return literal_column(f"'{text}'", String)


def parts(*, by_parts: bool = False) -> list[Select[Any]]:
    """All of it. ``by_parts``: as PostgreSQL needs it."""
    return [_letters(), _outcomes(), *_counts(by_parts=by_parts)]


def _counts(*, by_parts: bool = False) -> list[Select[Any]]:
    """How many cases of the two first ways want something, told up to ``COUNTED``."""
    c, p, v = table_of(CaseFile).c, table_of(Partner).c, table_of(CallPlan).c
    ways = case_access.ways(_VIEWER, _NOW)
    own, barred = (ways.own, ways.unassigned), ways.conflicted
    found = []
    for level in COUNTS[:4]:
        ranges = [
            select(c.id).where(way, ~barred, c.closed_at.is_(None), c.urgency == int(level)) for way in own
        ]
        if by_parts:  # else it would read the whole range
            order = (c.therapist_id, c.closed_at, c.urgency, c.waiting_since, c.id)
            ranges = [select(one.order_by(*order).limit(COUNTED).subquery()) for one in ranges]
        found.append(_count(level, union_all(*ranges).limit(COUNTED).subquery()))
    overdue = (
        select(v.partner_id)
        .join_from(table_of(CallPlan), table_of(Partner), v.partner_id == p.id)
        .join(table_of(CaseFile), p.case_id == c.id)
        .where(v.settled_at.is_(None), v.due_at < _NOW, c.closed_at.is_(None), or_(*own), ~barred)
        # As their index has them: PostgreSQL would else read all partners for a hundred.
        .order_by(v.settled_at, v.due_at, v.partner_id)
        .limit(COUNTED)
    )
    found.append(_count("overdue", overdue.subquery()))
    return found


def _count(name: str, of: Subquery) -> Select[Any]:
    count = select(func.count()).select_from(of).scalar_subquery()
    return select(word("count"), word(name), count, _NOW, *(null() for _ in range(7)))


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
        word("outcome"), due.id, ZERO, due.ended_at, due.ended_at, due.ended_at,
        due.outcome_due_on, *(null() for _ in range(4)),
    )  # fmt: skip


def _letters() -> Select[Any]:
    """Letters this person may approve, in the columns of ``_cases``: writer and writing time, no text."""
    c, s = table_of(Letter).c, table_of(StaffAccount).c
    active = select(func.count()).where(s.disabled_at.is_(None), s.set_up_at.is_not(None)).scalar_subquery()
    is_due = (active == 1) & (c.written_at <= bindparam("alone_before", type_=UtcDateTime))
    return (
        select(
            word("letter"), c.id, ZERO, c.written_at, c.written_at, c.written_at,
            c.written_by, *(null() for _ in range(4)),
        )
        .where(
            c.state == "waiting", or_(c.written_by != _VIEWER, is_due),
            ~case_access.barred_from(c.case_id, _VIEWER),
        )
    )  # fmt: skip
