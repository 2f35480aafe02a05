"""Gates and flags, in the order of clinical.md §4; both read everybody in the file."""

from __future__ import annotations

from typing import Any

import pytest

from couple_files import BLANK, alone, couple_file, routed, swapped
from portal.domain.couple_file import parse_couple
from portal.domain.gates import concerned

Changes = dict[str, Any]

OUT: Changes = {"lean": 3, "commit_months": "unsure", "partner_lean_guess": 1}
CALM = ("not_signed", "interview_each")

GATES: dict[str, tuple[Changes, tuple[str, ...]]] = {
    "calm": ({}, CALM),
    "suicide 1": ({"suicide_level": 1}, (*CALM, "call_next_working_day")),
    "suicide 2": ({"suicide_level": 2}, (*CALM, "call_within_24h")),
    "suicide 3": ({"suicide_level": 3}, ("not_signed",)),
    "suicide not asked": ({"suicide_level": "not_asked", "suicidal_behavior": "not_asked"}, CALM),
    "behaviour, past year": ({"suicidal_behavior": "past_year"}, (*CALM, "call_next_working_day")),
    "behaviour, earlier": ({"suicidal_behavior": "earlier"}, CALM),
    "thoughts of harming": ({"harm_other": "thoughts"}, (*CALM, "call_next_working_day")),
    "both calls": (
        {"suicide_level": 2, "harm_other": "thoughts"},
        (*CALM, "call_next_working_day", "call_within_24h"),
    ),
    "soft decision": (
        {"lean": 5, "decision_firmness": 7},
        (*CALM, "confirm_decision", "high_doubt"),
    ),
    "firm decision": ({"lean": 5, "decision_firmness": 8, "commit_months": "no"}, ("not_signed",)),
    "firmness unknown": ({"lean": 5, "decision_firmness": BLANK, "commit_months": "no"}, ("not_signed",)),
    "doubts not told": ({**OUT, "doubts_told": "no"}, (*CALM, "doubts_unspoken")),
    "doubts partly told": ({**OUT, "doubts_told": "partly"}, CALM),
    "staying, doubts not told": ({"lean": 2, "doubts_told": "no"}, CALM),
    "high doubt": ({"lean": 3}, (*CALM, "high_doubt")),
    "high doubt outside couples": (OUT, CALM),
    "one or two": ({"first_step": "one_or_two"}, (*CALM, "reluctant")),
    "first step unsure": ({"first_step": "unsure"}, (*CALM, "reluctant")),
    "commitment unsure": ({"commit_months": "unsure"}, (*CALM, "reluctant")),
    "commitment no": ({"commit_months": "no"}, (*CALM, "reluctant")),
    "reluctant outside couples": ({**OUT, "first_step": "unsure"}, CALM),
    "pushed": ({"voluntary": 2}, (*CALM, "pressured")),
    "pushed, R6 matches": ({"voluntary": 2, "harm_done__physical": "earlier"}, ("not_signed",)),
    "for the partner": ({"voluntary": 3}, CALM),
    "private unsure": ({"private": "unsure"}, (*CALM, "confirm_private_on_call")),
    "shared device": ({"shared_device": True}, (*CALM, "confirm_private_on_call")),
    "mood 6": ({"mood_score": 6}, (*CALM, "mood_referral")),
    "mood 5": ({"mood_score": 5}, CALM),
    "mood unknown": ({"mood_score": BLANK}, CALM),
    "concern for a child": ({"child_danger": "concern"}, ("not_signed", "mandated_report_review")),
    "a child in danger": ({"child_danger": "now"}, ("not_signed", "mandated_report_review")),
    "no safe channel": ({"safe_channel": False}, (*CALM, "await_call")),
    "channel unknown": ({"safe_channel": BLANK}, (*CALM, "await_call")),
    "channel declined": ({"safe_channel": "declined"}, (*CALM, "await_call")),
    "lean unknown": ({"lean": BLANK, "doubts_told": "no"}, ("not_signed",)),
}


@pytest.mark.parametrize(("changes", "gates"), GATES.values(), ids=GATES)
def test_either_partner_raises_a_gate(changes: Changes, gates: tuple[str, ...]) -> None:
    assert (routed(couple_file(changes)).gates, routed(couple_file({}, changes)).gates) == (gates, gates)


def test_gates_read_drafts_but_wait_for_nobody_to_call() -> None:
    draft = couple_file(
        {},
        {"suicide_level": 2, "private": "unsure", "voluntary": 2, "safe_channel": False},
        participation=("submitted", "in_progress"),
    )
    assert routed(draft).gates == ("not_signed", "call_within_24h", "pressured", "confirm_private_on_call")


def test_gates_say_whose_answers_raise_them() -> None:
    file = couple_file({"mood_score": 7, "safe_channel": False}, {"mood_score": 6, "suicide_level": 2})
    assert concerned(parse_couple(file)) == {
        "call_within_24h": ("b",),
        "mood_referral": ("a", "b"),
        "await_call": ("a",),
    }


def test_all_gates_that_can_stand_together_stand_in_order() -> None:
    file = couple_file(
        {
            "suicide_level": 1, "lean": 5, "decision_firmness": 1, "doubts_told": "no", "voluntary": 2,
            "private": "unsure", "mood_score": 12, "safe_channel": False,
        },
        {"suicide_level": 2, "first_step": "unsure"},
    )  # fmt: skip
    assert routed(file).gates == (
        *("not_signed", "interview_each", "call_next_working_day", "call_within_24h", "confirm_decision"),
        *("doubts_unspoken", "high_doubt", "reluctant", "pressured", "confirm_private_on_call"),
        *("mood_referral", "await_call"),
    )


LEAVES: Changes = {**OUT, "lean": 4}
FLAGS: dict[str, tuple[Changes, Changes, list[tuple[str, str]]]] = {
    "calm": ({}, {}, []),
    "present, known": ({"affair": "current_known"}, {}, [("outside_relationship_known", "a")]),
    "past, secret": ({"affair": "past_secret"}, {}, [("past_secret_affair", "a")]),
    "past, known": ({"affair": "past_known"}, {}, []),
    "present, secret": ({"affair": "current_secret"}, {}, []),
    "filed, the other none": ({**OUT, "legal_steps": "filed"}, {}, [("do_not_reveal", "a")]),
    "filed by the other, who says none": (
        {**OUT, "legal_steps": "filed", "legal_steps_by": "partner"}, {}, [("do_not_reveal", "b")],
    ),
    "filed by both, the other none": (
        {**OUT, "legal_steps": "filed", "legal_steps_by": "both"}, {}, [("do_not_reveal", "a")],
    ),
    "final, the other none": ({**OUT, "legal_steps": "final"}, {}, [("do_not_reveal", "a")]),
    "filed, the other consulted": ({**OUT, "legal_steps": "filed"}, {"legal_steps": "consulted"}, []),
    "filed, the other unknown": ({**OUT, "legal_steps": "filed"}, {"legal_steps": BLANK}, []),
    "living apart, the other none": ({**OUT, "legal_steps": "living_apart"}, {}, []),
    "guess off by one": ({"partner_lean_guess": 2}, {}, []),
    "guess off by two": ({"partner_lean_guess": 3}, {}, [("perception_gap", "a")]),
    "guess against a soft five": (
        {"partner_lean_guess": 3}, {"lean": 5, "decision_firmness": 1}, [("perception_gap", "a")],
    ),
    "guess four against a soft five": ({"partner_lean_guess": 4}, {"lean": 5, "decision_firmness": 1}, []),
    "guess blank": ({"partner_lean_guess": BLANK}, {"lean": 4}, []),
    "lean of the other blank": ({"partner_lean_guess": 5}, {"lean": "declined"}, []),
    "staying from fear": ({"staying_from_fear": True}, {}, [("staying_from_fear", "a")]),
    # leaving_risk
    "leaving": (LEAVES, {"partner_lean_guess": 4}, []),
    "leaving, the other thinks of suicide": (
        LEAVES, {"partner_lean_guess": 4, "suicide_level": 1}, [("leaving_risk", "a")],
    ),
    "torn, the other thinks of suicide": (OUT, {"partner_lean_guess": 3, "suicide_level": 1}, []),
    "leaving, oneself thinks of suicide": ({**LEAVES, "suicide_level": 2}, {"partner_lean_guess": 4}, []),
    "leaving, the other thinks of harming": (
        LEAVES, {"partner_lean_guess": 4, "harm_other": "thoughts"}, [("leaving_risk", "a")],
    ),
    "leaving, the other means to harm": (
        LEAVES, {"partner_lean_guess": 4, "harm_other": "intent"}, [("leaving_risk", "a")],
    ),
    "leaving, threatened with suicide": (
        {**LEAVES, "threatened_suicide_if_left": True}, {"partner_lean_guess": 4}, [("leaving_risk", "a")],
    ),
    "left, and threatened": (LEAVES, {"partner_lean_guess": 4, "threatened_suicide_if_left": True}, []),
    "leaving, an act between them": (
        LEAVES, {"partner_lean_guess": 4, "harm_done__threat": "earlier"}, [("leaving_risk", "a")],
    ),
    "leaving, an insult between them": (
        LEAVES, {"partner_lean_guess": 4, "harm_done__insult": "past_year"}, [],
    ),
    "leaving, control between them": (
        {**LEAVES, "control_done": ["money"]}, {"partner_lean_guess": 4}, [("leaving_risk", "a")],
    ),
    "recently separated": (
        {"recent_separation": True, "harm_done__physical": "earlier"}, {}, [("leaving_risk", "a")],
    ),
    "began living apart": (
        {"legal_steps": "living_apart", "control_done": ["money"]}, {}, [("leaving_risk", "a")],
    ),
    "the other began living apart": (
        {"legal_steps": "living_apart", "legal_steps_by": "partner", "suicide_level": 1},
        {},
        [("leaving_risk", "b")],
    ),
    "both began living apart": (
        {"legal_steps": "living_apart", "legal_steps_by": "both", "control_done": ["money"]},
        {},
        [("leaving_risk", "a"), ("leaving_risk", "b")],
    ),
    "both leave": (
        {**LEAVES, "partner_lean_guess": 4}, {**LEAVES, "partner_lean_guess": 4, "control_done": ["money"]},
        [("leaving_risk", "a"), ("leaving_risk", "b")],
    ),
    "all, in order": (
        {
            **LEAVES, "affair": "past_secret", "partner_lean_guess": 5, "staying_from_fear": True,
            "threatened_suicide_if_left": True, "legal_steps": "filed",
        },
        {"affair": "current_known"},
        [
            ("outside_relationship_known", "b"), ("past_secret_affair", "a"), ("do_not_reveal", "a"),
            ("perception_gap", "a"), ("perception_gap", "b"), ("staying_from_fear", "a"),
            ("leaving_risk", "a"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("a", "b", "flags"), FLAGS.values(), ids=FLAGS)
def test_flags_say_whom_they_are_about(a: Changes, b: Changes, flags: list[tuple[str, str]]) -> None:
    file = couple_file(a, b)
    assert [(flag.key, flag.slot) for flag in routed(file).flags] == flags
    turned = [(flag.key, "b" if flag.slot == "a" else "a") for flag in routed(swapped(file)).flags]
    assert sorted(turned) == sorted(flags)


def test_flags_read_drafts_and_people_who_are_not_joining() -> None:
    draft = couple_file({}, LEAVES, participation=("submitted", "declined"))
    draft["partners"]["a"]["control_done"] = ["money"]
    assert [(flag.key, flag.slot) for flag in routed(draft).flags] == [
        ("perception_gap", "a"),
        ("leaving_risk", "b"),
    ]


def test_somebody_without_a_file_may_still_be_the_one_who_left() -> None:
    file = alone({"legal_steps": "living_apart", "legal_steps_by": "partner", "harm_other": "thoughts"})
    assert [(flag.key, flag.slot) for flag in routed(file).flags] == [("leaving_risk", "b")]
    assert routed(alone({"partner_lean_guess": 5, "lean": 4})).flags == ()
