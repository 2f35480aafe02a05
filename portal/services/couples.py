"""The couple file of a case, built from what the database holds (contract.md, "Couple file")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CompoundSelect, select, union_all
from sqlalchemy.orm import Session

from portal.domain import safety, scoring
from portal.domain.answers import Answer
from portal.domain.couple_file import parse_couple
from portal.models import CaseFile, Invitation, Partner, table_of
from portal.services import openings, practices, rounds, standing
from portal.services.case_reading import CaseReading, this_case
from portal.services.persons import IntakeRef, Person, people
from portal.services.persons import read as persons_of
from portal.services.practices import RulesView
from portal.services.tools import Tools

__all__ = ["Couple", "IntakeRef", "Person", "couple", "couple_file", "people"]


@dataclass(frozen=True)
class Couple:
    """A case as the rules will read it, with what the findings need: people and the practice's day."""

    case_id: str
    people: tuple[Person, ...]
    file: dict[str, Any]
    #: By slot: what each person says now, without what is fed until a clinician confirms newer answers.
    said: dict[str, dict[str, Any]]
    #: By slot: everything that is read of whoever sent, as it was answered.
    answers: Mapping[str, Mapping[str, Answer]]
    #: Every safety finding of the case, oldest first.
    found: tuple[standing.FindingView, ...]
    #: The practice's hold level of the alcohol score.
    alcohol_level: int
    #: What is lost of what was read, as ``CaseReading.lost`` has it; it reads as not answered.
    missing: Mapping[str, int | None] = field(default_factory=dict)


def couple(session: Session, tools: Tools, case_id: str) -> Couple:
    """People and couple file of a case, as of today in the practice's time zone."""
    return read(CaseReading(session, tools, case_id))


def read(reading: CaseReading) -> Couple:
    """The same in one reading of the case."""
    practice, persons = practices.rules_view(reading.session), persons_of(reading)
    zone = ZoneInfo(practice.time_zone)
    answers = {person.slot: rounds.said_now(reading, person) for person in persons}
    reader = _Reader(reading, practice, persons, _claimed(reading), answers)
    said = {person.slot: given for person in persons if (given := reader.partner(person))}
    found = standing.read(reading)
    slots = {person.slot: person.participation for person in persons}
    file: dict[str, Any] = {
        "as_of": reading.tools.now().astimezone(zone).date().isoformat(),
        "participation": {"a": slots.get("a", "not_invited"), "b": slots.get("b", "not_invited")},
        "standing_findings": [],
        "clearances": standing.clearances(reading, zone, persons, found),
        "partners": standing.with_unconfirmed(said, persons, found),
    }
    file["standing_findings"] = standing.as_file(_earlier(file, persons, found), zone)
    return Couple(
        reading.case_id, persons, file, said, answers, found, practice.alcohol_level, dict(reading.lost)
    )


def couple_file(session: Session, tools: Tools, case_id: str) -> dict[str, Any]:
    """The couple file alone."""
    return couple(session, tools, case_id).file


def _earlier(
    file: Mapping[str, Any], persons: Iterable[Person], found: Iterable[standing.FindingView]
) -> list[standing.FindingView]:
    """Findings that the rounds read now do not raise themselves: of other rounds, or answered anew since."""
    raised = {(finding.slot, finding.rule, finding.field) for finding in safety.findings(parse_couple(file))}
    read = {ref.id for person in persons if (ref := person.intake or person.draft) is not None}
    return [
        view
        for view in found
        if view.intake_id not in read or (view.slot, view.rule, view.field) not in raised
    ]


def _claimed(reading: CaseReading) -> dict[str, datetime]:
    """Partner ids on either side of a second claim that was not merged -> when the newest was made."""
    rows = reading.all(_claims())
    return {row.partner_id: row.opened_at for row in sorted(rows, key=lambda row: row.opened_at)}


@cache
def _claims() -> CompoundSelect[Any]:
    i, f, p = table_of(Invitation).c, table_of(CaseFile).c, table_of(Partner).c
    claimed = (
        select(i.partner_id, f.opened_at)
        .join_from(table_of(CaseFile), table_of(Invitation), f.claims_invitation_id == i.id)
        .join(table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == this_case(), f.merged_into_id.is_(None))
    )
    claiming = (
        select(p.id, f.opened_at)
        .join_from(table_of(Partner), table_of(CaseFile), p.case_id == f.id)
        .where(p.case_id == this_case(), f.claims_invitation_id.is_not(None), f.merged_into_id.is_(None))
    )
    return union_all(claimed, claiming)


@dataclass(frozen=True)
class _Reader:
    """Reads people into partners of a couple file."""

    reading: CaseReading
    practice: RulesView
    persons: tuple[Person, ...]
    claimed: Mapping[str, datetime]
    answers: Mapping[str, Mapping[str, Answer]]

    def partner(self, person: Person) -> dict[str, Any]:
        """One partner of the couple file; empty when there is nothing to read."""
        if person.intake is not None and person.submitted_at is not None:
            return self.submitted(person, person.intake, person.submitted_at)
        return {} if person.draft is None else self.draft(person.draft)

    def draft(self, draft: IntakeRef) -> dict[str, Any]:
        """What the rules read of an unsent intake: safety answers, ``private`` and the wish for a call."""
        saves, wish = self.reading.early_saves(draft.id), self.reading.call_wish(draft.id)
        answers = {**openings.merge(saves), **wish}
        private = {} if draft.private is None else {"private": draft.private}
        return {**scoring.draft_answers(answers), **private}

    def submitted(self, person: Person, intake: IntakeRef, submitted_at: datetime) -> dict[str, Any]:
        """Everything: the answers, and what staff and the portal know beside them."""
        questionnaire = rounds.asked_of(intake)
        answers = self.answers[person.slot]
        given: dict[str, Any] = scoring.partner_answers(
            questionnaire, answers, alcohol_level=self.practice.alcohol_level
        )
        channel = (person.contact or {}).get("channel")
        return {
            **given,
            "eligible": {
                **given["eligible"],
                "consented": person.consented,
                "identity_conflict": _is_conflicted(person, self.claimed.get(person.partner_id)),
            },
            "submitted_on": submitted_at.astimezone(ZoneInfo(self.practice.time_zone)).date().isoformat(),
            "important_event_since": self.has_aged(person, submitted_at),
            "safe_channel": channel not in (None, "none"),
            "shared_device": _shares_device(person, self.persons),
            "shared_account": person.fact("shared_account"),
            "validity_concern": person.fact("validity_concern"),
        }

    def has_aged(self, person: Person, submitted_at: datetime) -> bool:
        """Whether something came since, or what a short form left out is older than the practice lets stand.

        ``submitted_on`` is the day of the newest safety answers, which a clearance goes by; what was not
        asked then would look fresh by it.
        """
        answered_at = person.answered_at or submitted_at
        if answered_at == submitted_at:
            return _has_event_since(person, submitted_at)
        zone = ZoneInfo(self.practice.time_zone)
        today = self.reading.tools.now().astimezone(zone).date()
        days = (today - answered_at.astimezone(zone).date()).days
        return days > self.practice.stale_days or _has_event_since(person, answered_at)


def _is_conflicted(person: Person, claimed_at: datetime | None) -> bool:
    """A second claimant is a conflict until staff resolve it; their word covers the claims made by then."""
    stated_at = person.facts.get("identity_conflict", ("", None))[1]
    if claimed_at is not None and (stated_at is None or stated_at < claimed_at):
        return True
    return person.fact("identity_conflict")


def _has_event_since(person: Person, submitted_at: datetime) -> bool:
    """Something added after sending, or staff's own report of an important event after it."""
    added = person.newest("addition")
    if added is not None and added.said_at > submitted_at:
        return True
    value, stated_at = person.facts.get("important_event", ("no", submitted_at))
    return value == "yes" and stated_at > submitted_at


def _shares_device(person: Person, persons: Iterable[Person]) -> bool:
    others = [other.devices for other in persons if other.slot != person.slot]
    return any(person.devices & devices for devices in others)
