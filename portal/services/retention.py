"""What nobody needs any more is deleted: by the practice's policy, once a day or by command.

Each piece is a short transaction of its own. A case under legal hold is left alone. A form that was sent
once and reopened belongs to the record and goes with its case, not as a draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import CursorResult, Delete, Update, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import (
    AccountLink,
    CaseFile,
    Intake,
    Invitation,
    Job,
    LateText,
    Mail,
    Partner,
    PartnerSession,
    SealedEntry,
    SectionState,
    StaffLink,
    StaffSession,
    table_of,
)
from portal.services import audit, erasures, jobs, late_texts, practice_settings, sessions
from portal.services.errors import NotFound
from portal.services.tools import Tools
from portal.store import Store

#: A browser that signed in this long ago is a stranger again; rows without content are kept as long.
_A_YEAR: Final = timedelta(days=365)
_JOBS: Final = timedelta(days=30)


@dataclass(frozen=True)
class Deleted:
    """How much of each kind went."""

    drafts: int = 0
    links: int = 0
    mails: int = 0
    sessions: int = 0
    cases: int = 0
    late: int = 0

    @property
    def is_something(self) -> bool:
        """Whether any text went, so that the disk must be cleaned after it."""
        return any((self.drafts, self.links, self.mails, self.sessions, self.cases, self.late))


def run(store: Store, tools: Tools, *, by: Viewer, outbox: Path | None = None) -> Deleted:
    """Delete all that is over its time, then take it off the disk as well (``Store.clean``)."""
    with store.staff.read() as session:
        policy = practice_settings.view(session, tools)
        drafts = _old_drafts(session, tools, days=policy.draft_days)
        cases = _old_cases(session, tools, years=policy.case_years)
    for intake_id, case_id in drafts:
        with store.staff.write() as session:
            _empty_draft(session, tools, intake_id, case_id, by)
    for case_id in cases:
        with store.staff.write() as session:
            erasures.erase_case(session, tools, case_id=case_id, by=by)
    with store.staff.write() as session:
        links = _dead_links(session, tools)
        mails = _old_mails(session, tools, days=policy.mail_days)
        ended = _old_sessions(session, tools)
        late = _late_texts(session, tools)
        mails += _old_files(tools, outbox, days=policy.mail_days)
        done = Deleted(len(drafts), links, mails, ended, len(cases), late)
        if done.is_something:
            audit.record(
                session, tools, by=by, verb="retention.run", subject=("practice", "practice"),
                detail={"drafts": done.drafts, "links": links, "mails": mails, "cases": done.cases},
            )  # fmt: skip
    return done


def hold(session: Session, tools: Tools, *, case_id: str, is_held: bool, by: Viewer) -> None:
    """Put a legal hold on a case, or lift it. Raises NotFound."""
    table = table_of(CaseFile)
    value = tools.now() if is_held else None
    if not _count(session, update(table).where(table.c.id == case_id).values(held_at=value)):
        raise NotFound
    verb = "case.held" if is_held else "case.hold_lifted"
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id))


def _old_drafts(session: Session, tools: Tools, *, days: int) -> list[tuple[str, str]]:
    """First forms that were never sent and not touched for so long: (intake, case). Screened ones only."""
    i, s, p, c = (table_of(model).c for model in (Intake, SectionState, Partner, CaseFile))
    e = table_of(SealedEntry).c
    unseen = select(e.id).where(e.intake_id == i.id, e.screened_at.is_(None)).exists()
    touched = func.max(func.length(s.touched)) > 0
    rows = session.execute(
        select(i.id, p.case_id)
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .join(table_of(CaseFile), p.case_id == c.id)
        .join(table_of(SectionState), s.intake_id == i.id)
        .where(i.submitted_at.is_(None), i.round == 1, c.held_at.is_(None), ~unseen)
        .group_by(i.id, p.case_id)
        .having(func.max(s.saved_at) < tools.now() - timedelta(days=days), touched)
    )
    return [(row.id, row.case_id) for row in rows]


def _empty_draft(session: Session, tools: Tools, intake_id: str, case_id: str, by: Viewer) -> None:
    """As it was before the first answer, but for the save counter; findings stay with the case."""
    entry, state, intake = table_of(SealedEntry), table_of(SectionState), table_of(Intake)
    session.execute(delete(entry).where(entry.c.intake_id == intake_id))
    session.execute(
        update(state).where(state.c.intake_id == intake_id).values(draft_box=None, touched="", save_digest="")
    )
    session.execute(update(intake).where(intake.c.id == intake_id).values(private=None, position="start"))
    audit.record(session, tools, by=by, verb="intake.expired", subject=("intake", intake_id))
    jobs.add(session, tools, kind="route", subject_id=case_id)


def _old_cases(session: Session, tools: Tools, *, years: int) -> list[str]:
    c = table_of(CaseFile).c
    before = tools.now() - timedelta(days=366 * years)
    return list(session.scalars(select(c.id).where(c.closed_at < before, c.held_at.is_(None))))


def _dead_links(session: Session, tools: Tools) -> int:
    """One-time links past their time; an invitation stays as a record without its token."""
    now, invitation = tools.now(), table_of(Invitation)
    done = sum(
        _count(session, delete(table_of(model)).where(table_of(model).c.expires_at < now))
        for model in (AccountLink, StaffLink)
    )
    is_dead = (invitation.c.expires_at < now) & invitation.c.token_hash.is_not(None)
    return done + _count(session, update(invitation).where(is_dead).values(token_hash=None, link_box=None))


def _late_texts(session: Session, tools: Tools) -> int:
    """What came after a session had run out: taken over, thrown away, or no longer offered."""
    table = table_of(LateText)
    is_over = table.c.settled_at.is_not(None) | (table.c.kept_at < tools.now() - late_texts.OFFERED_FOR)
    return _count(session, delete(table).where(is_over))


def _old_mails(session: Session, tools: Tools, *, days: int) -> int:
    """Bodies of mail that was given up; rows of all mail after a year. Done jobs go on the way."""
    mail, job, now = table_of(Mail), table_of(Job), tools.now()
    session.execute(delete(job).where(job.c.done_at < now - _JOBS))
    session.execute(delete(mail).where(or_(mail.c.sent_at < now - _A_YEAR, mail.c.failed_at < now - _A_YEAR)))
    is_old = (mail.c.failed_at < now - timedelta(days=days)) & (func.length(mail.c.body_box) > 0)
    return _count(session, update(mail).where(is_old).values(body_box=b""))


def _old_files(tools: Tools, outbox: Path | None, *, days: int) -> int:
    """Mails that were written as files, where there is no mail server."""
    if outbox is None:
        return 0
    before = (tools.now() - timedelta(days=days)).timestamp()
    old = [file for file in outbox.glob("*.eml") if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _old_sessions(session: Session, tools: Tools) -> int:
    """Cards (name and recovery code) of sessions that are over; rows after a year."""
    held, now = table_of(PartnerSession), tools.now()
    for model in (PartnerSession, StaffSession):
        session.execute(delete(table_of(model)).where(table_of(model).c.last_seen_at < now - _A_YEAR))
    is_over = held.c.card_box.is_not(None) & (held.c.created_at < now - sessions.PARTNER_LIMIT)
    return _count(session, update(held).where(is_over).values(card_box=None))


def _count(session: Session, change: Update | Delete) -> int:
    return cast("CursorResult[Any]", session.execute(change)).rowcount
