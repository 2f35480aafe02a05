"""The smallest single answers that move the route: true, nearest, and never about safety."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings

from couple_files import BLANK, couple_file, couple_files, put, routed
from portal.domain.recommendation import Change
from portal.domain.would_change import CHANGEABLE, nearest

VALUES = {field: set(nearest(field, None)) for field in CHANGEABLE}


def test_discernment_says_what_would_lead_elsewhere() -> None:
    file = couple_file({}, {"lean": 4, "commit_months": "unsure"})
    assert routed(file, would_change=True).would_change == (
        Change("a", "lean", 1, 3, "consult"),
        Change("b", "lean", 4, 2, "couples"),
        Change("a", "first_step", "yes", "no", "consult"),
        Change("b", "first_step", "yes", "no", "consult"),
        Change("b", "commit_months", "unsure", "yes", "couples"),
        Change("a", "own_change", 8, 3, "consult"),
        Change("a", "legal_steps", "none", "living_apart", "consult"),
        Change("b", "legal_steps", "none", "filed", "consult"),
    )


def test_a_missing_answer_is_one_that_would_move_the_route() -> None:
    file = couple_file({}, {"lean": 4, "commit_months": BLANK})
    assert routed(file, would_change=True).would_change == (
        Change("b", "commit_months", None, "yes", "couples"),
    )
    file = couple_file({}, {"own_change": "declined"})
    assert routed(file, would_change=True).would_change == (
        Change("b", "own_change", "declined", 0, "couples"),
    )


def test_a_firm_decision_would_move_with_its_firmness() -> None:
    leaving = {"lean": 5, "commit_months": "unsure"}
    for firmness, was in ((9, 9), (BLANK, None), ("declined", "declined")):
        found = routed(couple_file({}, {**leaving, "decision_firmness": firmness}), would_change=True)
        assert Change("b", "decision_firmness", was, 7, "discernment") in found.would_change


def test_who_began_may_settle_a_contradiction() -> None:
    file = couple_file({"legal_steps": "living_apart", "legal_steps_by": "both"})
    found = routed(file, would_change=True).would_change
    assert Change("a", "legal_steps_by", "both", "partner", "couples") in found
    assert Change("a", "legal_steps", "living_apart", "consulted", "couples") in found


def test_nothing_changes_a_route_that_safety_or_staff_facts_set() -> None:
    for changes in ({"fear": "strong"}, {"private": "no"}, {"alcohol_withdrawal": True}, {"affair": None}):
        file = couple_file(changes, {"lean": 4, "commit_months": "unsure"})
        assert routed(file, would_change=True).would_change == ()


def test_it_is_empty_unless_asked_for() -> None:
    assert routed(couple_file({}, {"lean": 4})).would_change == ()


def test_only_sent_answers_are_named() -> None:
    file = couple_file(
        {"lean": 5, "decision_firmness": 9, "commit_months": "no"}, participation=("submitted", "declined")
    )
    assert routed(file, would_change=True).would_change == (
        Change("a", "lean", 5, 4, "solo"),
        Change("a", "decision_firmness", 9, 7, "solo"),
    )


@given(couple_files)
@settings(max_examples=100)
def test_every_entry_is_true_nearest_and_complete(file: dict[str, Any]) -> None:
    """Compared with trying every value of every named field through the whole engine."""
    made = routed(file, would_change=True)
    expected = []
    for field in CHANGEABLE:
        for slot in "ab":
            if file["participation"][slot] != "submitted":
                continue
            was = file["partners"][slot].get(field)
            for value in nearest(field, None if was == "declined" else was):
                changed = copy.deepcopy(file)
                put(changed["partners"][slot], field, value)
                route = routed(changed).route
                if route != made.route:
                    expected.append((slot, field, was, value, route))
                    break
    assert [(c.slot, c.field, c.was, c.becomes, c.route) for c in made.would_change] == expected


def test_nearest_goes_outwards() -> None:
    assert nearest("lean", 3) == (2, 4, 1, 5)
    assert nearest("lean", None) == (1, 2, 3, 4, 5)
    assert nearest("decision_firmness", None)[:3] == (10, 9, 8)
    assert nearest("first_step", "unsure") == ("one_or_two", "no", "yes")
    assert all(
        set(nearest(field, value)) == VALUES[field] - {value} for field in VALUES for value in VALUES[field]
    )
