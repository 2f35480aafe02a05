"""What is printed, whole: shape, order, sentences, alternatives (contract.md, "Recommendation")."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from couple_files import RULES, couple_file, routed
from portal.domain import explain
from portal.domain.couple_file import parse_couple
from portal.domain.flags import FLAGS
from portal.domain.gates import GATES
from portal.domain.routing import recommend
from portal.domain.routing_riders import FLAGS_WHEN, GATES_WHEN


def test_a_discernment_couple_is_printed_whole() -> None:
    file = couple_file(
        {"partner_lean_guess": 4},
        {
            "lean": 4,
            "commit_months": "unsure",
            "harm_received__insult": "past_year",
            "affair": "current_known",
        },
    )
    printed = routed(file).as_dict()
    assert printed == {
        "route": "discernment",
        "reason": "mixed_agenda",
        "rule": "R17b",
        "matched_rules": ["R17b"],
        "model": None,
        "models": {"gottman": 40, "eft": 45, "developmental": 35, "runner_up": None, "margin": None},
        "gates": ["not_signed", "interview_each"],
        "topics": [{"slot": "b", "field": "harm_received.insult"}],
        "flags": [{"key": "outside_relationship_known", "slot": "b", "visibility": "therapist_only"}],
        "reasons": [
            {
                "rule": "R17b",
                "slot": "b",
                "text": (
                    "This person is torn or leaning out and does not say yes to some months of work; "
                    "the other is staying. (answer: staying or leaving)"
                ),
                "visibility": "therapist_only",
            }
        ],
        "alternatives": [],
        "if_cleared": None,
        "would_change": [],
        "ruleset": "2026.1",
        "inputs_digest": parse_couple(file).digest,
    }
    assert list(printed) == [
        *(
            "route",
            "reason",
            "rule",
            "matched_rules",
            "model",
            "models",
            "gates",
            "topics",
            "flags",
            "reasons",
        ),
        *("alternatives", "if_cleared", "would_change", "ruleset", "inputs_digest"),
    ]
    assert list(printed["models"]) == ["gottman", "eft", "developmental", "runner_up", "margin"]
    assert json.loads(json.dumps(printed)) == printed


def test_a_safety_couple_prints_where_it_is_heading() -> None:
    printed = routed(couple_file({"fear": "strong"}), would_change=True).as_dict("es")
    assert (printed["if_cleared"], printed["would_change"]) == (
        {"route": "couples", "reason": "matched", "model": "therapist_choice"},
        [],
    )
    assert printed["reasons"] == [
        {
            "rule": "R1",
            "slot": "a",
            "text": "Se relataron señales de peligro grave en la pareja. (respuesta: miedo a su pareja)",
            "visibility": "therapist_only",
        },
        {
            "rule": "R18b",
            "slot": None,
            "text": (
                "Cada persona quiere seguir o trabajaría unos meses en la relación, "
                "y ninguna rechaza un primer paso."
            ),
            "visibility": "therapist_only",
        },
    ]


def test_a_change_is_printed_from_and_to() -> None:
    printed = routed(couple_file({}, {"lean": 4, "commit_months": None}), would_change=True).as_dict()
    assert printed["would_change"] == [
        {"slot": "b", "field": "commit_months", "from": None, "to": "yes", "route": "couples"}
    ]


ALTERNATIVES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = {
    "couples": ({}, {}, []),
    "alcohol": ({"alcohol_score": 8}, {}, [("couples", "alcohol_focused")]),
    "alcohol, and a concern for a child": ({"alcohol_score": 8, "child_danger": "concern"}, {}, []),
    "alcohol, and a private matter": ({"alcohol_score": 8}, {"affair": "current_secret"}, []),
    "alcohol under a danger": ({"alcohol_score": 8, "escalating": "yes"}, {}, []),
    "both unsure": (
        {"lean": 3, "commit_months": "unsure"},
        {"lean": 4},
        [("discernment", "clarity_for_two")],
    ),
    "discernment declined": (
        {"lean": 3, "commit_months": "unsure", "first_step": "no"},
        {},
        [("solo", "first_alone")],
    ),
    "a reluctant partner": (
        {"first_step": "no"},
        {},
        [("couples", "check_up"), ("solo", "willing_alone")],
    ),
    "a reluctant partner with a finding": ({"first_step": "no"}, {"fear": "some"}, []),
}


@pytest.mark.parametrize(("a", "b", "ways"), ALTERNATIVES.values(), ids=ALTERNATIVES)
def test_alternatives_come_from_the_row_that_set_the_route(
    a: dict[str, Any], b: dict[str, Any], ways: list[tuple[str, str]]
) -> None:
    made = routed(couple_file(a, b))
    assert [(one.route, one.reason) for one in made.alternatives] == ways
    for printed in made.as_dict()["alternatives"]:
        assert list(printed) == ["route", "reason", "text"]
        assert printed["text"] == RULES.texts.alternatives[printed["reason"]].en


REASONS: dict[
    str, tuple[dict[str, Any], dict[str, Any], tuple[str, str], list[tuple[str, Any, tuple[str, ...]]]]
]
REASONS = {
    "outside scope": (
        {"eligible__adult": False, "eligible__consented": None}, {}, ("submitted", "submitted"),
        [("R0", "a", ("eligible.adult", "eligible.consented")), ("R18b", None, ())],
    ),
    "missing, both": (
        {"commit_months": None, "affair": None}, {"submitted_on": None}, ("submitted", "submitted"),
        [
            ("R11", "a", ("commit_months", "affair")),
            ("R11", "b", ("submitted_on",)),
            ("R18b", None, ()),
        ],
    ),
    "open safety": (
        {}, {"harm_done__threat": None, "fear": "declined", "control_done": None}, ("submitted", "submitted"),
        [("R8", "b", ("harm_done.threat", "fear", "control_done")), ("R18b", None, ())],
    ),
    "pressed": (
        {"voluntary": 2}, {"harm_done__physical": "earlier"}, ("submitted", "submitted"),
        [("R6", "a", ("voluntary",)), ("R18b", None, ())],
    ),
    "pressed, own report": (
        {"voluntary": 2, "control_received": ["money"]}, {}, ("submitted", "submitted"),
        [("R6", "a", ("voluntary", "control_received")), ("R18b", None, ())],
    ),
    "not joining": ({}, {}, ("submitted", "declined"), [("R9", "b", ())]),
    "not there yet": ({}, {}, ("invited", "in_progress"), [("R10", "a", ()), ("R10", "b", ())]),
    "one-sided and declined": (
        {"lean": 3, "commit_months": "no", "first_step": "no"}, {"own_change": 0}, ("submitted", "submitted"),
        [("R17a", "b", ("lean", "own_change")), ("R17c", "a", ("lean", "first_step"))],
    ),
    "contradiction": (
        {"lean": 3, "commit_months": "no", "legal_steps": "final"}, {}, ("submitted", "submitted"),
        [("R13", "a", ("legal_steps",)), ("R17b", "a", ("lean",))],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("a", "b", "participation", "told"), REASONS.values(), ids=REASONS)
def test_reasons_say_whose_answers(
    a: dict[str, Any],
    b: dict[str, Any],
    participation: tuple[str, str],
    told: list[tuple[str, Any, tuple[str, ...]]],
) -> None:
    made = routed(couple_file(a, b, participation=participation))
    assert [(one.rule, one.slot, one.fields) for one in made.reasons] == told


def test_a_partner_without_a_file_is_named_without_answers() -> None:
    file = couple_file(participation=("submitted", "invited"))
    del file["partners"]["b"]
    assert [(one.rule, one.slot, one.fields) for one in routed(file).reasons] == [("R10", "b", ())]


def test_only_what_a_person_said_of_themselves_may_be_repeated_to_them() -> None:
    own = [key for key, texts in RULES.texts.rules.items() if texts.visibility == "own"]
    assert sorted(own) == ["R0", "R11", "R12", "R5", "R5c"]


def test_the_model_always_says_that_it_is_a_heuristic() -> None:
    assert explain.model_text(RULES.texts, "eft", "en") == (
        "The answers point most to patterns that emotionally focused therapy works on. "
        "This is a heuristic; no study matches couples to these models by their answers."
    )


def test_a_practice_may_leave_discernment_for_two_unsure_partners_out() -> None:
    couple = parse_couple(couple_file({"lean": 3, "commit_months": "unsure"}, {"lean": 4}))
    named = recommend(couple, RULES, would_change=True)
    unnamed = recommend(couple, replace(RULES, clarity_for_two=0), would_change=True)
    assert [one.reason for one in named.alternatives] == ["clarity_for_two"]
    assert unnamed == replace(named, alternatives=())


def test_the_page_says_when_each_gate_and_flag_stands() -> None:
    assert (tuple(GATES_WHEN), tuple(FLAGS_WHEN)) == (GATES, FLAGS)


BARS_ALCOHOL_WORK: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "R5d": ({"child_danger": "concern"}, ("submitted", "submitted")),
    "R6": ({"voluntary": 1}, ("submitted", "submitted")),
    "R7": ({"private": "no"}, ("submitted", "submitted")),
    "R8": ({"fear": None}, ("submitted", "submitted")),
    "R10": ({}, ("submitted", "invited")),
    "R11": ({"own_change": None}, ("submitted", "submitted")),
    "R12": ({"submitted_on": "2026-01-01"}, ("submitted", "submitted")),
    "R13": ({"legal_steps": "filed"}, ("submitted", "submitted")),
    "R14": ({"affair": "current_secret"}, ("submitted", "submitted")),
    "R15": ({"lean": 5, "decision_firmness": 9, "commit_months": "no"}, ("submitted", "submitted")),
    "R9": ({}, ("submitted", "declined")),
}


@pytest.mark.parametrize("rule", BARS_ALCOHOL_WORK)
def test_work_for_two_is_not_named_past_a_row_that_would_stop_it(rule: str) -> None:
    changes, participation = BARS_ALCOHOL_WORK[rule]
    made = routed(couple_file({"alcohol_score": 8, **changes}, participation=participation))
    assert (made.rule, rule in made.matched_rules, made.alternatives) == ("R5c", True, ())
