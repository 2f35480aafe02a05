"""The case page: everything a therapist needs of one case, opened, with the event that it was looked at.

Both partners' answers stand beside each other here and nowhere else; nothing of it leaves for a partner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.domain import gates, scoring, told
from portal.domain.access import Viewer
from portal.domain.answers import Answer
from portal.domain.couple_file import parse_couple
from portal.domain.scales import SCALES
from portal.domain.told import Told
from portal.domain.urgency import LOST
from portal.services import (
    appointments,
    audit,
    break_glass,
    case_names,
    cases,
    clearances,
    closings,
    couples,
    discernment,
    facts,
    interviews,
    invitations,
    losses,
    reviews,
    routing,
    sendings,
    staff_letters,
)
from portal.services.appointments import AppointmentView
from portal.services.break_glass import BreakGlassView
from portal.services.case_reading import CaseReading
from portal.services.cases import CaseHead
from portal.services.clearances import ClearanceView
from portal.services.closings import ClosingView
from portal.services.couples import Couple
from portal.services.discernment import DiscernmentView
from portal.services.facts import FactView
from portal.services.interviews import InterviewView
from portal.services.invitations import InvitationView
from portal.services.openings import OpenedStatement
from portal.services.persons import Person
from portal.services.reviews import ReviewView
from portal.services.routing import RecommendationView
from portal.services.sendings import Sending
from portal.services.staff_letters import LetterView
from portal.services.standing import FindingView
from portal.services.tools import Tools

_SAID = (
    *("message", "addition", "withdrawal", "not_now", "second_not_now", "partner_choice"),
    "appointment_answer",
)


@dataclass(frozen=True)
class Side:
    """One partner on the case page. ``given``: their part of the couple file; ``scores`` by scale key.

    ``answers`` of the sent intake that is read, empty while nothing was sent. ``name`` None before consent.
    ``said``: what they told outside the form, oldest first.
    """

    slot: str
    person: Person
    name: str | None
    given: Mapping[str, Any]
    scores: Mapping[str, int | None]
    answers: Mapping[str, Answer]
    said: tuple[OpenedStatement, ...]


@dataclass(frozen=True)
class CaseView:
    """One case, opened. Lists are newest first; ``staff`` names staff ids.

    ``concerned``: gate -> slots of those whose answers raise it. ``told``: who reported what.
    """

    head: CaseHead
    sides: tuple[Side, ...]
    recommendation: RecommendationView | None
    findings: tuple[FindingView, ...]
    interviews: tuple[InterviewView, ...]
    clearances: tuple[ClearanceView, ...]
    reviews: tuple[ReviewView, ...]
    letters: tuple[LetterView, ...]
    appointments: tuple[AppointmentView, ...]
    invitations: tuple[InvitationView, ...]
    facts: tuple[FactView, ...]
    glass: tuple[BreakGlassView, ...]
    discernment: DiscernmentView
    closings: tuple[ClosingView, ...]
    staff: Mapping[str, str]
    is_invitation_blocked: bool
    concerned: Mapping[str, tuple[str, ...]]
    told: tuple[Told, ...]
    alcohol_level: int
    #: What was sent, oldest first; and what the rules had said that a therapist last signed.
    sent: tuple[Sending, ...]
    signed_advice: RecommendationView | None
    #: Slots of those of whose form something is lost.
    lost: tuple[str, ...] = ()

    def side(self, slot: str) -> Side | None:
        """The partner in a slot, if anybody is there."""
        return next((side for side in self.sides if side.slot == slot), None)

    @property
    def is_partial(self) -> bool:
        """Whether something either said is lost, in a form or outside it."""
        said = (one for side in self.sides for one in (*side.said, *side.person.statements))
        return bool(self.lost) or any(one.is_lost for one in said)

    @property
    def signed(self) -> ReviewView | None:
        """The newest signed review."""
        return next((review for review in self.reviews if review.is_signed), None)

    @property
    def is_signed(self) -> bool:
        """Whether exactly the newest recommendation is signed."""
        newest, signed = self.recommendation, self.signed
        return newest is not None and signed is not None and signed.recommendation_id == newest.id


def opened(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> CaseView:
    """The whole case and the event of looking; a constant number of statements. Raises NotFound.

    Also where something is lost, in a form or outside it: who works on the case needs its page. Whoever sees
    that first has it noted and told, so that nothing is signed upon it.
    """
    return _opened(session, tools, case_id=case_id, verb="case.viewed", by=by, may_miss=True)


def opened_for_brief(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> CaseView:
    """The same for a printed brief, which is an event of its own kind: it leaves the portal."""
    return _opened(session, tools, case_id=case_id, verb="brief.made", by=by)


def _opened(
    session: Session, tools: Tools, *, case_id: str, verb: str, by: Viewer, may_miss: bool = False
) -> CaseView:
    head = cases.head(session, tools, case_id, by)
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id))
    reading = CaseReading(session, tools.reading(), case_id, may_miss=may_miss)
    view = _view(reading, head)
    losses.note(session, tools, case_id=case_id, missing=reading.lost, by=by)
    return view


def _view(reading: CaseReading, head: CaseHead) -> CaseView:
    session, tools, case_id = reading.session, reading.tools, reading.case_id
    couple, reviewed = couples.read(reading), reviews.of_case(session, tools, case_id)
    signed_id = next((review.recommendation_id for review in reviewed if review.is_signed), "")
    newest, signed_advice = routing.newest_and(reading, signed_id)
    return CaseView(
        head=head,
        sides=_sides(reading, couple),
        recommendation=newest,
        findings=couple.found,
        interviews=interviews.read(reading),
        clearances=clearances.read(reading),
        reviews=reviewed,
        letters=staff_letters.of_case(session, tools, case_id),
        appointments=appointments.of_case(session, tools, case_id),
        invitations=invitations.read(reading),
        facts=facts.read(reading),
        glass=break_glass.of_case(session, tools, case_id),
        discernment=discernment.of_case(session, tools, case_id),
        closings=closings.of_case(session, tools, case_id),
        staff=case_names.of_staff(session, tools),
        is_invitation_blocked=invitations.is_blocked(couple, newest, couple.found),
        concerned=gates.concerned(parse_couple(couple.file)),
        told=told.compare(couple.file["partners"]),
        alcohol_level=couple.alcohol_level,
        sent=sendings.read(reading, couple.people),
        signed_advice=signed_advice,
        lost=_lost(reading, newest),
    )


def _lost(reading: CaseReading, newest: RecommendationView | None) -> tuple[str, ...]:
    """Of whose form something is lost: as it was read here, or noted with the newest recommendation."""
    noted = () if newest is None else newest.body.get(LOST, ())
    theirs = {row.partner_id for row in reading.intakes if row.id in reading.lost}
    return tuple(row.slot for row in reading.people if row.id in theirs or row.slot in noted)


def _sides(reading: CaseReading, couple: Couple) -> tuple[Side, ...]:
    names, said = case_names.read(reading), reading.said(_SAID)
    return tuple(
        _side(couple, person, name=names.get(person.slot), said=said[person.partner_id])
        for person in couple.people
    )


def _side(couple: Couple, person: Person, *, name: str | None, said: tuple[OpenedStatement, ...]) -> Side:
    given = couple.file["partners"].get(person.slot, {})
    answers = couple.answers[person.slot]
    return Side(
        slot=person.slot,
        person=person,
        name=name,
        given=given,
        scores={} if person.intake is None else _scores(given, answers),
        answers=answers,
        said=said,
    )


def _scores(given: Mapping[str, Any], answers: Mapping[str, Answer]) -> dict[str, int | None]:
    """Every scale of a sent intake, None where not scored."""
    values = {**given, **given["indices"], "reflection": scoring.reflection_count(answers)}
    return {scale.key: _whole(values.get(scale.key)) for scale in SCALES}


def _whole(value: object) -> int | None:
    """A score, or None for "not scored" and "declined"."""
    return value if isinstance(value, int) else None
