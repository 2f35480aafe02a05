"""The log of a couple's discernment: sessions, the path, the outcome at six months. Staff only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from portal.domain import discernment as rules
from portal.domain.access import Viewer
from portal.domain.discernment import End, Held, Log
from portal.models import DiscernmentEnd, DiscernmentSession, table_of
from portal.services import audit, joint_work, practices
from portal.services.case_reading import this_case
from portal.services.errors import OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class SessionNote:
    """One session as the therapist notes it; ``go_on``: the decisions of a and b."""

    number: int
    held_on: date
    minutes: int
    go_on: tuple[bool, bool]
    note: str = ""


@dataclass(frozen=True)
class SessionView:
    """One session that counts; ``noted_by`` is a staff id."""

    held: Held
    minutes: int
    note: str
    noted_by: str
    noted_at: datetime


@dataclass(frozen=True)
class DiscernmentView:
    """A couple's discernment; ``sessions`` in order, ``end`` None until it has ended."""

    sessions: tuple[SessionView, ...]
    end: End | None
    end_note: str

    @property
    def log(self) -> Log:
        """What the rules read."""
        return Log(tuple(one.held for one in self.sessions), self.end)


def note_session(session: Session, tools: Tools, *, case_id: str, noted: SessionNote, by: Viewer) -> None:
    """Keep a session; the newest number again corrects it.

    Raises OutOfOrder (GatesOpen) unless discernment is signed and everything that comes first is met, and
    for a session out of its order.
    """
    joint_work.require(session, tools, case_id, routes=("discernment",))
    log = of_case(session, tools, case_id).log
    _require(rules.against_session(log, noted.number, noted.held_on, _today(session, tools)))
    c = table_of(DiscernmentSession).c
    before = (c.case_id == case_id) & (c.number == noted.number) & c.replaced_at.is_(None)
    session.execute(update(table_of(DiscernmentSession)).where(before).values(replaced_at=tools.now()))
    row_id = tools.new_id()
    row = {
        "id": row_id,
        "case_id": case_id,
        "number": noted.number,
        "held_on": noted.held_on.isoformat(),
        "minutes": noted.minutes,
        "a_goes_on": noted.go_on[0],
        "b_goes_on": noted.go_on[1],
        "note_box": tools.vault.box("staff", Place("discernment_session", "note_box", row_id), noted.note),
        "noted_by": by.id,
        "noted_at": tools.now(),
    }
    session.execute(insert(table_of(DiscernmentSession)), [row])
    detail = {"number": noted.number}
    audit.record(session, tools, by=by, verb="discernment.session", subject=("case", case_id), detail=detail)


def end(
    session: Session, tools: Tools, *, case_id: str, path: int, ended_on: date, note: str, by: Viewer
) -> None:
    """End it with a path; allowed whatever is signed by then. Raises OutOfOrder before a first session."""
    log = of_case(session, tools, case_id).log
    _require(rules.against_end(log, ended_on, _today(session, tools)))
    row_id = tools.new_id()
    row = {
        "id": row_id,
        "case_id": case_id,
        "path": path,
        "ended_on": ended_on.isoformat(),
        "note_box": tools.vault.box("staff", Place("discernment_end", "note_box", row_id), note),
        "ended_by": by.id,
        "ended_at": tools.now(),
        "outcome_due_on": End(path, ended_on).due_on.isoformat(),
    }
    session.execute(insert(table_of(DiscernmentEnd)), [row])
    audit.record(
        session, tools, by=by, verb="discernment.ended", subject=("case", case_id), detail={"path": path}
    )


def note_outcome(session: Session, tools: Tools, *, case_id: str, outcome: str, by: Viewer) -> None:
    """Keep what came of it, about six months on. Raises OutOfOrder before, or for another path's outcome."""
    today = _today(session, tools)
    _require(rules.against_outcome(of_case(session, tools, case_id).log, outcome, today))
    c = table_of(DiscernmentEnd).c
    values = {"outcome": outcome, "outcome_on": today.isoformat(), "outcome_by": by.id}
    session.execute(update(table_of(DiscernmentEnd)).where(c.case_id == case_id).values(**values))
    audit.record(session, tools, by=by, verb="discernment.outcome", subject=("case", case_id))


def of_case(session: Session, tools: Tools, case_id: str) -> DiscernmentView:
    """A couple's discernment, notes opened. Two statements."""
    rows = session.execute(_sessions(), {"of_case": case_id}).all()
    ended = session.execute(_end(), {"of_case": case_id}).one_or_none()
    place = None if ended is None else Place("discernment_end", "note_box", ended.id)
    return DiscernmentView(
        sessions=tuple(
            SessionView(
                held=Held(row.number, date.fromisoformat(row.held_on), row.a_goes_on, row.b_goes_on),
                minutes=row.minutes,
                note=tools.vault.unbox(
                    "staff", Place("discernment_session", "note_box", row.id), row.note_box
                ),
                noted_by=row.noted_by,
                noted_at=row.noted_at,
            )
            for row in rows
        ),
        end=None if ended is None else End(ended.path, date.fromisoformat(ended.ended_on), ended.outcome),
        end_note="" if ended is None or place is None else tools.vault.unbox("staff", place, ended.note_box),
    )


@cache
def _sessions() -> Select[Any]:
    c = table_of(DiscernmentSession).c
    return (
        select(
            c.id, c.number, c.held_on, c.minutes, c.a_goes_on, c.b_goes_on, c.note_box, c.noted_by, c.noted_at
        )
        .where(c.case_id == this_case(), c.replaced_at.is_(None))
        .order_by(c.number)
    )  # fmt: skip


@cache
def _end() -> Select[Any]:
    c = table_of(DiscernmentEnd).c
    return select(c.id, c.path, c.ended_on, c.outcome, c.note_box).where(c.case_id == this_case())


def _today(session: Session, tools: Tools) -> date:
    return tools.now().astimezone(ZoneInfo(practices.view(session).time_zone)).date()


def _require(refusal: str | None) -> None:
    if refusal is not None:
        raise OutOfOrder(refusal)
