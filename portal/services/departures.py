"""The end of a sitting: ending a partner's session also leaves what stood open, so that findings latch."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Intake, SectionState, table_of
from portal.services import audit, jobs, sessions
from portal.services.tools import Tools


def end(session: Session, tools: Tools, *, by: Viewer) -> None:
    """End this session of a partner or a staff member, for good."""
    leave_sections(session, tools, by=by)
    sessions.end(session, tools, by)
    audit.record(session, tools, by=by, verb="session.ended", subject=_subject(by))


def end_everywhere(session: Session, tools: Tools, *, by: Viewer, keep_current: bool = False) -> None:
    """End every session of this account, the current one too unless ``keep_current``."""
    if not keep_current:
        leave_sections(session, tools, by=by)
    sessions.end_all(session, tools, by, keep_current=keep_current)
    audit.record(session, tools, by=by, verb="session.all_ended", subject=_subject(by))


def leave_sections(session: Session, tools: Tools, *, by: Viewer) -> None:
    """Mark what a partner had open as left now, and ask the worker to settle the findings.

    Partner door; nothing happens for staff or for an intake that was sent.
    """
    if by.kind != "partner":
        return
    state, intake = table_of(SectionState), table_of(Intake)
    is_open = state.c.opened_at.is_not(None) & state.c.left_at.is_(None)
    rows = session.execute(
        select(state.c.intake_id, state.c.section)
        .join_from(state, intake, state.c.intake_id == intake.c.id)
        .where(intake.c.partner_id == by.partner_id, intake.c.submitted_at.is_(None), is_open)
        .order_by(state.c.intake_id, state.c.section)
    ).all()
    for row in rows:
        here = (state.c.intake_id == row.intake_id) & (state.c.section == row.section)
        session.execute(update(state).where(here).values(left_at=tools.now()))
        subject, detail = ("intake", row.intake_id), {"section": row.section}
        audit.record(session, tools, by=by, verb="section.left", subject=subject, detail=detail)
    for intake_id in sorted({row.intake_id for row in rows}):
        jobs.add(session, tools, kind="left", subject_id=intake_id)


def _subject(by: Viewer) -> tuple[str, str]:
    return ("account" if by.kind == "partner" else "staff", by.id)
