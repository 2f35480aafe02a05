"""Raw findings: whose answer, which field, which row (clinical.md §3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from couple_files import BLANK, alone, couple_file, couple_files, rules_of
from portal.domain.couple_file import parse_couple
from portal.domain.safety import Finding, findings

F = Finding

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[Finding]]] = {
    "calm": ({}, {}, []),
    "tier C only": ({"harm_done__insult": "past_year", "control_done": ["money"]}, {"mood_score": 12}, []),
    "strangled, told twice": (
        {"harm_received__strangled": "earlier", "harm_done__strangled": "past_year"},
        {},
        [F("a", "A", "R1", "harm_received.strangled"), F("a", "A", "R1", "harm_done.strangled")],
    ),
    "severe now and then": (
        {"harm_received__weapon": "earlier"},
        {"harm_done__weapon": "past_year"},
        [F("b", "A", "R1", "harm_done.weapon"), F("a", "B", "R4", "harm_received.weapon")],
    ),
    "fear, strong": (
        {},
        {"fear": "strong"},
        [F("b", "A", "R1", "fear"), F("b", "H", "R5b", "fear")],
    ),
    "consequences with the other's act": (
        {"fear_of_consequences": True},
        {"harm_done__physical": "earlier"},
        [
            F("b", "A", "R1", "harm_done.physical"),
            F("a", "A", "R1", "fear_of_consequences"),
            F("a", "B", "R4", "fear_of_consequences"),
        ],
    ),
    "two kinds across reports": (
        {"control_received": ["money"]},
        {"control_done": ["phone"]},
        [F("a", "B", "R4", "control_received"), F("b", "B", "R4", "control_done")],
    ),
    "two kinds in one report": (
        {"control_received": ["money", "phone"]},
        {},
        [F("a", "B", "R4", "control_received")],
    ),
    "a severe kind beside a mild one": (
        {"control_done": ["outing"]},
        {"control_done": ["money"]},
        [F("a", "B", "R4", "control_done")],
    ),
    "thoughts of harming, and the other's fear": (
        {"harm_other": "thoughts"},
        {"fear": "some"},
        [F("b", "B", "R4", "fear"), F("a", "B", "R4", "harm_other"), F("b", "H", "R5b", "fear")],
    ),
    "the rest": (
        {"child_danger": "now", "suicide_level": 3, "order_of_protection": "current"},
        {
            "harm_other": "intent", "suicidal_behavior": "past_3_months", "free_to_leave": "not_safe",
            "order_of_protection": "past", "escalating": "yes", "harm_received__sexual_pressure": "past_year",
            "harm_received__threat": "past_year",
        },
        [
            F("a", "child", "R1b", "child_danger"),
            F("a", "crisis", "R2", "suicide_level"),
            F("b", "crisis", "R2", "suicidal_behavior"),
            F("b", "crisis", "R2", "harm_other"),
            F("a", "order", "R3", "order_of_protection"),
            F("b", "B", "R4", "free_to_leave"),
            F("b", "B", "R4", "order_of_protection"),
            F("b", "B", "R4", "harm_received.threat"),
            F("b", "B", "R4", "escalating"),
            F("b", "B", "R4", "harm_other"),
            F("b", "H", "R5b", "harm_received.sexual_pressure"),
        ],
    ),
    "a concern is no finding": ({"child_danger": "concern"}, {}, []),
}  # fmt: skip


@pytest.mark.parametrize(("a", "b", "found"), CASES.values(), ids=CASES)
def test_findings_name_the_answers_behind_them(
    a: dict[str, Any], b: dict[str, Any], found: list[Finding]
) -> None:
    assert list(findings(parse_couple(couple_file(a, b)))) == found


def test_drafts_raise_findings_too() -> None:
    draft = couple_file({}, {"fear": "strong"}, participation=("submitted", "in_progress"))
    assert findings(parse_couple(draft))[0] == F("b", "A", "R1", "fear")
    assert findings(parse_couple(alone())) == ()


def test_two_kinds_of_control_are_told_by_whoever_is_in_the_file() -> None:
    only = alone({"control_received": ["money", "phone"]})
    done = alone({"control_done": ["money", "phone"], "control_received": BLANK})
    assert findings(parse_couple(only)) == (F("a", "B", "R4", "control_received"),)
    assert findings(parse_couple(done)) == (F("a", "B", "R4", "control_done"),)


RAISING = {"A": "R1", "child": "R1b", "crisis": "R2", "order": "R3", "B": "R4"}


@given(couple_files)
def test_findings_and_rows_say_the_same(file: dict[str, Any]) -> None:
    """Without clearances and earlier findings, a tier has findings exactly when its row matches."""
    file["standing_findings"], file["clearances"] = [], []
    found = {finding.tier for finding in findings(parse_couple(file))}
    matched = set(rules_of(file))
    assert {tier for tier, rule in RAISING.items() if rule in matched} == found - {"H"}
    assert ("R5b" in matched) == ("H" in found and not found & {"A", "B"})
