"""What a therapist reads about a route, in the language they read in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.web.therapist import words


@pytest.fixture(params=["es", "en"])
def language(app: Flask, request: pytest.FixtureRequest) -> Iterator[str]:
    with app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


def test_an_answer_is_told_as_its_question_offers_it(language: str) -> None:
    values = [("lean", 4), ("first_step", "unsure"), ("own_change", 7), ("hope", None), ("lean", "declined")]
    told = {
        "es": ["Más bien quiero irme", "No lo sé", "7", "–", "prefiere hablar de esto en persona"],
        "en": ["I mostly want to leave", "I am not sure", "7", "–", "would rather talk about this in person"],
    }
    assert [words.answer_words(field, value) for field, value in values] == told[language]


def test_a_field_without_a_question_keeps_its_value(language: str) -> None:
    assert words.answer_words("shared_account", "yes") == "yes"


def test_an_outcome_names_nobody_and_tells_the_two_child_rows_apart(language: str) -> None:
    outcomes = [("discernment", "mixed_agenda"), ("safety", "child"), ("consult", "child")]
    told = {
        "es": [
            "Una persona quiere seguir; la otra duda o se inclina por irse y no dice que sí a unos meses de "
            "trabajo (no sabe, no, en blanco); ninguna de las dos rechaza una primera conversación, y quien "
            "quiere seguir no está por debajo de 4 sobre 10 en cambiar su propia parte (no se cumplen ni "
            "R17a ni R17c).",
            "Un niño o una niña está en peligro ahora.",
            "Hay preocupación de que un niño o una niña sufra daño o descuido.",
        ],
        "en": [
            "One is staying; the other is torn or leaning out and does not say yes to some months of work "
            "(unsure, no, blank); neither refuses a first conversation, and the one who is staying is not "
            "under 4 of 10 in changing their own part (neither R17a nor R17c holds).",
            "A child is in danger now.",
            "There is a concern that a child is hurt or neglected.",
        ],
    }
    assert [words.outcome_words(*outcome) for outcome in outcomes] == told[language]
