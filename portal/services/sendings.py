"""Everything each person of a case has sent, in order: for what changed, and for how it went over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.domain import scoring
from portal.domain.answers import Answer
from portal.domain.couple_fields import FIELD_ORDER
from portal.services import questionnaires
from portal.services.case_reading import CaseReading
from portal.services.persons import Person


@dataclass(frozen=True)
class Sending:
    """One sent round. ``values``: what the rules would read of it and of what it left out, by field."""

    slot: str
    sent_at: datetime
    values: Mapping[str, Any]


def read(reading: CaseReading, people: Iterable[Person]) -> tuple[Sending, ...]:
    """Every sent and merged round of a case's people that was not withdrawn, oldest first. One statement."""
    persons = {person.partner_id: person for person in people}
    whole: dict[str, Mapping[str, Answer]] = {}
    found = []
    for row in reading.sendings:
        withdrawal = persons[row.partner_id].newest("withdrawal")
        if withdrawal is not None and withdrawal.said_at >= row.submitted_at:
            continue
        answers = _merged(reading, row, whole)
        found.append(Sending(persons[row.partner_id].slot, row.submitted_at, _values(row, answers)))
    return tuple(found)


def _merged(reading: CaseReading, row: Any, whole: dict[str, Mapping[str, Answer]]) -> Mapping[str, Answer]:
    """A round's answers with those of the whole round beneath a short one, which ``whole`` remembers."""
    answers = reading.answers(row.intake_id)
    if not questionnaires.is_short(row.variant):
        whole[row.partner_id] = answers
        return answers
    asked = questionnaires.of(row.questionnaire, row.variant)
    before = whole.get(row.partner_id, {})
    return {**{key: answer for key, answer in before.items() if not asked.has_item(key)}, **answers}


def _values(row: Any, answers: Mapping[str, Answer]) -> dict[str, Any]:
    questionnaire = questionnaires.of(row.questionnaire, questionnaires.whole(row.variant))
    given: dict[str, Any] = scoring.partner_answers(questionnaire, answers)
    return {field: _at(given, field) for field in FIELD_ORDER}


def _at(given: Mapping[str, Any], field: str) -> Any:
    head, _, key = field.partition(".")
    value = given.get(head)
    return value.get(key) if isinstance(value, dict) and key else value


def changed(sent: Iterable[Sending], slot: str, since: datetime) -> tuple[str, ...]:
    """Fields that a person answers otherwise now than in what they had sent by ``since``, in table order."""
    own = [one for one in sent if one.slot == slot]
    before = [one for one in own if one.sent_at <= since]
    if not own or not before or before[-1] is own[-1]:
        return ()
    was, now = before[-1].values, own[-1].values
    return tuple(field for field in FIELD_ORDER if was[field] != now[field])
