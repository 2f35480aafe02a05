"""The end of a sitting: ending a session also leaves the section that stands open; findings then latch."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Intake, SectionState, table_of
from portal.services import audit, jobs, sessions
from portal.services.tools import Tools


def end(session: Session, tools: Tools, *, by: Viewer) -> None:
    """End this session of a partner or a staff member, for good."""
    leave_section(session, tools, by=by)
    sessions.end(session, tools, by)
    audit.record(session, tools, by=by, verb="session.ended", subject=_subject(by))


def end_everywhere(session: Session, tools: Tools, *, by: Viewer, keep_current: bool = False) -> None:
    """End every session of this account, the current one too unless ``keep_current``."""
    if not keep_current:
        leave_section(session, tools, by=by)
    sessions.end_all(session, tools, by, keep_current=keep_current)
    audit.record(session, tools, by=by, verb="session.all_ended", subject=_subject(by))


def leave_section(session: Session, tools: Tools, *, by: Viewer) -> None:
    """Mark the section that a partner has open as left now, and ask the worker to settle the findings.

    Partner door; nothing happens for staff or for an intake that was sent.
    """
    if by.kind != "partner":
        return
    state, intake = table_of(SectionState), table_of(Intake).c
    row = session.execute(
        select(intake.id, intake.position)
        .where(intake.partner_id == by.partner_id, intake.submitted_at.is_(None))
        .order_by(intake.round.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return
    here = (state.c.intake_id == row.id) & (state.c.section == row.position)
    session.execute(update(state).where(here).values(left_at=tools.now()))
    subject, detail = ("intake", row.id), {"section": row.position}
    audit.record(session, tools, by=by, verb="section.left", subject=subject, detail=detail)
    jobs.add(session, tools, kind="left", subject_id=row.id)


def _subject(by: Viewer) -> tuple[str, str]:
    return ("account" if by.kind == "partner" else "staff", by.id)
