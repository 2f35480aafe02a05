"""Erasing a person or a case for good. What stays: the audit trail, which holds ids only.

The other person of a case keeps what is theirs. What was made from both (recommendations, reviews) goes,
and the rules are asked anew about who is left.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import (
    Account,
    AccountLink,
    AnswerSet,
    Appointment,
    Base,
    BreakGlass,
    CallAttempt,
    CallPlan,
    CaseFile,
    Clearance,
    Closing,
    ConflictBlock,
    Consent,
    DiscernmentEnd,
    DiscernmentSession,
    Fact,
    Finding,
    Intake,
    Interview,
    Invitation,
    Job,
    LateText,
    Letter,
    Notice,
    Partner,
    PartnerSession,
    Recommendation,
    Review,
    SealedEntry,
    SectionState,
    StaffEntry,
    Statement,
    table_of,
)
from portal.services import audit, jobs, rule_walks
from portal.services.errors import NotFound, OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place

#: In the order in which rows may go: what refers comes before what is referred to.
_OF_INTAKES: tuple[type[Base], ...] = (AnswerSet, SealedEntry, SectionState, StaffEntry)
_OF_ACCOUNTS: tuple[type[Base], ...] = (PartnerSession, AccountLink, LateText)
_OF_PARTNERS: tuple[type[Base], ...] = (
    *(
        Letter,
        Consent,
        Statement,
        Notice,
        Interview,
        CallAttempt,
        CallPlan,
        Fact,
        Invitation,
        Intake,
        Account,
    ),
)
#: Made from both, and of no meaning for one alone.
_OF_BOTH: tuple[type[Base], ...] = (DiscernmentSession, DiscernmentEnd, Review, Recommendation)
_OF_CASES: tuple[type[Base], ...] = (
    *(Letter, Appointment, BreakGlass, Clearance, Closing, ConflictBlock),
    *_OF_BOTH,
)

#: Why something is erased by hand. ``policy``: its time is over, or it was erased before.
REASONS: Final = ("person_asked", "law", "mistake")
POLICY: Final = "policy"


@dataclass(frozen=True)
class _Someone:
    partner_id: str
    case_id: str
    slot: str


def erase_person(
    session: Session,
    tools: Tools,
    *,
    partner_id: str,
    by: Viewer,
    reason: str = POLICY,
    despite_hold: bool = False,
) -> bool:
    """Erase one person of a case; the case too where nobody else is left. Whether the case is still there.

    ``despite_hold``: it was erased before, after the hold was lifted, and a backup brought it back.
    Raises NotFound, OutOfOrder ("legal_hold").
    """
    p = table_of(Partner).c
    row = session.execute(select(p.id, p.case_id, p.slot).where(p.id == partner_id)).one_or_none()
    if row is None:
        raise NotFound
    someone = _Someone(row.id, row.case_id, row.slot)
    _require_free(session, someone.case_id, despite_hold=despite_hold)
    detail: audit.Detail = {"partner": partner_id, "slot": someone.slot, "reason": reason}
    subject = ("case", someone.case_id)
    audit.record(session, tools, by=by, verb="person.erased", subject=subject, detail=detail)
    jobs.add(session, tools, kind="ledger", subject_id=partner_id)
    tools.vault.opened.forget()
    _erase_partner(session, partner_id)
    others = select(p.id).where(p.case_id == someone.case_id).limit(1)
    if session.execute(others).one_or_none() is None:
        _erase_case(session, someone.case_id)
        return False
    _forget_both(session, tools, someone)
    jobs.add(session, tools, kind="route", subject_id=someone.case_id)
    return True


def erase_case(
    session: Session,
    tools: Tools,
    *,
    case_id: str,
    by: Viewer,
    reason: str = POLICY,
    despite_hold: bool = False,
) -> None:
    """Erase a case with everybody in it. Raises NotFound, OutOfOrder ("legal_hold")."""
    _require_free(session, case_id, despite_hold=despite_hold)
    detail: audit.Detail = {"reason": reason}
    audit.record(session, tools, by=by, verb="case.erased", subject=("case", case_id), detail=detail)
    jobs.add(session, tools, kind="ledger", subject_id=case_id)
    tools.vault.opened.forget()
    p = table_of(Partner).c
    for partner_id in session.scalars(select(p.id).where(p.case_id == case_id)).all():
        _erase_partner(session, partner_id)
    _erase_case(session, case_id)


def _require_free(session: Session, case_id: str, *, despite_hold: bool) -> None:
    c = table_of(CaseFile).c
    row = session.execute(select(c.id, c.held_at).where(c.id == case_id)).one_or_none()
    if row is None:
        raise NotFound
    if row.held_at is not None and not despite_hold:
        raise OutOfOrder("legal_hold")


def _erase_partner(session: Session, partner_id: str) -> None:
    i, a, f = table_of(Intake).c, table_of(Account).c, table_of(Finding)
    intakes = session.scalars(select(i.id).where(i.partner_id == partner_id)).all()
    accounts = session.scalars(select(a.id).where(a.partner_id == partner_id)).all()
    s = table_of(Statement).c
    said = session.scalars(select(s.id).where(s.partner_id == partner_id)).all()
    # A merge copies findings to the slot: the copies name this person's intake.
    session.execute(delete(f).where(or_(f.c.partner_id == partner_id, f.c.intake_id.in_(intakes))))
    for model in _OF_INTAKES:
        session.execute(delete(table_of(model)).where(table_of(model).c.intake_id.in_(intakes)))
    for model in _OF_ACCOUNTS:
        session.execute(delete(table_of(model)).where(table_of(model).c.account_id.in_(accounts)))
    for model in _OF_PARTNERS:
        session.execute(delete(table_of(model)).where(table_of(model).c.partner_id == partner_id))
    session.execute(delete(table_of(Partner)).where(table_of(Partner).c.id == partner_id))
    _forget_jobs(session, [*intakes, *accounts, *said])


def _erase_case(session: Session, case_id: str) -> None:
    for model in _OF_CASES:
        session.execute(delete(table_of(model)).where(table_of(model).c.case_id == case_id))
    session.execute(delete(table_of(CaseFile)).where(table_of(CaseFile).c.id == case_id))
    _forget_jobs(session, [case_id], keep=("ledger", rule_walks.KIND))


def _forget_jobs(session: Session, subjects: list[str], *, keep: Collection[str] = ()) -> None:
    """``keep``: kinds that are not done with whom they name, as a walk that has come as far as this case."""
    job = table_of(Job)
    session.execute(delete(job).where(job.c.subject_id.in_(subjects), job.c.kind.not_in(keep)))


def _forget_both(session: Session, tools: Tools, gone: _Someone) -> None:
    """What was made from both is deleted; notes that may speak of the one who is gone are emptied."""
    appointment = table_of(Appointment)
    own = (appointment.c.case_id == gone.case_id) & (appointment.c.slot == gone.slot)
    session.execute(delete(appointment).where(own))
    for model in _OF_BOTH:
        session.execute(delete(table_of(model)).where(table_of(model).c.case_id == gone.case_id))
    spoken_of = ((Clearance, "note_box"), (Closing, "note_box"), (BreakGlass, "reason_box"))
    for table, column in ((table_of(model), column) for model, column in spoken_of):
        for row_id in session.scalars(select(table.c.id).where(table.c.case_id == gone.case_id)).all():
            empty = tools.vault.box("staff", Place(table.name, column, row_id), "")
            session.execute(update(table).where(table.c.id == row_id).values({column: empty}))
