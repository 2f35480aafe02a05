"""Whatever somebody answers, what the scores make of it is a legal partner of a couple file."""

from __future__ import annotations

import random

import pytest

from portal.content import questionnaire as bank
from portal.domain.answers import clean
from portal.domain.couple_file import parse_couple
from portal.domain.questionnaire import Item, Kind, Questionnaire
from portal.domain.scoring import draft_answers, partner_answers


def pick(dice: random.Random, item: Item) -> list[str]:
    values = [option.value for option in item.options]
    if item.kind is Kind.TEXT:
        return [dice.choice(["", "one\r\ntwo", "ñandú"])]
    if item.kind is Kind.MULTI:
        return ["", *dice.sample(values, dice.randint(0, len(values)))]
    return [dice.choice(["", *values])]


def filled_in(dice: random.Random, questionnaire: Questionnaire) -> dict[str, str | list[str]]:
    answers: dict[str, str | list[str]] = {}
    for section in questionnaire.sections:
        posted = {item.key: pick(dice, item) for item in section.items if dice.random() < 0.9}
        result = clean(section, posted)
        assert (result.faults, result.unexpected) == ({}, ())
        answers.update(result.values)
    return answers


@pytest.mark.parametrize("seed", range(60))
def test_any_intake_is_a_legal_couple_file(seed: int) -> None:
    dice = random.Random(seed)
    questionnaire = bank.load(policy=dice.choice("abc"), on_call=dice.random() < 0.5)
    answers = filled_in(dice, questionnaire)
    sent = partner_answers(questionnaire, answers)
    couple = {
        "as_of": "2026-11-22",
        "participation": {"a": "submitted", "b": "in_progress"},
        "partners": {"a": {**sent, "submitted_on": "2026-11-20"}, "b": draft_answers(answers)},
    }
    parsed = parse_couple(couple)
    assert parsed.participation == {"a": "submitted", "b": "in_progress"}
    assert parsed.partners["a"] is not None
    assert parsed.partners["a"].not_asked == (
        frozenset() if questionnaire.on_call else frozenset({"suicide_level", "suicidal_behavior"})
    )
