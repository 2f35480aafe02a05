"""Every row of the table: what makes it hold, and what just does not (clinical.md §4).

Each case is a change to a calm couple and the ids of the rows that then match, in table order.
"""

from __future__ import annotations

from typing import Any

import pytest

from couple_files import BLANK, RULES, alone, couple_file, routed, rules_of, swapped, way
from portal.domain.constructs import ACTS
from portal.domain.couple_file import parse_couple
from portal.domain.routing import recommend
from portal.domain.rules import Ruleset

Changes = dict[str, Any]

OUT: Changes = {"lean": 3, "commit_months": "unsure", "partner_lean_guess": 1}

SAFETY: dict[str, tuple[Changes, list[str]]] = {
    "calm": ({}, ["R18b"]),
    # R1, tier A
    "strangled in the past year": ({"harm_received__strangled": "past_year"}, ["R1", "R18b"]),
    "strangled earlier, done": ({"harm_done__strangled": "earlier"}, ["R1", "R18b"]),
    "injury in the past year": ({"harm_received__injury": "past_year"}, ["R1", "R18b"]),
    "sexual force in the past year": ({"harm_done__sexual_force": "past_year"}, ["R1", "R18b"]),
    "threat to kill in the past year": ({"harm_received__threat_to_kill": "past_year"}, ["R1", "R18b"]),
    "weapon in the past year": ({"harm_done__weapon": "past_year"}, ["R1", "R18b"]),
    "stalking in the past year": ({"harm_received__stalking": "past_year"}, ["R1", "R18b"]),
    "strong fear": ({"fear": "strong"}, ["R1", "R18b"]),
    "afraid of consequences, with an act": (
        {"fear_of_consequences": True, "harm_done__physical": "earlier"},
        ["R1", "R4", "R18b"],
    ),
    "afraid of consequences, with control": (
        {"fear_of_consequences": True, "control_done": ["money"]},
        ["R1", "R4", "R18b"],
    ),
    "afraid of consequences, with an insult": (
        {"fear_of_consequences": True, "harm_done__insult": "past_year"},
        ["R4", "R18b"],
    ),
    # R1b
    "a child in danger now": ({"child_danger": "now"}, ["R1b", "R18b"]),
    # R2
    "suicide level 3": ({"suicide_level": 3}, ["R2", "R18b"]),
    "suicide level 2": ({"suicide_level": 2}, ["R18b"]),
    "suicide level 5": ({"suicide_level": 5}, ["R2", "R18b"]),
    "suicidal behaviour in three months": ({"suicidal_behavior": "past_3_months"}, ["R2", "R18b"]),
    "suicidal behaviour in the past year": ({"suicidal_behavior": "past_year"}, ["R18b"]),
    "intent to harm": ({"harm_other": "intent"}, ["R2", "R18b"]),
    "thoughts of harming": ({"harm_other": "thoughts"}, ["R18b"]),
    # R3
    "an order in force": ({"order_of_protection": "current"}, ["R3", "R18b"]),
    # R4, tier B
    "injury earlier": ({"harm_received__injury": "earlier"}, ["R4", "R18b"]),
    "sexual force earlier": ({"harm_done__sexual_force": "earlier"}, ["R4", "R18b"]),
    "threat to kill earlier": ({"harm_received__threat_to_kill": "earlier"}, ["R4", "R18b"]),
    "weapon earlier": ({"harm_done__weapon": "earlier"}, ["R4", "R18b"]),
    "stalking earlier": ({"harm_received__stalking": "earlier"}, ["R4", "R18b"]),
    "threat in the past year": ({"harm_received__threat": "past_year"}, ["R4", "R18b"]),
    "threat earlier": ({"harm_received__threat": "earlier"}, ["R18b"]),
    "some fear, with an act": ({"fear": "some", "harm_done__physical": "earlier"}, ["R4", "R18b"]),
    "some fear, with control": ({"fear": "some", "control_done": ["phone"]}, ["R4", "R18b"]),
    "strong fear, with an act": ({"fear": "strong", "harm_done__physical": "earlier"}, ["R1", "R4", "R18b"]),
    "some fear, with an insult": ({"fear": "some", "harm_done__insult": "past_year"}, ["R5b", "R18b"]),
    "one mild kind of control": ({"control_received": ["decisions"]}, ["R18b"]),
    "movement": ({"control_received": ["movement"]}, ["R4", "R18b"]),
    "threats about children or status": ({"control_done": ["threats_children_or_status"]}, ["R4", "R18b"]),
    "medicine or aids": ({"control_received": ["medicine_or_aids"]}, ["R4", "R18b"]),
    "outing": ({"control_done": ["outing"]}, ["R4", "R18b"]),
    "two kinds by one person": ({"control_done": ["money", "contacts"]}, ["R4", "R18b"]),
    "one kind named twice": ({"control_done": ["money", "money"]}, ["R18b"]),
    "one kind each": ({"control_done": ["money"], "control_received": ["contacts"]}, ["R18b"]),
    "getting worse": ({"escalating": "yes"}, ["R4", "R18b"]),
    "not getting worse": ({"escalating": "no"}, ["R18b"]),
    "a past order": ({"order_of_protection": "past"}, ["R4", "R18b"]),
    "not safe to leave": ({"free_to_leave": "not_safe"}, ["R4", "R18b"]),
    "hard to leave": ({"free_to_leave": "hard"}, ["R18b"]),
    "afraid of consequences alone": ({"fear_of_consequences": True}, ["R4", "R18b"]),
    "thoughts of harming, with fear": ({"harm_other": "thoughts", "fear": "some"}, ["R4", "R18b"]),
    "thoughts of harming, with a threat": (
        {"harm_other": "thoughts", "harm_done__threat": "earlier"},
        ["R4", "R18b"],
    ),
    "intent to harm, with a threat": (
        {"harm_other": "intent", "harm_done__threat": "earlier"},
        ["R2", "R4", "R18b"],
    ),
    "thoughts of harming, with an act": (
        {"harm_other": "thoughts", "harm_done__physical": "earlier"},
        ["R18b"],
    ),
    # R5b, tier H
    "physical in the past year": ({"harm_received__physical": "past_year"}, ["R5b", "R18b"]),
    "physical earlier": ({"harm_received__physical": "earlier"}, ["R18b"]),
    "sexual pressure in the past year": ({"harm_done__sexual_pressure": "past_year"}, ["R5b", "R18b"]),
    "sexual pressure earlier": ({"harm_done__sexual_pressure": "earlier"}, ["R18b"]),
    "some fear": ({"fear": "some"}, ["R5b", "R18b"]),
    "physical, where B stands": (
        {"harm_done__physical": "past_year", "escalating": "yes"},
        ["R4", "R18b"],
    ),
    "insult in the past year": ({"harm_done__insult": "past_year"}, ["R18b"]),
    "neck, wanted": ({"neck_wanted": True}, ["R18b"]),
}

CARE: dict[str, tuple[Changes, list[str]]] = {
    # R0
    "not an adult": ({"eligible__adult": False}, ["R0", "R18b"]),
    "adult, blank": ({"eligible__adult": BLANK}, ["R0", "R18b"]),
    "adult, declined": ({"eligible__adult": "declined"}, ["R0", "R18b"]),
    "not consented": ({"eligible__consented": False}, ["R0", "R18b"]),
    "consent, blank": ({"eligible__consented": None}, ["R0", "R18b"]),
    "outside the area": ({"eligible__in_service_area": False}, ["R0", "R18b"]),
    "area, blank": ({"eligible__in_service_area": None}, ["R0", "R18b"]),
    "identity conflict": ({"eligible__identity_conflict": True}, ["R0", "R18b"]),
    "identity conflict, blank": ({"eligible__identity_conflict": None}, ["R18b"]),
    "nothing on eligibility": ({"eligible": BLANK}, ["R0", "R18b"]),
    # R5
    "untreated psychosis": ({"psychosis_mania": "current_untreated"}, ["R5", "R18b"]),
    "treated psychosis": ({"psychosis_mania": "current_treated"}, ["R18b"]),
    "drugs untreated": ({"drug_loss_of_control": True}, ["R5", "R18b"]),
    "drugs, treatment blank": ({"drug_loss_of_control": True, "drug_treated": BLANK}, ["R5", "R18b"]),
    "drugs, treatment declined": ({"drug_loss_of_control": True, "drug_treated": "declined"}, ["R5", "R18b"]),
    "drugs treated": ({"drug_loss_of_control": True, "drug_treated": True}, ["R18b"]),
    "drugs declined": ({"drug_loss_of_control": "declined"}, ["R18b"]),
    "withdrawal": ({"alcohol_withdrawal": True}, ["R5", "R18b"]),
    "withdrawal, though treated": ({"alcohol_withdrawal": True, "alcohol_treated": True}, ["R5", "R18b"]),
    # R5c
    "alcohol 8": ({"alcohol_score": 8}, ["R5c", "R18b"]),
    "alcohol 7": ({"alcohol_score": 7}, ["R18b"]),
    "alcohol 8, treated": ({"alcohol_score": 8, "alcohol_treated": True}, ["R18b"]),
    "alcohol 8, treatment blank": ({"alcohol_score": 8, "alcohol_treated": None}, ["R5c", "R18b"]),
    "alcohol declined": ({"alcohol_score": "declined"}, ["R18b"]),
    # R5d
    "concern for a child": ({"child_danger": "concern"}, ["R5d", "R18b"]),
    # R6
    "forced to come": ({"voluntary": 1}, ["R6", "R18b"]),
    "pushed to come": ({"voluntary": 2}, ["R18b"]),
    "mostly for the partner": ({"voluntary": 3, "harm_done__physical": "earlier"}, ["R18b"]),
    "pushed, with fear": ({"voluntary": 2, "fear": "some"}, ["R5b", "R6", "R18b"]),
    "pushed, afraid of consequences": ({"voluntary": 2, "fear_of_consequences": True}, ["R4", "R6", "R18b"]),
    "pushed, with an act": ({"voluntary": 2, "harm_done__physical": "earlier"}, ["R6", "R18b"]),
    "pushed, with an insult": ({"voluntary": 2, "harm_done__insult": "past_year"}, ["R18b"]),
    "pushed, with control": ({"voluntary": 2, "control_done": ["money"]}, ["R6", "R18b"]),
    # R7
    "not private": ({"private": "no"}, ["R7", "R18b"]),
    "private blank": ({"private": BLANK}, ["R7", "R18b"]),
    "private declined": ({"private": "declined"}, ["R7", "R18b"]),
    "private unsure": ({"private": "unsure"}, ["R18b"]),
    "shared account": ({"shared_account": True}, ["R7", "R18b"]),
    "shared device": ({"shared_device": True}, ["R18b"]),
    "validity concern": ({"validity_concern": True}, ["R7", "R18b"]),
    # R11, R12
    "sent, day unknown": ({"submitted_on": BLANK}, ["R11", "R18b"]),
    "60 days old": ({"submitted_on": "2026-09-23"}, ["R18b"]),
    "61 days old": ({"submitted_on": "2026-09-22"}, ["R12", "R18b"]),
    "important event": ({"important_event_since": True}, ["R12", "R18b"]),
    "wish to talk first, both sent": ({"call_first": True}, ["R18b"]),
    # R14
    "present secret": ({"affair": "current_secret"}, ["R14", "R18b"]),
    "something to discuss": ({"affair": "something_to_discuss"}, ["R14", "R18b"]),
    "present, known": ({"affair": "current_known"}, ["R18b"]),
    "past secret": ({"affair": "past_secret"}, ["R18b"]),
}


@pytest.mark.parametrize(("changes", "rules"), SAFETY.values(), ids=SAFETY)
def test_a_safety_answer_of_either_partner_matches_its_rows(changes: Changes, rules: list[str]) -> None:
    assert (rules_of(couple_file(changes)), rules_of(couple_file({}, changes))) == (rules, rules)


@pytest.mark.parametrize(("changes", "rules"), CARE.values(), ids=CARE)
def test_an_answer_of_either_partner_matches_its_rows(changes: Changes, rules: list[str]) -> None:
    assert (rules_of(couple_file(changes)), rules_of(couple_file({}, changes))) == (rules, rules)


POOLED: dict[str, tuple[Changes, Changes, list[str]]] = {
    "a fears consequences, b reports an act": (
        {"fear_of_consequences": True},
        {"harm_done__threat": "earlier"},
        ["R1", "R4", "R18b"],
    ),
    "a fears consequences, b reports control": (
        {"fear_of_consequences": True},
        {"control_received": ["phone"]},
        ["R1", "R4", "R18b"],
    ),
    "a fears, b reports an act": ({"fear": "some"}, {"harm_done__physical": "earlier"}, ["R4", "R18b"]),
    "a fears, b reports control": ({"fear": "some"}, {"control_done": ["money"]}, ["R4", "R18b"]),
    "a thinks of harming, b fears": ({"harm_other": "thoughts"}, {"fear": "some"}, ["R4", "R18b"]),
    "a thinks of harming, b was threatened": (
        {"harm_other": "thoughts"},
        {"harm_received__threat_to_kill": "earlier"},
        ["R4", "R18b"],
    ),
    "a's received with b's done": (
        {"control_received": ["money"]},
        {"control_done": ["contacts"]},
        ["R4", "R18b"],
    ),
    "both received one kind": ({"control_received": ["money"]}, {"control_received": ["contacts"]}, ["R18b"]),
    "the same kind told by both": ({"control_received": ["money"]}, {"control_done": ["money"]}, ["R18b"]),
    "a pushed, b reports an act": ({"voluntary": 2}, {"harm_received__physical": "earlier"}, ["R6", "R18b"]),
    "a pushed, b fears": ({"voluntary": 2}, {"fear": "some"}, ["R5b", "R6", "R18b"]),
    "a fears, b reports a past-year act": (
        {"fear": "some"},
        {"harm_done__sexual_pressure": "past_year"},
        ["R4", "R18b"],
    ),
}


@pytest.mark.parametrize(("a", "b", "rules"), POOLED.values(), ids=POOLED)
def test_both_reports_are_pooled(a: Changes, b: Changes, rules: list[str]) -> None:
    file = couple_file(a, b)
    assert (rules_of(file), rules_of(swapped(file))) == (rules, rules)


IN = {"lean": 2}
ACTS_OF_R8 = (
    "threat",
    "physical",
    "injury",
    "sexual_force",
    "threat_to_kill",
    "strangled",
    "weapon",
    "stalking",
)
R8_BOTH = (
    *(f"{side}__{act}" for side in ("harm_received", "harm_done") for act in ACTS_OF_R8),
    *("fear", "fear_of_consequences", "order_of_protection", "suicide_level", "suicidal_behavior"),
    *("harm_other", "child_danger"),
)
R8_SKIPPED_ONLY = (
    *("control_received", "control_done", "escalating", "free_to_leave"),
    *("harm_received__sexual_pressure", "harm_done__sexual_pressure"),
)
NEVER_R8 = ("harm_received__insult", "harm_done__insult", "hope", "mood_score", "firearm_access", "agreement")


@pytest.mark.parametrize("path", R8_BOTH)
@pytest.mark.parametrize("value", [BLANK, None, "declined"])
def test_r8_waits_for_what_is_skipped_or_declined(path: str, value: object) -> None:
    assert rules_of(couple_file({path: value})) == ["R8", "R18b"]


@pytest.mark.parametrize("path", R8_SKIPPED_ONLY)
def test_r8_waits_for_these_only_when_skipped(path: str) -> None:
    assert rules_of(couple_file({}, {path: BLANK})) == ["R8", "R18b"]
    assert rules_of(couple_file({}, {path: "declined"})) == ["R18b"]


@pytest.mark.parametrize("path", NEVER_R8)
@pytest.mark.parametrize("value", [BLANK, "declined"])
def test_r8_does_not_wait_for_anything_else(path: str, value: object) -> None:
    assert rules_of(couple_file({path: value})) == ["R18b"]


def test_r8_takes_not_asked_for_an_answer_and_reads_only_who_submitted() -> None:
    not_asked = {"suicide_level": "not_asked", "suicidal_behavior": "not_asked"}
    assert rules_of(couple_file(not_asked)) == ["R18b"]
    draft = couple_file({}, {"fear": BLANK}, participation=("submitted", "in_progress"))
    assert rules_of(draft) == ["R10"]


def test_a_whole_missing_part_is_skipped() -> None:
    assert rules_of(couple_file({"harm_done": BLANK})) == ["R8", "R18b"]
    assert rules_of(couple_file({"harm_received": "declined"})) == ["R8", "R18b"]


R11: dict[str, tuple[Changes, list[str]]] = {
    "lean": ({"lean": BLANK}, ["R11"]),
    "lean declined": ({"lean": "declined"}, ["R11"]),
    "first_step": ({"first_step": BLANK}, ["R11", "R18b"]),
    "first_step declined": ({"first_step": "declined"}, ["R11", "R18b"]),
    "commit_months": ({"commit_months": BLANK}, ["R11", "R18b"]),
    "commit_months declined": ({"commit_months": "declined"}, ["R11", "R18b"]),
    "commit_months, leaning out": ({**OUT, "commit_months": BLANK}, ["R11", "R17b"]),
    "own_change": ({"own_change": BLANK}, ["R11", "R18b"]),
    "own_change declined": ({"own_change": "declined"}, ["R11", "R18b"]),
    "doubts_told, lean 2": ({"lean": 2, "doubts_told": BLANK}, ["R18b"]),
    "doubts_told, lean 3": ({**OUT, "doubts_told": BLANK}, ["R11", "R17b"]),
    "doubts_told declined, lean 3": ({**OUT, "doubts_told": "declined"}, ["R11", "R17b"]),
    "voluntary": ({"voluntary": BLANK}, ["R11", "R18b"]),
    "voluntary declined": ({"voluntary": "declined"}, ["R11", "R18b"]),
    "legal_steps": ({"legal_steps": BLANK}, ["R11", "R18b"]),
    "legal_steps declined": ({"legal_steps": "declined"}, ["R11", "R18b"]),
    "legal_steps_by": ({"legal_steps_by": BLANK}, ["R18b"]),
    "alcohol_withdrawal": ({"alcohol_withdrawal": BLANK}, ["R11", "R18b"]),
    "alcohol_withdrawal declined": ({"alcohol_withdrawal": "declined"}, ["R11", "R18b"]),
    "affair": ({"affair": BLANK}, ["R11", "R18b"]),
    "affair declined": ({"affair": "declined"}, ["R18b"]),
    "alcohol_score": ({"alcohol_score": BLANK}, ["R11", "R18b"]),
    "drug_loss_of_control": ({"drug_loss_of_control": BLANK}, ["R11", "R18b"]),
    "psychosis_mania": ({"psychosis_mania": BLANK}, ["R11", "R18b"]),
    "psychosis_mania declined": ({"psychosis_mania": "declined"}, ["R18b"]),
    "decision_firmness": ({"decision_firmness": BLANK}, ["R18b"]),
    "hope": ({"hope": BLANK}, ["R18b"]),
}


@pytest.mark.parametrize(("changes", "rules"), R11.values(), ids=R11)
def test_r11_waits_for_routing_answers(changes: Changes, rules: list[str]) -> None:
    file = couple_file(changes)
    assert (rules_of(file), rules_of(swapped(file))) == (rules, rules)


NO = {"first_step": "no"}
COMMITTED_OUT: Changes = {"lean": 3}
FIRM: Changes = {"lean": 5, "decision_firmness": 8, "commit_months": "no"}
SOFT: Changes = {"lean": 5, "decision_firmness": 7, "commit_months": "no"}

DIRECTION: dict[str, tuple[Changes, Changes, list[str]]] = {
    # R13
    "staying, living apart": ({"lean": 2, "legal_steps": "living_apart"}, {}, ["R13", "R18b"]),
    "staying, filed by self": (
        {"legal_steps": "filed", "legal_steps_by": "self"},
        {"legal_steps": "filed", "legal_steps_by": "partner"},
        ["R13", "R18b"],
    ),
    "staying, final by both": (
        {"legal_steps": "final", "legal_steps_by": "both"},
        {"legal_steps": "consulted"},
        ["R13", "R18b"],
    ),
    "staying, begun by the partner": (
        {"legal_steps": "living_apart", "legal_steps_by": "partner"},
        {},
        ["R18b"],
    ),
    "staying, begun by nobody said": (
        {"legal_steps": "living_apart", "legal_steps_by": "declined"},
        {},
        ["R13", "R18b"],
    ),
    "staying, consulted": ({"legal_steps": "consulted"}, {}, ["R18b"]),
    "torn, living apart": ({**OUT, "legal_steps": "living_apart"}, {}, ["R17b"]),
    "one filed, the other none": (
        {**OUT, "legal_steps": "filed", "legal_steps_by": "partner"},
        {},
        ["R13", "R17b"],
    ),
    "one filed, the other blank": ({**OUT, "legal_steps": "filed"}, {"legal_steps": BLANK}, ["R11", "R17b"]),
    "both filed": (
        {**OUT, "legal_steps": "filed"},
        {"legal_steps": "filed", "legal_steps_by": "partner"},
        ["R17b"],
    ),
    "firm and committed": ({"lean": 5, "decision_firmness": 8}, {}, ["R13", "R15", "R18b"]),
    "soft and committed": ({"lean": 5, "decision_firmness": 7}, {}, ["R18b"]),
    # R15
    "firm": (FIRM, {}, ["R15", "R17b"]),
    "soft": (SOFT, {}, ["R17b"]),
    "firmness blank": ({**FIRM, "decision_firmness": BLANK}, {}, ["R15", "R17b"]),
    "firmness declined": ({**FIRM, "decision_firmness": "declined"}, {}, ["R15", "R17b"]),
    "lean 4, firm": ({**FIRM, "lean": 4}, {}, ["R17b"]),
    "both firm": (FIRM, FIRM, ["R15", "R16a"]),
    # R16
    "both 4": ({"lean": 4}, {"lean": 4}, ["R16a"]),
    "4 and soft 5": ({"lean": 4}, SOFT, ["R16a"]),
    "4 and 3, one committed": ({"lean": 4}, OUT, ["R16b"]),
    "3 and 3, neither committed": (OUT, OUT, ["R16b"]),
    "3 and 3, both committed": (COMMITTED_OUT, COMMITTED_OUT, ["R18b"]),
    "4 and 3, both committed": ({"lean": 4}, COMMITTED_OUT, ["R18b"]),
    "3 and 3, both committed, one first step no": (COMMITTED_OUT, {**COMMITTED_OUT, **NO}, ["R20"]),
    # R17
    "1 and 3": (OUT, {}, ["R17b"]),
    "2 and 3": (OUT, IN, ["R17b"]),
    "2 and 3, commitment unsure to no": ({**OUT, "commit_months": "no"}, IN, ["R17b"]),
    "the first's first step no": (OUT, NO, ["R17a"]),
    "the first's own change 3": (OUT, {"own_change": 3}, ["R17a"]),
    "the first's own change 4": (OUT, {"own_change": 4}, ["R17b"]),
    "the other's own change 3": ({**OUT, "own_change": 3}, {}, ["R17b"]),
    "the first's own change blank": (OUT, {"own_change": BLANK}, ["R11", "R17b"]),
    "the other's first step no": ({**OUT, **NO}, {}, ["R17c"]),
    "both first steps no, one out": ({**OUT, **NO}, NO, ["R17a", "R17c"]),
    "first steps unsure": ({**OUT, "first_step": "unsure"}, {"first_step": "one_or_two"}, ["R17b"]),
    # R18
    "1 and 3, committed": (COMMITTED_OUT, {}, ["R18b"]),
    "1 and 4, committed": ({"lean": 4}, {}, ["R18b"]),
    "1 with first step no, 3 committed": (COMMITTED_OUT, NO, ["R18c"]),
    "1, and 3 committed with first step no": ({**COMMITTED_OUT, **NO}, {}, ["R20"]),
    "1 and 3 committed, both first steps no": ({**COMMITTED_OUT, **NO}, NO, ["R18c"]),
    "both staying, both first steps no": (NO, NO, ["R18d"]),
    "both staying, one first step no": (NO, {}, ["R18a"]),
    "both staying, the other unsure": ({"first_step": "unsure"}, {"commit_months": "no"}, ["R18b"]),
    "2 and 2": (IN, IN, ["R18b"]),
}


@pytest.mark.parametrize(("a", "b", "rules"), DIRECTION.values(), ids=DIRECTION)
def test_two_directions_match_their_rows(a: Changes, b: Changes, rules: list[str]) -> None:
    file = couple_file(a, b)
    assert (rules_of(file), rules_of(swapped(file))) == (rules, rules)


STAGES: dict[str, tuple[tuple[str, str], Changes, Changes, str, list[str]]] = {
    "invited": (("submitted", "invited"), {}, {}, "wait : partner_not_submitted", ["R10"]),
    "in progress": (("submitted", "in_progress"), {}, {}, "wait : partner_not_submitted", ["R10"]),
    "not invited": (("submitted", "not_invited"), {}, {}, "wait : partner_not_submitted", ["R10"]),
    "nobody sent": (("declined", "do_not_contact"), {}, {}, "wait : partner_not_submitted", ["R10"]),
    "both drafting": (("in_progress", "in_progress"), {}, {}, "wait : partner_not_submitted", ["R10"]),
    "gone and drafting": (("declined", "in_progress"), {}, {}, "wait : partner_not_submitted", ["R10"]),
    "talk first, in a draft": (
        ("submitted", "in_progress"),
        {},
        {"call_first": True},
        "wait : call_first",
        ["R10"],
    ),
    "talk first, sent": (("submitted", "invited"), {"call_first": True}, {}, "wait : call_first", ["R10"]),
    "declined": (("submitted", "declined"), {}, {}, "solo : partner_not_joining", ["R9"]),
    "no contact": (("submitted", "do_not_contact"), {}, {}, "solo : partner_not_joining", ["R9"]),
    "alone, answer missing": (("submitted", "declined"), {"lean": None}, {}, "wait : missing", ["R11", "R9"]),
    "alone, stale": (
        ("submitted", "declined"),
        {"submitted_on": "2026-01-01"},
        {},
        "refresh : stale",
        ["R12", "R9"],
    ),
    "alone, secret": (
        ("submitted", "declined"),
        {"affair": "current_secret"},
        {},
        "solo : partner_not_joining",
        ["R9"],
    ),
    "secret, the other expected": (
        ("submitted", "invited"),
        {"affair": "current_secret"},
        {},
        "wait : partner_not_submitted",
        ["R10", "R14"],
    ),
    "alone, filed, the other none": (
        ("submitted", "declined"),
        {"lean": 3, "legal_steps": "filed"},
        {},
        "solo : partner_not_joining",
        ["R9"],
    ),
    "alone, staying yet filed": (
        ("submitted", "declined"),
        {"legal_steps": "filed"},
        {},
        "consult : contradiction",
        ["R13", "R9"],
    ),
    "filed, the other only drafting": (
        ("submitted", "in_progress"),
        {"lean": 3, "legal_steps": "filed"},
        {},
        "wait : partner_not_submitted",
        ["R10"],
    ),
    "alone, decided": (("submitted", "do_not_contact"), FIRM, {}, "consult : final_decision", ["R15", "R9"]),
    "alone, safety open": (
        ("submitted", "declined"),
        {"fear": None},
        {},
        "consult : safety_unanswered",
        ["R8", "R9"],
    ),
    # Who is read.
    "danger in a draft": (
        ("submitted", "in_progress"),
        {},
        {"fear": "strong"},
        "safety : ipv_acute",
        ["R1", "R10"],
    ),
    "danger in a declined file": (
        ("submitted", "declined"),
        {},
        {"child_danger": "now"},
        "safety : child",
        ["R1b", "R9"],
    ),
    "B from an invited one": (
        ("submitted", "invited"),
        {},
        {"escalating": "yes"},
        "safety : ipv",
        ["R4", "R10"],
    ),
    "H from a draft": (
        ("submitted", "in_progress"),
        {},
        {"fear": "some"},
        "consult : harm_interview",
        ["R5b", "R10"],
    ),
    "R0 from a draft": (
        ("submitted", "in_progress"),
        {},
        {"eligible__adult": False},
        "wait : outside_scope",
        ["R0", "R10"],
    ),
    "R0 blank in a draft": (
        ("submitted", "in_progress"),
        {},
        {"eligible": BLANK},
        "wait : partner_not_submitted",
        ["R10"],
    ),
    "R5 from a draft": (
        ("submitted", "in_progress"),
        {},
        {"alcohol_withdrawal": True},
        "hold : stabilise",
        ["R5", "R10"],
    ),
    "R5c from a draft": (
        ("submitted", "in_progress"),
        {},
        {"alcohol_score": 8},
        "consult : substance",
        ["R5c", "R10"],
    ),
    "R5d from a draft": (
        ("submitted", "in_progress"),
        {},
        {"child_danger": "concern"},
        "consult : child",
        ["R5d", "R10"],
    ),
    "R6 from a draft": (
        ("submitted", "in_progress"),
        {},
        {"voluntary": 1},
        "consult : pressure_to_attend",
        ["R6", "R10"],
    ),
    "R7 from a draft": (
        ("submitted", "in_progress"),
        {},
        {"private": "no"},
        "consult : validity",
        ["R7", "R10"],
    ),
    "R7 blank in a draft": (
        ("submitted", "in_progress"),
        {},
        {"private": None},
        "wait : partner_not_submitted",
        ["R10"],
    ),
    "R7 declined in a draft": (
        ("submitted", "in_progress"),
        {},
        {"private": "declined"},
        "wait : partner_not_submitted",
        ["R10"],
    ),
    "a draft is not waited for, nor stale": (
        ("submitted", "in_progress"),
        {},
        {"lean": None, "submitted_on": "2026-01-01", "important_event_since": True},
        "wait : partner_not_submitted",
        ["R10"],
    ),
    "a decided draft": (
        ("submitted", "in_progress"),
        {},
        {**FIRM, "commit_months": "yes", "affair": "current_secret"},
        "wait : partner_not_submitted",
        ["R10"],
    ),
}


@pytest.mark.parametrize(("participation", "a", "b", "route", "rules"), STAGES.values(), ids=STAGES)
def test_who_takes_part_decides_who_is_read(
    participation: tuple[str, str], a: Changes, b: Changes, route: str, rules: list[str]
) -> None:
    file = couple_file(a, b, participation=participation)
    assert (way(file), rules_of(file)) == (route, rules)
    assert (way(swapped(file)), rules_of(swapped(file))) == (route, rules)


def test_a_partner_without_a_file_counts_by_participation_alone() -> None:
    assert rules_of(alone()) == ["R9"]
    assert rules_of(alone(other="invited")) == ["R10"]
    nobody = {"as_of": "2026-11-22", "participation": {"a": "invited", "b": "not_invited"}}
    assert rules_of(nobody) == ["R10"]


def test_every_row_stands_above_the_next_one() -> None:
    """All rows at once, then one after the other taken away: the order printed in the table."""
    assert [rule.id for rule in RULES.rules] == [
        "R1",
        "R1b",
        "R2",
        "R3",
        "R4",
        "R0",
        "R5",
        "R5b",
        "R5c",
        "R5d",
        "R6",
        "R7",
        "R8",
        "R10",
        "R11",
        "R12",
        "R13",
        "R14",
        "R15",
        "R9",
        "R16a",
        "R16b",
        "R17a",
        "R17c",
        "R17b",
        "R18c",
        "R18d",
        "R18a",
        "R18b",
        "R20",
    ]
    everything: Changes = {
        "harm_done__strangled": "earlier",
        "child_danger": "now",
        "suicide_level": 3,
        "order_of_protection": "current",
        "escalating": "yes",
        "eligible__adult": False,
        "alcohol_withdrawal": True,
        "alcohol_score": 9,
        "voluntary": 1,
        "private": "no",
        "harm_other": None,
        "psychosis_mania": None,
        "important_event_since": True,
        "legal_steps": "filed",
        "affair": "current_secret",
        "lean": 5,
        "decision_firmness": 9,
        "commit_months": "unsure",
    }
    assert rules_of(couple_file(everything, {"child_danger": "concern"})) == [
        "R1",
        "R1b",
        "R2",
        "R3",
        "R4",
        "R0",
        "R5",
        "R5c",
        "R5d",
        "R6",
        "R7",
        "R8",
        "R11",
        "R12",
        "R13",
        "R14",
        "R15",
        "R17b",
    ]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("side", ["harm_received", "harm_done"])
def test_any_act_is_every_act_but_insult(act: str, side: str) -> None:
    assert ("R6" in rules_of(couple_file({"voluntary": 2}, {f"{side}__{act}": "earlier"}))) == (
        act != "insult"
    )


def test_a_practice_may_set_its_own_thresholds() -> None:
    own = Ruleset("own", RULES.rules, RULES.texts, stale_days=30, alcohol_level=5, index_margin=5)
    old = recommend(parse_couple(couple_file({"submitted_on": "2026-10-22"})), own, would_change=False)
    drinking = recommend(parse_couple(couple_file({"alcohol_score": 5})), own, would_change=False)
    close = recommend(
        parse_couple(
            couple_file(
                {"indices__eft": 65, "indices__gottman": 60}, {"indices__eft": 65, "indices__gottman": 60}
            )
        ),
        own,
        would_change=False,
    )
    assert (old.route, drinking.reason, close.fit.model, old.ruleset) == (
        "refresh",
        "substance",
        "eft",
        "own",
    )
    assert routed(couple_file({"submitted_on": "2026-10-22"})).route == "couples"
