"""Tier C: topics for the interviews (clinical.md §3)."""

from __future__ import annotations

from typing import Any

import pytest

from couple_files import BLANK, couple_file, routed
from portal.domain.constructs import CONSTRUCTS

Changes = dict[str, Any]

ONE: dict[str, tuple[Changes, list[str]]] = {
    "calm": ({}, []),
    "insult, received": ({"harm_received__insult": "earlier"}, ["harm_received.insult"]),
    "insult, done": ({"harm_done__insult": "past_year"}, ["harm_done.insult"]),
    "threat earlier": ({"harm_done__threat": "earlier"}, ["harm_done.threat"]),
    "threat in the past year": ({"harm_done__threat": "past_year"}, []),
    "physical earlier": ({"harm_received__physical": "earlier"}, ["harm_received.physical"]),
    "physical in the past year": ({"harm_received__physical": "past_year"}, []),
    "sexual pressure earlier": ({"harm_done__sexual_pressure": "earlier"}, ["harm_done.sexual_pressure"]),
    "injury earlier": ({"harm_done__injury": "earlier"}, []),
    "one mild kind": ({"control_received": ["phone"]}, ["control_received"]),
    "one mild kind, twice": ({"control_done": ["phone", "phone"]}, ["control_done"]),
    "one severe kind": ({"control_done": ["outing"]}, []),
    "two mild kinds": ({"control_done": ["phone", "money"]}, []),
    "hard to leave": ({"free_to_leave": "hard"}, ["free_to_leave"]),
    "not safe to leave": ({"free_to_leave": "not_safe"}, []),
    "alcohol 4": ({"alcohol_score": 4}, ["alcohol_score"]),
    "alcohol 3": ({"alcohol_score": 3}, []),
    "alcohol 12": ({"alcohol_score": 12}, ["alcohol_score"]),
    "mood 6": ({"mood_score": 6}, ["mood_score"]),
    "mood 5": ({"mood_score": 5}, []),
    "not asked": (
        {"suicide_level": "not_asked", "suicidal_behavior": "not_asked"},
        ["suicide_level", "suicidal_behavior"],
    ),
    "staying from fear": ({"staying_from_fear": True}, ["staying_from_fear"]),
    "neck, wanted": ({"neck_wanted": True}, ["neck_wanted"]),
    "who began nothing is not open": ({"legal_steps_by": BLANK}, []),
    "who began, unknown": (
        {"legal_steps": "consulted", "legal_steps_by": BLANK},
        ["legal_steps_by"],
    ),
    "who began, declined": ({"legal_steps_by": "declined"}, ["legal_steps_by"]),
    "legal steps unknown": ({"legal_steps": BLANK}, ["legal_steps"]),
    "a firearm alone": ({"firearm_access": True}, []),
    "an index not scored": ({"indices__eft": BLANK, "indices__gottman": "declined"}, []),
    "a fact that staff state": ({"shared_account": BLANK, "safe_channel": "declined"}, []),
    "consent": ({"eligible__consented": BLANK}, []),
    "in order": (
        {"mood_score": 9, "harm_done__insult": "earlier", "harm_received__insult": "earlier", "hope": BLANK},
        ["hope", "harm_received.insult", "harm_done.insult", "mood_score"],
    ),
    "pressure before legal steps": (
        {"recent_separation": BLANK, "legal_steps": "consulted", "legal_steps_by": BLANK, "voluntary": BLANK},
        ["voluntary", "legal_steps_by", "recent_separation"],
    ),
}


@pytest.mark.parametrize(("changes", "topics"), ONE.values(), ids=ONE)
def test_an_answer_of_either_partner_becomes_a_topic(changes: Changes, topics: list[str]) -> None:
    assert [(topic.slot, topic.field) for topic in routed(couple_file(changes)).topics] == [
        ("a", field) for field in topics
    ]
    assert [(topic.slot, topic.field) for topic in routed(couple_file({}, changes)).topics] == [
        ("b", field) for field in topics
    ]


ACTS_OF_R8 = (
    *("threat", "physical", "injury", "sexual_force", "threat_to_kill", "strangled", "weapon", "stalking"),
)
OF_R8 = {
    *(f"{side}.{act}" for side in ("harm_received", "harm_done") for act in ACTS_OF_R8),
    *("fear", "fear_of_consequences", "order_of_protection", "suicide_level", "suicidal_behavior"),
    *("harm_other", "child_danger"),
}
SKIPPED_ONLY = {
    *("control_received", "control_done", "escalating", "free_to_leave"),
    *("harm_received.sexual_pressure", "harm_done.sexual_pressure"),
}
PLACE = {"adult": "eligible.adult", "in_service_area": "eligible.in_service_area"}
ITEMS = sorted(
    {PLACE.get(key, key) for key in CONSTRUCTS}
    | {"alcohol_score", "mood_score", "satisfaction"} - {"legal_steps_by"}
)


@pytest.mark.parametrize("field", [field for field in ITEMS if field != "legal_steps_by"])
def test_what_is_open_and_not_r8s_is_a_topic(field: str) -> None:
    path = field.replace(".", "__")
    skipped = [topic.field for topic in routed(couple_file({path: BLANK})).topics]
    declined = [topic.field for topic in routed(couple_file({path: "declined"})).topics]
    assert (skipped, declined) == (
        [] if field in OF_R8 | SKIPPED_ONLY else [field],
        [] if field in OF_R8 else [field],
    )


def test_a_draft_is_not_finished_but_what_it_declines_is_said() -> None:
    draft = couple_file(
        {}, {"hope": BLANK, "fear": "declined", "mood_score": "declined", "harm_done__insult": "earlier"},
        participation=("submitted", "in_progress"),
    )  # fmt: skip
    assert [(topic.slot, topic.field) for topic in routed(draft).topics] == [
        ("b", "harm_done.insult"),
        ("b", "fear"),
        ("b", "mood_score"),
    ]


def test_the_same_field_stands_a_before_b() -> None:
    both = couple_file({"mood_score": 7, "hope": BLANK}, {"mood_score": 8, "harm_done__insult": "earlier"})
    assert [(topic.slot, topic.field) for topic in routed(both).topics] == [
        ("a", "hope"),
        ("b", "harm_done.insult"),
        ("a", "mood_score"),
        ("b", "mood_score"),
    ]


def test_a_firearm_is_named_where_somebody_may_be_leaving() -> None:
    leaving = {"lean": 4, "harm_done__threat": "earlier"}
    file = couple_file(leaving, {"firearm_access": True})
    assert ("b", "firearm_access") in [(topic.slot, topic.field) for topic in routed(file).topics]
