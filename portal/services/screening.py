"""Safety findings from drafts and sent intakes: found at once, provisional, then latched.

contract.md, "How sealed answers flow": a finding from a draft alerts at once and is provisional until
the section is left or ten minutes pass; a correction before that withdraws it, shown to staff as
corrected; then it latches for good.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain import safety
from portal.domain.access import Viewer
from portal.domain.couple_file import parse_couple
from portal.models import Finding, Intake, Partner, SealedEntry, SectionState, table_of
from portal.services import audit, couples, openings, questionnaires, standing
from portal.services.couples import Couple, IntakeRef, Person
from portal.services.errors import Conflict
from portal.services.standing import FindingView
from portal.services.tools import Tools
from portal.vault import Place

SETTLES_AFTER: Final = timedelta(minutes=10)

_FALLBACK_SECTION: Final = "safety"


@dataclass(frozen=True)
class Screened:
    """What one screening changed: how many findings are new, corrected or latched."""

    case_id: str
    new: int
    corrected: int
    latched: int
    tiers: frozenset[str]

    @property
    def is_changed(self) -> bool:
        """Whether a new recommendation is due."""
        return bool(self.new or self.corrected or self.latched)


def waiting(session: Session) -> tuple[str, ...]:
    """Intakes with saves nobody has looked at yet."""
    c = table_of(SealedEntry).c
    return tuple(session.scalars(select(c.intake_id).distinct().where(c.screened_at.is_(None))))


def unsettled(session: Session) -> tuple[str, ...]:
    """Intakes with provisional findings."""
    c = table_of(Finding).c
    return tuple(session.scalars(select(c.intake_id).distinct().where(c.state == "provisional")))


def case_of(session: Session, intake_id: str) -> str:
    """The case an intake belongs to. Raises NoResultFound."""
    p, i = table_of(Partner).c, table_of(Intake).c
    found = session.execute(
        select(p.case_id)
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .where(i.id == intake_id)
    )
    return str(found.scalar_one())


@dataclass(frozen=True)
class Course:
    """How far one intake has come: when it was sent, sections left, items last answered."""

    intake_id: str
    sent_at: datetime | None
    left_at: dict[str, datetime]
    answered_at: dict[str, datetime]

    def deadline(self, view: FindingView) -> datetime:
        """Until when a provisional finding may still be corrected (it latches then)."""
        left = self.sent_at or self.left_at.get(view.section)
        limit = view.found_at + SETTLES_AFTER
        return limit if left is None or left < view.found_at else min(left, limit)

    def is_corrected(self, view: FindingView) -> bool:
        """Whether the item was answered anew, in time. A blank or a clear marker corrects nothing."""
        answered = self.answered_at.get(view.field)
        return answered is not None and view.found_at < answered <= self.deadline(view)


Key = tuple[str, str, str]


@dataclass(frozen=True)
class Look:
    """What one look at an intake's case saw: opened and computed outside any writing transaction."""

    couple: Couple
    kept: tuple[FindingView, ...]
    course: Course
    raised: dict[Key, safety.Finding]
    unscreened: frozenset[str]


def look(session: Session, tools: Tools, *, intake_id: str) -> Look:
    """Open the case and see what its answers raise; reads only."""
    couple = couples.couple(session, tools, case_of(session, intake_id))
    return Look(
        couple=couple,
        kept=standing.of_case(session, tools, couple.case_id),
        course=_course(session, tools, intake_id),
        raised=_raised(couple, intake_id),
        unscreened=_unscreened(session, intake_id),
    )


def note(session: Session, tools: Tools, seen: Look, *, by: Viewer) -> Screened:
    """Write the difference between what the answers raise and the findings kept, in one short transaction.

    Raises Conflict when something moved since the look: look again.
    """
    _require_unmoved(session, tools, seen)
    corrected, latched = _settle(session, tools, seen)
    new = _add_new(session, tools, seen)
    c = table_of(SealedEntry).c
    session.execute(
        update(table_of(SealedEntry))
        .where(c.intake_id == seen.course.intake_id, c.screened_at.is_(None))
        .values(screened_at=tools.now())
    )
    done = Screened(seen.couple.case_id, len(new), corrected, latched, frozenset(new))
    if done.is_changed:
        detail: audit.Detail = {"new": done.new, "corrected": corrected, "latched": latched}
        subject = ("case", seen.couple.case_id)
        audit.record(session, tools, by=by, verb="findings.changed", subject=subject, detail=detail)
    return done


def _unscreened(session: Session, intake_id: str) -> frozenset[str]:
    c = table_of(SealedEntry).c
    return frozenset(session.scalars(select(c.id).where(c.intake_id == intake_id, c.screened_at.is_(None))))


def _require_unmoved(session: Session, tools: Tools, seen: Look) -> None:
    """No save, no finding and no sending came between the look and now."""
    i = table_of(Intake).c
    intake_id = seen.course.intake_id
    is_same = (
        _unscreened(session, intake_id) == seen.unscreened
        and session.scalar(select(i.submitted_at).where(i.id == intake_id)) == seen.course.sent_at
        and standing.of_case(session, tools, seen.couple.case_id) == seen.kept
    )
    if not is_same:
        raise Conflict("moved")


def _course(session: Session, tools: Tools, intake_id: str) -> Course:
    i, s = table_of(Intake).c, table_of(SectionState).c
    sent_at = session.scalar(select(i.submitted_at).where(i.id == intake_id))
    left = session.execute(select(s.section, s.left_at).where(s.intake_id == intake_id)).all()
    answered: dict[str, datetime] = {}
    for entry in openings.entries(session, tools, intake_id):
        answered.update(dict.fromkeys(entry.values, entry.saved_at))
    return Course(
        intake_id=intake_id,
        sent_at=sent_at,
        left_at={row.section: row.left_at for row in left if row.left_at is not None},
        answered_at=answered,
    )


def _raised(couple: Couple, intake_id: str) -> dict[Key, safety.Finding]:
    """What the answers raise now, by (partner id, rule, field).

    An unsent round beside a sent one is screened by itself: the couple file reads the sent one.
    """
    found = {}
    for file in (couple.file, *_with_draft(couple, intake_id)):
        for finding in safety.findings(parse_couple(file)):
            person = _person(couple.people, finding.slot)
            found[(person.partner_id, finding.rule, finding.field)] = finding
    return found


def _with_draft(couple: Couple, intake_id: str) -> Iterable[dict[str, object]]:
    for person in couple.people:
        if person.draft is not None and person.intake is not None and person.draft.id == intake_id:
            slots = {**couple.file["participation"], person.slot: "in_progress"}
            partners = {**couple.file["partners"], person.slot: couple.drafts[person.slot]}
            yield {**couple.file, "participation": slots, "partners": partners}


def _person(people: Iterable[Person], slot: str) -> Person:
    return next(person for person in people if person.slot == slot)


def _add_new(session: Session, tools: Tools, seen: Look) -> list[str]:
    """Keep findings not kept yet; returns their tiers. A corrected one that is raised again is new.

    A latched finding of an earlier round is raised anew by a later one: clearances go by time.
    """
    current = _current(seen.couple.people, seen.course.intake_id)
    known = {view_key(view) for view in seen.kept if view.state != "corrected" and view.intake_id in current}
    new = {key: finding for key, finding in seen.raised.items() if key not in known}
    rows = [_row(tools, key, finding, seen.couple.people, seen.course) for key, finding in new.items()]
    if rows:
        session.execute(insert(table_of(Finding)), rows)
    return [finding.tier for finding in new.values()]


def _current(people: Iterable[Person], intake_id: str) -> frozenset[str]:
    """The rounds that hold what both people say now."""
    refs = [ref.id for person in people for ref in (person.intake, person.draft) if ref is not None]
    return frozenset((*refs, intake_id))


def _row(
    tools: Tools, key: Key, finding: safety.Finding, people: Iterable[Person], course: Course
) -> dict[str, object]:
    row_id = tools.new_id()
    body = json.dumps({"rule": finding.rule, "field": finding.field, "tier": finding.tier}, sort_keys=True)
    ref = _source(next(person for person in people if person.partner_id == key[0]), course)
    return {
        "id": row_id,
        "partner_id": key[0],
        "intake_id": course.intake_id if ref is None else ref.id,
        "identity": tools.vault.digest("staff", "finding", "|".join(key)),
        "state": "provisional" if course.sent_at is None else "latched",
        "body_box": tools.vault.box("staff", Place("finding", "body_box", row_id), body),
        "found_at": course.answered_at.get(finding.field, tools.now()),
        "section": section_of(finding.field, ref),
        "settled_at": None if course.sent_at is None else tools.now(),
    }


def _source(person: Person, course: Course) -> IntakeRef | None:
    """The round the finding stems from: the one being screened, else the one that is read."""
    for ref in (person.draft, person.intake):
        if ref is not None and ref.id == course.intake_id:
            return ref
    return person.intake or person.draft


def section_of(field: str, intake: IntakeRef | None) -> str:
    """The form section that a finding's field stands in; derived fields count as the safety section."""
    if intake is None:
        return _FALLBACK_SECTION
    questionnaire = questionnaires.of(intake.questionnaire, intake.variant)
    return questionnaire.section_of(field).key if questionnaire.has_item(field) else _FALLBACK_SECTION


def _settle(session: Session, tools: Tools, seen: Look) -> tuple[int, int]:
    """Latch or withdraw provisional findings of this intake; returns (corrected, latched).

    A finding whose time has run out latches even if the newest answers no longer raise it.
    """
    states = [
        (view, state)
        for view in seen.kept
        if view.state == "provisional" and view.intake_id == seen.course.intake_id
        if (state := _next_state(view, seen.course, tools.now(), view_key(view) in seen.raised)) is not None
    ]
    c = table_of(Finding).c
    for view, state in states:
        session.execute(
            update(table_of(Finding)).where(c.id == view.id).values(state=state, settled_at=tools.now())
        )
    corrected = sum(state == "corrected" for _, state in states)
    return corrected, len(states) - corrected


def view_key(view: FindingView) -> Key:
    """What makes two findings the same."""
    return (view.partner_id, view.rule, view.field)


def _next_state(view: FindingView, course: Course, now: datetime, is_raised: bool) -> str | None:
    if not is_raised and course.is_corrected(view):
        return "corrected"
    return "latched" if course.deadline(view) <= now else None
