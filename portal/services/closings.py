"""Closing a case, and opening it again. No partner can tell: their pages know nothing of either.

A closed case leaves the queue and is deleted when the practice's time for closed cases is over
(``retention``). Whatever somebody sends, says or reveals afterwards opens it again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from portal.domain import case_life
from portal.domain.access import Viewer
from portal.domain.case_life import Danger, Step
from portal.models import CaseFile, Closing, Letter, StaffAccount, table_of
from portal.services import audit, clearances, facts, jobs, losses, standing, standing_now
from portal.services.case_reading import this_case
from portal.services.errors import BadInput, NotFound, OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class ClosingView:
    """One closing or reopening. ``done_by``: a staff id, or the name of what the portal did by itself."""

    step: str
    reason: str
    note: str = field(repr=False)
    done_by: str
    done_at: datetime


@dataclass(frozen=True)
class _Said:
    """A step, why it is taken, and what staff wrote with it."""

    step: Step
    why: str
    note: str = ""


def close(
    session: Session, tools: Tools, *, case_id: str, reason: str, note: str, by: Viewer, is_blind: bool
) -> None:
    """Close a case for a coded reason.

    While safety findings stand that nobody has cleared it takes a note as well. ``is_blind``: whoever
    closes must not learn of findings (an admin), so that the note is always asked for and tells nothing.
    Raises NotFound, BadInput, OutOfOrder: "safety_stands", "letter_waits", or what ``case_life`` says.
    """
    if reason not in case_life.REASONS:
        raise BadInput({"reason": "not_an_option"})
    if is_blind and not note.strip():
        raise BadInput({"note": "missing"})
    _require(session, case_id, "close")
    if _waiting_letter(session, case_id):
        raise OutOfOrder("letter_waits")
    if not note.strip() and _is_safety_open(session, tools, case_id):
        raise OutOfOrder("safety_stands")
    case = table_of(CaseFile)
    session.execute(update(case).where(case.c.id == case_id).values(closed_at=tools.now()))
    _keep(session, tools, case_id, _Said("close", reason, note), by)
    detail: audit.Detail = {"reason": reason}
    audit.record(session, tools, by=by, verb="case.closed", subject=("case", case_id), detail=detail)


def reopen(session: Session, tools: Tools, *, case_id: str, note: str, by: Viewer) -> None:
    """Open a closed case again. Raises NotFound, OutOfOrder."""
    _require(session, case_id, "reopen")
    _reopen(session, tools, case_id, _Said("reopen", "by_hand", note), by)


def wake(session: Session, tools: Tools, *, case_id: str, cause: str, by: Viewer) -> bool:
    """Open a case again because something came in; False where it is open, or was merged away."""
    if case_life.refusal(_stands(session, case_id), "reopen"):
        return False
    _reopen(session, tools, case_id, _Said("reopen", cause), by)
    return True


def _reopen(session: Session, tools: Tools, case_id: str, said: _Said, by: Viewer) -> None:
    """Back into the queue, of whoever had it and can still sign in as a therapist; else of everybody."""
    case, staff = table_of(CaseFile), table_of(StaffAccount)
    active = select(staff.c.id).where(
        staff.c.id == case.c.therapist_id, staff.c.disabled_at.is_(None), staff.c.roles.contains("therapist")
    )
    values = {
        "closed_at": None,
        "waiting_since": tools.now(),
        "therapist_id": active.scalar_subquery(),
    }
    session.execute(update(case).where(case.c.id == case_id).values(values))
    _keep(session, tools, case_id, said, by)
    detail: audit.Detail = {"cause": said.why}
    audit.record(session, tools, by=by, verb="case.reopened", subject=("case", case_id), detail=detail)
    jobs.add(session, tools, kind="route", subject_id=case_id)
    losses.try_again(session, tools, case_id=case_id)


def _is_safety_open(session: Session, tools: Tools, case_id: str) -> bool:
    """Findings stand uncleared, or wait for the worker: its look would open the case again at once."""
    if uncleared(session, tools, case_id):
        return True
    now = standing_now.look(session, tools, case_id=case_id)
    return now.is_unreadable or bool(now.findings)


def uncleared(session: Session, tools: Tools, case_id: str) -> tuple[Danger, ...]:
    """Safety findings of a case that stand and that nobody has settled. Opens them; staff door."""
    tier_of = {field: tier for tier, (field, _value) in standing.KEPT_ANSWERS.items()}
    confirmed: dict[tuple[str, str], datetime] = {}
    for fact in reversed(facts.of_case(session, tools, case_id)):
        if fact.kind == "confirm":
            confirmed[fact.slot, tier_of[fact.value]] = fact.stated_at
    found = standing.of_case(session, tools, case_id)
    dangers = [Danger(one.slot, one.tier, one.found_at) for one in found if one.state != "corrected"]
    return case_life.uncleared(dangers, cleared=clearances.newest(session, case_id), confirmed=confirmed)


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[ClosingView, ...]:
    """Every closing and reopening of a case, newest first, notes opened. One statement."""
    rows = session.execute(_newest_first(), {"of_case": case_id}).all()
    return tuple(
        ClosingView(
            step=row.step,
            reason=row.reason,
            note=tools.vault.unbox("staff", Place("closing", "note_box", row.id), row.note_box),
            done_by=row.done_by,
            done_at=row.done_at,
        )
        for row in rows
    )


def reason(session: Session, case_id: str) -> str | None:
    """Why the case was closed last, without the note: admins see no more."""
    closed = _newest_first().where(table_of(Closing).c.step == "close").limit(1)
    row = session.execute(closed, {"of_case": case_id}).first()
    return None if row is None else str(row.reason)


@cache
def _newest_first() -> Select[Any]:
    table = table_of(Closing)
    newest_first = select(table).order_by(table.c.done_at.desc(), table.c.id.desc())
    return newest_first.where(table.c.case_id == this_case())


def _stands(session: Session, case_id: str) -> case_life.Standing:
    c = table_of(CaseFile).c
    row = session.execute(select(c.closed_at, c.merged_into_id).where(c.id == case_id)).one_or_none()
    if row is None:
        raise NotFound
    return case_life.standing(is_closed=row.closed_at is not None, is_merged=row.merged_into_id is not None)


def _require(session: Session, case_id: str, step: Step) -> None:
    why = case_life.refusal(_stands(session, case_id), step)
    if why is not None:
        raise OutOfOrder(why)


def _waiting_letter(session: Session, case_id: str) -> bool:
    c = table_of(Letter).c
    waits = select(c.id).where(c.case_id == case_id, c.state == "waiting").limit(1)
    return session.execute(waits).first() is not None


def _keep(session: Session, tools: Tools, case_id: str, said: _Said, by: Viewer) -> None:
    row_id = tools.new_id()
    row = {
        "id": row_id,
        "case_id": case_id,
        "step": said.step,
        "reason": said.why,
        "note_box": tools.vault.box("staff", Place("closing", "note_box", row_id), said.note),
        "done_by": by.id,
        "done_at": tools.now(),
    }
    session.execute(insert(table_of(Closing)), [row])
