"""The invariants of clinical.md §4 over raw answers of the shipped questionnaire, through scoring."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from couple_files import RULES
from portal.content.questionnaire import load
from portal.domain.constructs import ACTS, CONSTRUCTS, CONTROL_KINDS, DECLINED, NECK_WANTED, PARTS
from portal.domain.couple_file import parse_couple
from portal.domain.recommendation import Recommendation
from portal.domain.routing import recommend
from portal.domain.rules import PROTECTIVENESS
from portal.domain.scoring import partner_answers

Answers = dict[str, Any]

JOINT = {"couples", "discernment"}
FORM = load()
PREFIXES = tuple(f"{parts.prefix}_" for parts in PARTS)
READ = tuple(item.key for item in FORM.items if item.key in CONSTRUCTS or item.key.startswith(PREFIXES))
FACTS: dict[str, Any] = {
    "submitted_on": "2026-11-20", "important_event_since": False, "safe_channel": True,
    "shared_device": False, "shared_account": False, "validity_concern": False,
}  # fmt: skip

CALM: Answers = {
    **{key: "0" for key in READ if key.startswith(PREFIXES)},
    **{key: "no" for key in READ if key in CONSTRUCTS and "no" in CONSTRUCTS[key].values},
    **{key: "none" for key in READ if key in CONSTRUCTS and "none" in CONSTRUCTS[key].values},
    "private": "yes",
    "adult": "yes",
    "in_service_area": "yes",
    "voluntary": "5",
    "free_to_leave": "yes",
    "lean": "1",
    "decision_firmness": "3",
    "first_step": "yes",
    "commit_months": "yes",
    "own_change": "8",
    "doubts_told": "yes",
    "hope": "6",
    "partner_lean_guess": "2",
    "escalating": "nothing_happened",
    "suicide_level": "0",
    "agreement": "exclusive",
    "control_received": ["none"],
    "control_done": ["none"],
    "legal_steps_by": "self",
}

DANGERS: dict[str, list[Any]] = {
    **{f"{side}.{act}": ["past_year", "earlier"] for side in ("harm_received", "harm_done") for act in ACTS},
    **{side: [[kind] for kind in CONTROL_KINDS] for side in ("control_received", "control_done")},
    "fear": ["some", "strong"],
    "fear_of_consequences": ["yes"],
    "escalating": ["yes"],
    "free_to_leave": ["hard", "not_safe"],
    "order_of_protection": ["past", "current"],
    "child_danger": ["concern", "now"],
    "suicide_level": ["1", "2", "3", "4", "5"],
    "suicidal_behavior": ["earlier", "past_year", "past_3_months"],
    "harm_other": ["thoughts", "intent"],
    "voluntary": ["1", "2"],
    "psychosis_mania": ["past", "current_treated", "current_untreated"],
    "alcohol_withdrawal": ["yes"],
    "drug_loss_of_control": ["yes"],
    "staying_from_fear": ["yes"],
    **{f"alcohol_{n}": ["1", "2", "3", "4"] for n in (1, 2, 3)},
    **{f"mood_{n}": ["1", "2", "3"] for n in (1, 2, 3, 4)},
}


def read(a: Answers, b: Answers) -> Recommendation:
    """Two sent intakes, scored and routed."""
    partners = {}
    for slot, answers in (("a", a), ("b", b)):
        scored: dict[str, Any] = partner_answers(FORM, answers, alcohol_level=RULES.alcohol_level)
        eligible = {**scored["eligible"], "consented": True, "identity_conflict": False}
        partners[slot] = {**scored, **FACTS, "eligible": eligible}
    file = {
        "as_of": "2026-11-22",
        "participation": {"a": "submitted", "b": "submitted"},
        "partners": partners,
    }
    return recommend(parse_couple(file), RULES, would_change=False)


def _values(key: str) -> st.SearchStrategy[Any]:
    option_set = FORM.item(key).option_set
    assert option_set is not None
    values = [option.value for option in option_set.options]
    if key.startswith("control_"):
        kinds = st.lists(st.sampled_from(CONTROL_KINDS), min_size=1, max_size=3, unique=True)
        return st.one_of(kinds, st.just(["none"]), st.just(DECLINED))
    return st.sampled_from([*values, DECLINED] if FORM.item(key).sensitive else values)


@st.composite
def answer_sheets(draw: st.DrawFn) -> Answers:
    """A calm sheet with up to six answers drawn anew or left out, and a direction of its own."""
    sheet = {**CALM, "lean": draw(st.sampled_from("12345")), "commit_months": draw(_values("commit_months"))}
    for key in draw(st.lists(st.sampled_from(READ), max_size=6)):
        if draw(st.booleans()):
            sheet[key] = draw(_values(key))
        else:
            sheet.pop(key, None)
    return sheet


def test_the_calm_sheet_is_matched_and_every_danger_is_an_option() -> None:
    assert read(CALM, CALM).rule == "R18b"
    for key, dangers in DANGERS.items():
        option_set = FORM.item(key).option_set
        assert option_set is not None
        given = {one for danger in dangers for one in (danger if isinstance(danger, list) else [danger])}
        assert given <= set(option_set.by_value), key


@given(answer_sheets(), answer_sheets())
def test_raw_answers_changed_over_give_the_same_route(a: Answers, b: Answers) -> None:
    one, two = read(a, b), read(b, a)
    assert (one.route, one.matched_rules, one.fit, one.gates) == (
        two.route, two.matched_rules, two.fit, two.gates,
    )  # fmt: skip


@given(answer_sheets(), answer_sheets(), st.sampled_from(sorted(DANGERS)), st.data())
@settings(max_examples=300)
def test_a_raw_danger_never_lowers_the_protection(
    a: Answers, b: Answers, key: str, data: st.DataObject
) -> None:
    calm = {**a, key: CALM[key]}
    danger = {**a, key: data.draw(st.sampled_from(DANGERS[key]))}
    before, after = read(calm, b), read(danger, b)
    assert PROTECTIVENESS[after.route] >= PROTECTIVENESS[before.route]


@given(answer_sheets(), answer_sheets(), st.sampled_from(READ))
@settings(max_examples=300)
def test_a_raw_answer_left_out_never_opens_a_joint_route(a: Answers, b: Answers, key: str) -> None:
    blank = {name: answer for name, answer in a.items() if name != key}
    assert read(blank, b).route not in JOINT or read(a, b).route in JOINT


@given(answer_sheets(), answer_sheets())
@settings(max_examples=300)
def test_a_joint_route_of_raw_answers_is_complete_and_safe(a: Answers, b: Answers) -> None:
    made = read(a, b)
    assert made.rule == made.matched_rules[0]
    if made.route not in JOINT:
        return
    assert "interview_each" in made.gates
    for sheet in (a, b):
        assert sheet["private"] != "no"
        assert {"lean", "first_step", "commit_months", "own_change", "voluntary", "fear"} <= set(sheet)
        assert sheet["fear"] == "none"
        assert sheet["harm_received.strangled"] in {"none", NECK_WANTED}
        assert sheet["suicide_level"] in {"0", "1", "2"}
