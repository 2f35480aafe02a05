"""The FHIR form of the questionnaire: every item once, in both languages, points on scored parts only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.content import fhir_questionnaire
from portal.content import questionnaire as bank
from portal.domain.questionnaire import Kind


def _walk(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        yield item
        yield from _walk(item.get("item", []))


@pytest.mark.parametrize("locale", ["en", "es"])
def test_every_item_is_told_once_and_in_order(locale: Any) -> None:
    made = fhir_questionnaire.export(locale)
    links = [item["linkId"] for item in _walk(made["item"])]
    keys = [item.key for item in bank.load().items]
    assert len(links) == len(set(links))
    assert [link for link in links if link in keys] == keys
    assert {key: made[key] for key in ("resourceType", "language", "version", "status", "subjectType")} == {
        "resourceType": "Questionnaire",
        "language": locale,
        "version": bank.CURRENT,
        "status": "active",
        "subjectType": ["Patient"],
    }


def test_shapes_of_items_are_those_of_r4() -> None:
    made = {item["linkId"]: item for item in _walk(fhir_questionnaire.export()["item"])}
    for item in bank.load().items:
        told = made[item.key]
        assert told["type"] == ("text" if item.kind is Kind.TEXT else "choice")
        assert ("answerOption" in told) == (item.kind is not Kind.TEXT)
        assert told.get("repeats") == (True if item.kind is Kind.MULTI else None)
        codes = [option["valueCoding"]["code"] for option in told.get("answerOption", [])]
        assert codes == [option.value for option in item.options]
    groups = [item for item in made.values() if item["type"] == "group"]
    displays = [item for item in made.values() if item["type"] == "display"]
    assert all(item["item"] for item in groups)
    assert not any("item" in item or "answerOption" in item for item in displays)


def test_points_stand_on_scored_parts_and_not_on_declining() -> None:
    made = {item["linkId"]: item for item in _walk(fhir_questionnaire.export()["item"])}

    def points(key: str) -> list[int | None]:
        codings = [option["valueCoding"] for option in made[key]["answerOption"]]
        return [
            coding["extension"][0]["valueDecimal"] if "extension" in coding else None for coding in codings
        ]

    assert points("mood_1") == [0, 1, 2, 3]
    assert points("lean") == [None] * 5
    assert points("suicide_level") == [None] * 7


def test_languages_differ() -> None:
    english, spanish = fhir_questionnaire.export("en"), fhir_questionnaire.export("es")
    assert english["title"] == "Intake for couples, each partner in private"
    assert spanish["title"] == "Cuestionario inicial para parejas, cada persona en privado"


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(KeyError):
        fhir_questionnaire.export(version="1999.1")
