"""Latched findings and clearances (clinical.md §3, contract.md "standing_findings")."""

from __future__ import annotations

from typing import Any

import pytest

from couple_files import BLANK, alone, couple_file, routed, rules_of, swapped
from portal.domain.couple_file import parse_couple
from portal.domain.recommendation import Cleared

RULE_OF = {"A": "R1", "B": "R4", "H": "R5b", "crisis": "R2"}
RAISED: dict[str, dict[str, Any]] = {
    "A": {"harm_done__strangled": "earlier"},
    "B": {"escalating": "yes"},
    "H": {"harm_done__physical": "past_year"},
    "crisis": {"suicide_level": 4},
}


def standing(tier: str, day: str = "2026-04-01") -> list[dict[str, str]]:
    return [{"slot": "b", "tier": tier, "found_on": day}]


def clearance(tier: str, day: str = "2026-11-21") -> list[dict[str, str]]:
    return [{"tier": tier, "on": day}]


@pytest.mark.parametrize("tier", RULE_OF)
def test_a_standing_finding_acts_as_its_row_until_cleared(tier: str) -> None:
    kept = standing(tier)
    assert rules_of(couple_file(standing=kept)) == [RULE_OF[tier], "R18b"]
    assert rules_of(couple_file(standing=kept, clearances=clearance(tier, "2026-03-31"))) == [
        RULE_OF[tier],
        "R18b",
    ]
    assert rules_of(couple_file(standing=kept, clearances=clearance(tier, "2026-04-01"))) == ["R18b"]


@pytest.mark.parametrize("tier", RULE_OF)
def test_a_clearance_takes_its_own_tier_only(tier: str) -> None:
    file = couple_file(RAISED[tier], clearances=clearance(tier))
    assert (rules_of(file), rules_of(swapped(file))) == (["R18b"], ["R18b"])
    for wrong in set(RULE_OF) - {tier}:
        assert rules_of(couple_file(RAISED[tier], clearances=clearance(wrong))) == [RULE_OF[tier], "R18b"]
        assert rules_of(couple_file(standing=standing(tier), clearances=clearance(wrong))) == [
            RULE_OF[tier],
            "R18b",
        ]


def test_a_clearance_covers_answers_up_to_its_date() -> None:
    danger = RAISED["A"]
    same_day = couple_file(danger, clearances=clearance("A", "2026-11-20"))
    before = couple_file(danger, clearances=clearance("A", "2026-11-19"))
    newer_other = couple_file(danger, {"submitted_on": "2026-11-22"}, clearances=clearance("A"))
    assert [rules_of(file) for file in (same_day, before, newer_other)] == [
        ["R18b"],
        ["R1", "R18b"],
        ["R1", "R18b"],
    ]


def test_a_clearance_of_today_holds_today() -> None:
    assert rules_of(couple_file(RAISED["A"], clearances=clearance("A", "2026-11-22"))) == ["R18b"]
    assert rules_of(couple_file(RAISED["A"], clearances=clearance("A", "2026-11-23"))) == ["R1", "R18b"]


def test_one_of_several_clearances_is_enough() -> None:
    two = [*clearance("A", "2026-11-19"), *clearance("A", "2026-11-21")]
    assert rules_of(couple_file(RAISED["A"], clearances=two)) == ["R18b"]


@pytest.mark.parametrize("stage", ["in_progress", "invited", "not_invited"])
def test_a_draft_is_never_cleared(stage: str) -> None:
    draft = couple_file(
        {},
        {**RAISED["A"], "submitted_on": BLANK},
        participation=("submitted", stage),
        clearances=clearance("A"),
    )
    assert rules_of(draft) == ["R1", "R10"]


def test_a_form_opened_again_is_not_cleared_although_it_was_sent_once() -> None:
    reopened = couple_file(
        {}, RAISED["A"], participation=("submitted", "in_progress"), clearances=clearance("A")
    )
    assert rules_of(reopened) == ["R1", "R10"]


def test_a_day_of_sending_that_is_unknown_blocks_clearance() -> None:
    assert rules_of(couple_file(RAISED["A"], {"submitted_on": BLANK}, clearances=clearance("A"))) == [
        "R1",
        "R11",
        "R18b",
    ]


def test_where_one_person_comes_that_person_is_enough() -> None:
    file = alone(RAISED["A"])
    file["clearances"] = clearance("A")
    assert rules_of(file) == ["R9"]


def test_a_clearance_of_tomorrow_is_none_today() -> None:
    ahead = clearance("A", "2026-11-23")
    assert rules_of(couple_file(RAISED["A"], clearances=ahead)) == ["R1", "R18b"]
    assert rules_of(couple_file(standing=standing("A"), clearances=ahead)) == ["R1", "R18b"]


def test_an_order_and_a_child_in_danger_are_never_cleared() -> None:
    everything = [*clearance("A"), *clearance("B"), *clearance("H"), *clearance("crisis")]
    assert rules_of(couple_file({"order_of_protection": "current"}, clearances=everything)) == ["R3", "R18b"]
    assert rules_of(couple_file({"child_danger": "now"}, clearances=everything)) == ["R1b", "R18b"]


def test_h_comes_forward_once_a_and_b_are_cleared() -> None:
    danger = {"fear": "strong", "harm_done__physical": "past_year"}
    cleared: list[dict[str, str]] = []
    seen = [rules_of(couple_file(danger))]
    for tier in ("A", "B", "H"):
        cleared += clearance(tier)
        seen.append(rules_of(couple_file(danger, clearances=cleared)))
    assert seen == [["R1", "R4", "R18b"], ["R4", "R18b"], ["R5b", "R18b"], ["R18b"]]


def test_h_is_held_back_only_by_findings_of_the_current_answers() -> None:
    """An earlier A stands on its own; it says nothing about the interview that today's answers ask for."""
    assert rules_of(couple_file(RAISED["H"], standing=standing("A"))) == ["R1", "R5b", "R18b"]


def test_if_cleared_says_what_the_table_says_without_the_four() -> None:
    ahead = {
        "A": routed(couple_file(RAISED["A"])).if_cleared,
        "standing B, leaning out": routed(
            couple_file({"lean": 4, "commit_months": "no"}, standing=standing("B"))
        ).if_cleared,
        "crisis, order": routed(
            couple_file({**RAISED["crisis"], "order_of_protection": "current"})
        ).if_cleared,
        "A, B and H, drafting": routed(
            couple_file(
                {}, {"fear": "strong", "call_first": True, "escalating": "yes"},
                participation=("submitted", "in_progress"),
            )
        ).if_cleared,
        "H, unclassified": routed(
            couple_file({**RAISED["H"], "lean": 3, "first_step": "no"})
        ).if_cleared,
    }  # fmt: skip
    assert ahead == {
        "A": Cleared("couples", "matched", "therapist_choice"),
        "standing B, leaning out": Cleared("discernment", "mixed_agenda", None),
        "crisis, order": Cleared("safety", "order", None),
        "A, B and H, drafting": Cleared("wait", "call_first", None),
        "H, unclassified": Cleared("consult", "unclassified", None),
    }


@pytest.mark.parametrize(
    "changes",
    [{}, {"child_danger": "now"}, {"order_of_protection": "current"}, {"alcohol_withdrawal": True}],
)
def test_if_cleared_stays_empty_where_another_row_set_the_route(changes: dict[str, Any]) -> None:
    assert routed(couple_file(changes)).if_cleared is None


def test_reasons_of_a_tier_name_whose_answers_stand_uncleared() -> None:
    file = couple_file(
        {"fear_of_consequences": True},
        {"harm_done__physical": "past_year"},
        standing=[*standing("A"), {"slot": "a", "tier": "A", "found_on": "2026-11-22"}],
    )
    told = [(r.rule, r.slot, r.fields) for r in routed(file).reasons if r.rule in {"R1", "R4"}]
    assert told == [
        ("R1", "a", ("fear_of_consequences",)),
        ("R1", "b", ("harm_done.physical",)),
        ("R4", "a", ("fear_of_consequences",)),
    ]
    file["clearances"] = clearance("A")
    told = [(r.rule, r.slot, r.fields) for r in routed(file).reasons if r.rule == "R1"]
    assert told == [("R1", "a", ())]


def test_the_digest_is_of_the_input_alone() -> None:
    one, two = couple_file(), couple_file()
    two = {key: two[key] for key in reversed(two)}
    assert parse_couple(one).digest == parse_couple(two).digest
    assert parse_couple(one).digest != parse_couple(couple_file({"hope": 6})).digest
