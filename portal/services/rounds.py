"""What a person says now: the newest round, and beneath it what a short form does not ask again."""

from __future__ import annotations

from collections.abc import Mapping

from portal.domain.answers import Answer
from portal.domain.questionnaire import Questionnaire
from portal.services import questionnaires
from portal.services.case_reading import CaseReading
from portal.services.persons import IntakeRef, Person


def said_now(reading: CaseReading, person: Person) -> Mapping[str, Answer]:
    """The answers that are read of somebody who sent; empty of anybody else.

    What the newest round asks counts as it was answered there, a blank too. What it does not ask keeps the
    answer of the round that did.
    """
    if person.intake is None:
        return {}
    newest = reading.answers(person.intake.id)
    if person.whole is None or person.whole.id == person.intake.id:
        return newest
    asked = questionnaires.of(person.intake.questionnaire, person.intake.variant)
    before = reading.answers(person.whole.id)
    return {**{key: answer for key, answer in before.items() if not asked.has_item(key)}, **newest}


def asked_of(intake: IntakeRef) -> Questionnaire:
    """Everything a round's variant asks, in whichever form: what is not among it was not asked at all."""
    return questionnaires.of(intake.questionnaire, questionnaires.whole(intake.variant))
