"""The invariants of clinical.md §4 over random couple files."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from couple_files import (
    ANSWERS,
    BLANK,
    PATHS,
    RULES,
    couple_file,
    couple_files,
    put,
    routed,
    swapped,
)
from portal.domain.constructs import ACTS, CONTROL_KINDS
from portal.domain.rules import PROTECTIVENESS

JOINT = {"couples", "discernment"}
OTHER = {"a": "b", "b": "a"}

FACTS = {"important_event_since", "shared_account", "validity_concern", "eligible.identity_conflict"}
"""Facts that staff or the portal state: nobody's answer, so nobody can leave them blank."""

DANGERS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    **{
        f"{side}.{act}": (("none",), ("past_year", "earlier"))
        for side in ("harm_received", "harm_done")
        for act in ACTS
    },
    "fear": (("none",), ("some", "strong")),
    "fear_of_consequences": ((False,), (True,)),
    "control_received": (([],), tuple([kind] for kind in CONTROL_KINDS)),
    "control_done": (([],), tuple([kind] for kind in CONTROL_KINDS)),
    "escalating": (("nothing_happened", "no"), ("yes",)),
    "free_to_leave": (("yes",), ("hard", "not_safe")),
    "order_of_protection": (("none",), ("past", "current")),
    "child_danger": (("no",), ("concern", "now")),
    "suicide_level": ((0,), (1, 2, 3, 4, 5)),
    "suicidal_behavior": (("none",), ("earlier", "past_year", "past_3_months")),
    "harm_other": (("none",), ("thoughts", "intent")),
    "alcohol_score": ((0, 2), tuple(range(3, 13))),
    "alcohol_withdrawal": ((False,), (True,)),
    "drug_loss_of_control": ((False,), (True,)),
    "psychosis_mania": (("none",), ("past", "current_treated", "current_untreated")),
    "mood_score": ((0, 3), tuple(range(4, 13))),
    "recent_separation": ((False,), (True,)),
    "firearm_access": ((False,), (True,)),
    "threatened_suicide_if_left": ((False,), (True,)),
    "staying_from_fear": ((False,), (True,)),
    "neck_wanted": ((False,), (True,)),
    "voluntary": ((5, 4, 3), (1, 2)),
}
"""Answers that tell of no danger, and of one."""


def get(partner: dict[str, Any], path: str) -> Any:
    *above, key = path.split(".")
    return (partner[above[0]] if above else partner).get(key)


@given(couple_files)
def test_swapping_the_partners_swaps_the_recommendation(file: dict[str, Any]) -> None:
    one, two = routed(file), routed(swapped(file))
    assert (one.route, one.reason, one.rule, one.matched_rules) == (
        two.route, two.reason, two.rule, two.matched_rules,
    )  # fmt: skip
    assert (one.fit, one.gates, one.alternatives, one.if_cleared) == (
        two.fit, two.gates, two.alternatives, two.if_cleared,
    )  # fmt: skip
    assert {(flag.key, flag.slot) for flag in one.flags} == {(f.key, OTHER[f.slot]) for f in two.flags}
    assert {(t.field, t.slot) for t in one.topics} == {(t.field, OTHER[t.slot]) for t in two.topics}


@given(couple_files, st.sampled_from("ab"), st.sampled_from(sorted(DANGERS)), st.data())
@settings(max_examples=400)
def test_a_danger_never_makes_the_route_less_protective(
    file: dict[str, Any], slot: str, path: str, data: st.DataObject
) -> None:
    calm, dangers = DANGERS[path]
    put(file["partners"][slot], path, data.draw(st.sampled_from(calm)))
    before = routed(file)
    put(file["partners"][slot], path, data.draw(st.sampled_from(dangers)))
    after = routed(file)
    assert PROTECTIVENESS[after.route] >= PROTECTIVENESS[before.route]


@given(couple_files, st.sampled_from("ab"), st.sampled_from(sorted(set(PATHS) - FACTS)))
@settings(max_examples=400)
def test_blanking_an_answer_never_makes_a_joint_route_appear(
    file: dict[str, Any], slot: str, path: str
) -> None:
    before = routed(file)
    put(file["partners"][slot], path, BLANK)
    after = routed(file)
    assert after.route not in JOINT or before.route in JOINT


PARTS = ("harm_received", "harm_done", "eligible", "indices")


@given(couple_files, st.sampled_from(PARTS), st.sampled_from("ab"))
def test_blanking_a_whole_part_never_makes_a_joint_route_appear(
    file: dict[str, Any], part: str, slot: str
) -> None:
    before = routed(file)
    file["partners"][slot].pop(part)
    assert routed(file).route not in JOINT or before.route in JOINT


@given(couple_files)
@settings(max_examples=400)
@example(couple_file())
def test_a_joint_route_needs_two_complete_private_fresh_and_safe_intakes(file: dict[str, Any]) -> None:
    made = routed(file)
    if made.route not in JOINT:
        return
    assert file["participation"] == {"a": "submitted", "b": "submitted"}
    assert len(made.matched_rules) == 1
    assert "interview_each" in made.gates
    for slot in "ab":
        partner = file["partners"][slot]
        assert partner["private"] in {"yes", "unsure"}
        assert "2026-09-23" <= partner["submitted_on"] <= "2026-11-22"
        for path in ("lean", "first_step", "commit_months", "own_change", "voluntary", "legal_steps", "fear"):
            assert get(partner, path) not in {None, "declined"}


@given(couple_files)
def test_every_input_has_one_route_and_gives_equal_bytes(file: dict[str, Any]) -> None:
    made = routed(file, would_change=True)
    again = routed(copy.deepcopy(file), would_change=True)
    assert made.as_dict() == again.as_dict()
    assert list(made.as_dict("es")) == list(made.as_dict("en"))
    assert made.rule == made.matched_rules[0]
    order = [rule.id for rule in RULES.rules]
    assert list(made.matched_rules) == sorted(set(made.matched_rules), key=order.index)
    assert ("R20" in made.matched_rules) == (made.matched_rules == ("R20",))


def test_every_field_has_values_to_draw_from() -> None:
    partner = couple_file()["partners"]["a"]
    flat = {
        f"{key}.{inner}" if isinstance(value, dict) else key
        for key, value in partner.items()
        for inner in (value if isinstance(value, dict) else (key,))
    }
    assert flat == set(ANSWERS) | {"control_received", "control_done"}
