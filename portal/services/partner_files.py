"""One partner's answers as a therapist reads them; of an unsent intake only how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.answers import Answer
from portal.domain.questionnaire import Progress, Questionnaire
from portal.domain.visibility import can_see_answers
from portal.models import Intake, SectionState, table_of
from portal.services import audit, case_names, cases, openings, persons, questionnaires, standing
from portal.services.case_reading import CaseReading
from portal.services.errors import NotFound
from portal.services.openings import OpenedStatement
from portal.services.persons import Person
from portal.services.standing import FindingView
from portal.services.tools import Tools


@dataclass(frozen=True)
class Round:
    """One filling-in: ``kind`` first, refresh, repeat or missing; ``submitted_at`` None while unsent."""

    id: str
    number: int
    kind: str
    questionnaire: str
    variant: str
    begun_at: datetime
    submitted_at: datetime | None

    @property
    def asked(self) -> Questionnaire:
        """The questionnaire this round was begun with."""
        return questionnaires.of(self.questionnaire, self.variant)


@dataclass(frozen=True)
class PartnerFile:
    """One partner's file. ``answers`` of the ``shown`` round, None while it is unsent; then ``progress``."""

    case_id: str
    slot: str
    name: str | None
    person: Person
    rounds: tuple[Round, ...]
    shown: Round | None
    answers: Mapping[str, Answer] | None
    progress: Progress | None
    findings: tuple[FindingView, ...]
    said: tuple[OpenedStatement, ...]
    #: Whether something of the shown round is lost: ``answers`` are then those that can be opened.
    is_lost: bool = False


def opened(
    session: Session, tools: Tools, *, case_id: str, slot: str, number: int | None = None, by: Viewer
) -> PartnerFile:
    """A partner's file and the event of looking. ``number``: a round; default the newest sent, else newest.

    Raises NotFound for a case that is not this therapist's, an empty slot or no such round.
    """
    cases.require_visible(session, tools, case_id, by)
    known = CaseReading(session, tools, case_id, may_miss=True)
    people = persons.read(known)
    person = next((person for person in people if person.slot == slot), None)
    if person is None:
        raise NotFound
    rounds = _rounds(session, person.partner_id)
    shown = _shown(rounds, number)
    detail: audit.Detail = {"slot": slot, "round": shown.number if shown else None}
    audit.record(session, tools, by=by, verb="answers.viewed", subject=("case", case_id), detail=detail)
    is_sent = shown is not None and shown.submitted_at is not None
    may_read = can_see_answers(by, may_open_case=True, is_sent=is_sent)
    found = [view for view in standing.of_case(session, tools, case_id) if view.slot == slot]
    kinds, opened = ("message", "addition"), openings.opened_or_lost
    said = openings.statements(session, tools, [person.partner_id], kinds, opened)
    return PartnerFile(
        case_id=case_id,
        slot=slot,
        name=case_names.of_case(session, tools, case_id).get(slot),
        person=person,
        rounds=rounds,
        shown=shown,
        answers=known.answers(shown.id) if shown is not None and may_read else None,
        progress=_progress(session, shown) if shown is not None and not is_sent else None,
        findings=tuple(found),
        said=said[person.partner_id],
        is_lost=shown is not None and shown.id in known.lost,
    )


def _rounds(session: Session, partner_id: str) -> tuple[Round, ...]:
    c = table_of(Intake).c
    rows = session.execute(
        select(c.id, c.round, c.kind, c.questionnaire, c.variant, c.begun_at, c.submitted_at)
        .where(c.partner_id == partner_id)
        .order_by(c.round.desc())
    ).all()
    return tuple(Round(*row) for row in rows)


def _shown(rounds: tuple[Round, ...], number: int | None) -> Round | None:
    if number is not None:
        found = [one for one in rounds if one.number == number]
        if not found:
            raise NotFound
        return found[0]
    sent = [one for one in rounds if one.submitted_at is not None]
    return next(iter((*sent, *rounds)), None)


def _progress(session: Session, shown: Round) -> Progress:
    c = table_of(SectionState).c
    rows = session.execute(select(c.section, c.touched).where(c.intake_id == shown.id)).all()
    return shown.asked.progress({row.section: row.touched.split() for row in rows})
