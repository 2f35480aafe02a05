"""Advice beside answers that cannot be read: nothing told is missed, nothing known is taken away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couple_files import BLANK, PATHS, couple_file, couple_files, put, routed
from portal.content.rules import ruleset
from portal.domain import told_alone, urgency
from portal.domain.couple_file import parse_couple
from portal.domain.gates import OF_THE_ROUTE
from portal.domain.rules import PROTECTIVENESS
from portal.domain.told_alone import TOLD


def advice(file: dict[str, Any], before: dict[str, Any] | None, *, lost: str = "b") -> dict[str, Any]:
    """What stands while answers of ``lost`` cannot be read."""
    return told_alone.advise(parse_couple(file), ruleset(), before, lost=lost)


def kept(file: dict[str, Any]) -> dict[str, Any]:
    """What was advised while everything could be read."""
    return routed(file).as_dict()


@given(couple_files, st.data())
def test_it_is_never_softer_than_what_is_told_or_than_what_was_known(
    file: dict[str, Any], data: st.DataObject
) -> None:
    before = kept(file)
    for path in data.draw(st.lists(st.sampled_from(PATHS), max_size=12)):
        for partner in file["partners"].values():
            put(partner, path, BLANK)
    told, made = kept(file), advice(file, before)
    assert PROTECTIVENESS[made["route"]] >= PROTECTIVENESS[before["route"]]
    assert TOLD & {*told["matched_rules"], *before["matched_rules"]} <= {*made["matched_rules"]}
    assert {*told["gates"], *before["gates"]} - OF_THE_ROUTE <= {*made["gates"]}
    for name in ("flags", "topics"):
        assert all(one in made[name] for one in (*told[name], *before[name]))
    assert made["route"] not in ("couples", "discernment", "solo", "wait", "refresh")
    assert {one["rule"] for one in made["reasons"]} == {*made["matched_rules"]}
    assert advice(file, made) == made
    assert (made["lost"], urgency.urgency(made, is_signed=False)) == (["b"], urgency.SAME_DAY)


@given(couple_files)
def test_without_advice_before_no_row_holds_by_what_is_missing(file: dict[str, Any]) -> None:
    made = advice(file, None)
    assert {*made["matched_rules"]} <= TOLD | {"R20"}
    assert (made["if_cleared"], made["would_change"]) == (None, [])


def test_a_route_of_equal_weight_gives_way_to_the_first_of_the_table() -> None:
    """Called soon for what was told, and not by the clock of what stood before."""
    before = kept(couple_file(a={"private": "no"}))
    file = couple_file(a={"fear": "some"})
    made = advice(file, before)
    assert ((before["route"], before["rule"]), (made["route"], made["rule"])) == (
        ("consult", "R7"),
        ("consult", "R5b"),
    )
    assert advice(couple_file(), before)["rule"] == "R7"


def test_a_row_of_an_older_ruleset_comes_last() -> None:
    before = {**kept(couple_file()), "route": "consult", "rule": "R99", "matched_rules": ["R99"]}
    assert advice(couple_file(a={"fear": "some"}), before)["rule"] == "R5b"


@pytest.mark.parametrize(
    ("answers", "is_more"),
    [
        ({}, False),
        ({"mood_score": 8}, False),
        ({"safe_channel": None}, False),
        ({"suicide_level": 2}, True),
        ({"suicide_level": 1}, True),
        ({"recent_separation": True, "firearm_access": True, "harm_received": {"physical": "earlier"}}, True),
        ({"fear": "some"}, True),
        ({"psychosis_mania": "current_untreated"}, True),
    ],
)
def test_what_asks_for_more(answers: dict[str, Any], is_more: bool) -> None:
    before, body = kept(couple_file()), kept(couple_file(a=answers))
    assert told_alone.is_more(body, before) is is_more
    assert not told_alone.is_more(body, body)


def test_lost_words_outside_the_form_mark_nobody() -> None:
    marked = advice(couple_file(), kept(couple_file()))
    assert "lost" not in advice(couple_file(), marked, lost="")


def test_a_call_that_cannot_wait_stands_though_what_asked_for_it_is_lost() -> None:
    before = kept(couple_file(b={"suicide_level": 2, "mood_score": 8}))
    for told in ({}, {"fear": "some"}, {"harm_received": {"strangled": "past_year"}}):
        assert {"call_within_24h", "mood_referral"} <= {*advice(couple_file(a=told), before)["gates"]}
