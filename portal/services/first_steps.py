"""What a new practice still has to do before its first couple: five minutes, told on the admin's overview."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import PRACTICE_ID, AuditEvent, CaseFile, Practice, StaffAccount, table_of


@dataclass(frozen=True)
class FirstSteps:
    """Which of the first steps are done."""

    has_name: bool
    has_on_call: bool
    has_kit: bool
    has_therapist: bool
    has_case: bool

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return all(astuple(self))


def view(session: Session) -> FirstSteps:
    """The steps as they stand: five short statements, each ended by the first row it finds."""
    p, s, c, e = table_of(Practice).c, table_of(StaffAccount).c, table_of(CaseFile).c, table_of(AuditEvent).c
    practice = session.execute(select(p.name, p.has_on_call).where(p.id == PRACTICE_ID)).one_or_none()
    able = select(s.id).where(
        s.roles.contains("therapist"), s.disabled_at.is_(None), s.set_up_at.is_not(None)
    )
    kit = select(e.id).where(e.subject_id == PRACTICE_ID, e.verb == "keys.kit_made")
    return FirstSteps(
        has_name=practice is not None and bool(practice.name),
        has_on_call=practice is not None and practice.has_on_call,
        has_kit=session.scalar(kit.limit(1)) is not None,
        has_therapist=session.scalar(able.limit(1)) is not None,
        has_case=session.scalar(select(c.id).limit(1)) is not None,
    )
