"""Letters as staff may read them: the author and the case's therapist, and an approver who sees one alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.visibility import LetterFacts, LetterState, can_decide_letter, can_see_letter
from portal.models import Account, Letter, Partner, StaffAccount, table_of
from portal.services import audit, case_access, cases
from portal.services.case_reading import this_case
from portal.services.errors import NotFound
from portal.services.tools import Tools
from portal.vault import Place

#: At most this many waiting letters on one page.
_SHOWN: Final = 50


@dataclass(frozen=True)
class LetterView:
    """A letter, staff side. ``may_decide``: whether this viewer may approve or refuse it now.

    ``language``: of the person it is for, None where nobody joined in that place any more.
    """

    id: str
    case_id: str
    slot: str
    kind: str
    title: str
    text: str
    names_service: bool
    notify: bool
    state: LetterState
    written_by: str
    written_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    language: str | None = None
    may_decide: bool = False
    may_open_case: bool = False


@dataclass(frozen=True)
class WaitingLetter:
    """A letter that waits for somebody's approval, without what it says."""

    id: str
    written_by: str
    written_at: datetime


def view(session: Session, tools: Tools, *, letter_id: str, by: Viewer) -> LetterView:
    """One letter alone, and the event that it was looked at. Raises NotFound for what is not theirs."""
    letter = find(session, tools, letter_id=letter_id, by=by)
    detail = {"letter": letter_id}
    audit.record(session, tools, by=by, verb="letter.viewed", subject=("case", letter.case_id), detail=detail)
    return letter


def require_visible(session: Session, tools: Tools, letter_id: str, by: Viewer) -> None:
    """Raise NotFound unless this staff member may see the letter."""
    find(session, tools, letter_id=letter_id, by=by)


def find(session: Session, tools: Tools, *, letter_id: str, by: Viewer) -> LetterView:
    """One letter as this staff member may see it. Raises NotFound."""
    c = table_of(Letter).c
    is_open = ~case_access.barred_from(c.case_id, by.id)
    row = session.execute(_columns().where(c.id == letter_id, is_open)).one_or_none()
    if row is None:
        raise NotFound
    facts = LetterFacts(row.state, row.written_by, row.written_at, row.decided_by)
    may_open_case = _may_open(session, tools, row.case_id, by)
    if not can_see_letter(by, facts, may_open_case=may_open_case):
        raise NotFound
    may_decide = can_decide_letter(by, facts, is_alone=_is_alone(session), now=tools.now())
    return _opened(tools, row, may_decide=may_decide, may_open_case=may_open_case)


def _may_open(session: Session, tools: Tools, case_id: str, by: Viewer) -> bool:
    try:
        cases.require_visible(session, tools, case_id, by)
    except NotFound:
        return False
    return True


def _is_alone(session: Session) -> bool:
    """Whether the practice has exactly one staff account that can sign in."""
    c = table_of(StaffAccount).c
    count = session.scalar(
        select(func.count())
        .select_from(table_of(StaffAccount))
        .where(c.disabled_at.is_(None), c.set_up_at.is_not(None))
    )
    return count == 1


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[LetterView, ...]:
    """Every letter of a case, newest first, opened. One statement."""
    rows = session.execute(_newest_first(), {"of_case": case_id}).all()
    return tuple(_opened(tools, row, may_open_case=True) for row in rows)


def waiting(session: Session, tools: Tools, *, by: Viewer) -> tuple[WaitingLetter, ...]:
    """Letters that wait for this therapist's or admin's approval, oldest first; at most 50."""
    c = table_of(Letter).c
    rows = session.execute(
        select(c.id, c.written_by, c.written_at)
        .where(c.state == "waiting", ~case_access.barred_from(c.case_id, by.id))
        .order_by(c.written_at, c.id)
        .limit(_SHOWN)
    ).all()
    is_alone, now = _is_alone(session), tools.now()
    return tuple(
        WaitingLetter(row.id, row.written_by, row.written_at)
        for row in rows
        if can_decide_letter(
            by, LetterFacts("waiting", row.written_by, row.written_at), is_alone=is_alone, now=now
        )
    )


@cache
def _newest_first() -> Select[Any]:
    c = table_of(Letter).c
    return _columns().where(c.case_id == this_case()).order_by(c.written_at.desc(), c.id.desc())


def _columns() -> Select[Any]:
    c, p, a = table_of(Letter).c, table_of(Partner).c, table_of(Account).c
    people = table_of(Letter).join(table_of(Partner), c.partner_id == p.id)
    return select(
        c.id, c.case_id, p.slot, c.kind, c.body_box, c.names_service, c.notify, c.state,
        c.written_by, c.written_at, c.decided_by, c.decided_at, a.language,
    ).select_from(people.outerjoin(table_of(Account), a.partner_id == p.id))  # fmt: skip


def _opened(tools: Tools, row: Any, *, may_decide: bool = False, may_open_case: bool = False) -> LetterView:
    values = {key: value for key, value in row._mapping.items() if key != "body_box"}
    body = json.loads(tools.vault.unbox("staff", Place("letter", "body_box", row.id), row.body_box))
    return LetterView(
        **values, title=body["title"], text=body["text"], may_decide=may_decide, may_open_case=may_open_case
    )
