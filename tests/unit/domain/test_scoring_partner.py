"""From stored answers to the answer part of a partner in the couple file."""

from __future__ import annotations

import pytest

from portal.domain.answers import Answer
from portal.domain.constructs import ACTS, ASKED_ON_CALL_ONLY, CONSTRUCTS, PARTS, Draft
from portal.domain.questionnaire import Item, Kind, Option, OptionSet, Questionnaire, Section, Wording
from portal.domain.scoring import (
    draft_answers,
    index,
    part_sum,
    partner_answers,
    reflection_count,
    report_scorer,
)

ANY = Wording("text", "texto")
ITEMS_OF_AN_INDEX = 7


def choice(key: str, *values: str) -> Item:
    return Item(
        key, Kind.CHOICE, ANY, option_set=OptionSet(key, tuple(Option(value, ANY) for value in values))
    )


def form(*, on_call: bool = True) -> Questionnaire:
    left_out = frozenset() if on_call else ASKED_ON_CALL_ONLY
    items = [choice(key, *rule.values) for key, rule in CONSTRUCTS.items() if key not in left_out]
    for parts in PARTS:
        count = ITEMS_OF_AN_INDEX if parts.open_ended else len(parts.highest)
        items += [choice(f"{parts.prefix}_{n}", "0", "1", "2", "3", "4") for n in range(1, count + 1)]
    items += [choice("hesitation", "none"), choice("alcohol_treated_since", "yes")]
    section = Section("all", ANY, ANY, ANY, 1, Draft.SEALED, False, tuple(items))
    return Questionnaire("1", "b", on_call, (section,))


FORM = form()

CALM: dict[str, Answer] = {
    "private": "yes",
    "adult": "yes",
    "in_service_area": "yes",
    "call_first": "no",
    "staying_from_fear": "no",
    "lean": "1",
    "decision_firmness": "10",
    "first_step": "one_or_two",
    "commit_months": "yes",
    "own_change": "8",
    "hope": "7",
    "doubts_told": "partly",
    "partner_lean_guess": "4",
    "legal_steps": "none",
    "recent_separation": "no",
    "voluntary": "5",
    "free_to_leave": "yes",
    **{f"harm_received.{act}": "none" for act in ACTS},
    **{f"harm_done.{act}": "none" for act in ACTS},
    "fear": "none",
    "fear_of_consequences": "no",
    "control_received": ["none"],
    "control_done": ["money", "phone"],
    "escalating": "nothing_happened",
    "order_of_protection": "none",
    "child_danger": "no",
    "firearm_access": "declined",
    "threatened_suicide_if_left": "yes",
    "suicide_level": "0",
    "suicidal_behavior": "none",
    "harm_other": "none",
    "alcohol_1": "1",
    "alcohol_2": "1",
    "alcohol_3": "0",
    "alcohol_treated": "no",
    "alcohol_withdrawal": "no",
    "drug_loss_of_control": "no",
    "drug_treated": "no",
    "psychosis_mania": "none",
    **{f"mood_{n}": "2" for n in range(1, 5)},
    "agreement": "exclusive",
    "affair": "none",
    "suspects_affair": "no",
    **{f"satisfaction_{n}": "3" for n in range(1, 5)},
    **{f"{key}_{n}": "2" for key in ("gottman", "eft", "developmental") for n in range(1, 8)},
}

NO_ACTS = dict.fromkeys(ACTS, "none")


def test_a_whole_intake_becomes_the_answer_part_of_the_couple_file() -> None:
    assert partner_answers(FORM, CALM) == {
        "eligible": {"adult": True, "in_service_area": True},
        "private": "yes",
        "call_first": False,
        "lean": 1,
        "decision_firmness": 10,
        "first_step": "one_or_two",
        "commit_months": "yes",
        "own_change": 8,
        "hope": 7,
        "doubts_told": "partly",
        "partner_lean_guess": 4,
        "voluntary": 5,
        "free_to_leave": "yes",
        "legal_steps": "none",
        "legal_steps_by": None,
        "recent_separation": False,
        "firearm_access": "declined",
        "threatened_suicide_if_left": True,
        "order_of_protection": "none",
        "neck_wanted": False,
        "harm_received": NO_ACTS,
        "harm_done": NO_ACTS,
        "fear": "none",
        "fear_of_consequences": False,
        "control_received": [],
        "control_done": ["money", "phone"],
        "escalating": "nothing_happened",
        "child_danger": "no",
        "suicide_level": 0,
        "suicidal_behavior": "none",
        "harm_other": "none",
        "alcohol_score": 2,
        "alcohol_treated": False,
        "alcohol_withdrawal": False,
        "drug_loss_of_control": False,
        "drug_treated": False,
        "psychosis_mania": "none",
        "mood_score": 8,
        "agreement": "exclusive",
        "affair": "none",
        "suspects_affair": False,
        "satisfaction": 12,
        "staying_from_fear": False,
        "indices": {"gottman": 50, "eft": 50, "developmental": 50},
    }


def test_an_empty_intake_is_blank_everywhere() -> None:
    empty = partner_answers(FORM, {})
    nothing = dict.fromkeys(ACTS)
    assert empty == {
        **dict.fromkeys(partner_answers(FORM, CALM)),
        "eligible": {"adult": None, "in_service_area": None},
        "harm_received": nothing,
        "harm_done": nothing,
        "indices": {"gottman": None, "eft": None, "developmental": None},
    }


def test_stored_blanks_read_as_blank() -> None:
    assert partner_answers(FORM, {"lean": "", "control_received": [], "adult": ""}) == partner_answers(
        FORM, {}
    )


@pytest.mark.parametrize("value", ["yes", "no"])
def test_yes_and_no_become_booleans_but_for_the_four_words(value: str) -> None:
    words = ("private", "doubts_told", "first_step", "commit_months")
    partner = partner_answers(
        FORM, {**dict.fromkeys(words, value), "fear_of_consequences": value, "adult": value}
    )
    expected = value == "yes"
    assert [partner[key] for key in words] == [value] * 4
    assert (partner["fear_of_consequences"], partner["eligible"]) == (
        expected,
        {"adult": expected, "in_service_area": None},
    )


def test_declining_stays_declined_whatever_the_type() -> None:
    declined = dict.fromkeys(
        ("suicide_level", "fear_of_consequences", "control_done", "fear", "harm_done.weapon"), "declined"
    )
    partner = partner_answers(FORM, declined)
    assert [partner[key] for key in ("suicide_level", "fear_of_consequences", "control_done", "fear")] == [
        "declined"
    ] * 4
    assert partner["harm_done"] == {**dict.fromkeys(ACTS), "weapon": "declined"}


@pytest.mark.parametrize(
    ("received", "done", "acts", "wanted"),
    [
        ("none", "none", ("none", "none"), False),
        ("neck_wanted", "none", ("none", "none"), True),
        ("none", "neck_wanted", ("none", "none"), True),
        ("past_year", "neck_wanted", ("past_year", "none"), True),
        ("neck_wanted", "", ("none", None), True),
        ("earlier", "none", ("earlier", "none"), False),
        ("none", "", ("none", None), None),
        ("none", "declined", ("none", "declined"), None),
    ],
)
def test_the_neck_items_split_what_was_wanted_from_what_was_not(
    received: str, done: str, acts: tuple[str | None, str | None], wanted: bool | None
) -> None:
    partner = partner_answers(FORM, {"harm_received.strangled": received, "harm_done.strangled": done})
    read = tuple(partner[side]["strangled"] for side in ("harm_received", "harm_done"))  # type: ignore[index]
    assert (read, partner["neck_wanted"]) == (acts, wanted)


def test_without_an_on_call_contact_the_suicide_items_are_not_asked() -> None:
    partner = partner_answers(form(on_call=False), {"harm_other": "none"})
    assert (partner["suicide_level"], partner["suicidal_behavior"], partner["harm_other"]) == (
        "not_asked",
        "not_asked",
        "none",
    )


def test_an_answer_given_before_the_contact_was_removed_still_counts() -> None:
    partner = partner_answers(form(on_call=False), {"suicide_level": "4"})
    assert (partner["suicide_level"], partner["suicidal_behavior"]) == (4, "not_asked")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("4", "4", "4"), 12),
        (("0", "0", "0"), 0),
        (("4", "3", None), None),
        (("4", "4", None), 8),
        ((None, None, None), None),
        (("4", "3", "declined"), "declined"),
        (("4", "4", "declined"), 8),
        (("declined", None, "4"), None),
        (("declined", "declined", "declined"), "declined"),
    ],
)
def test_the_alcohol_score_is_told_in_full_or_from_the_hold_level(
    parts: tuple[str | None, ...], expected: object
) -> None:
    answers = {f"alcohol_{n}": part for n, part in enumerate(parts, 1) if part is not None}
    assert partner_answers(FORM, answers)["alcohol_score"] == expected


def test_the_hold_level_is_the_practices() -> None:
    answers: dict[str, Answer] = {"alcohol_1": "4", "alcohol_2": "2"}
    told = [partner_answers(FORM, answers, alcohol_level=level)["alcohol_score"] for level in (6, 7)]
    assert told == [6, None]


@pytest.mark.parametrize("score", ["mood", "satisfaction"])
def test_other_sums_are_blank_with_any_part_blank(score: str) -> None:
    full: dict[str, Answer] = {f"{score}_{n}": "3" for n in range(1, 5)}
    short = {key: answer for key, answer in full.items() if key != f"{score}_4"}
    assert (part_sum(FORM, full, score), part_sum(FORM, short, score)) == (12, None)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([0] * 7, 0),
        ([4] * 7, 100),
        ([1, 0, 0, 0, 0, 0, 0], 4),  # 3.57
        ([1, 1, 0, 0, 0, 0], 8),  # one of seven missing: 8.33
        ([2, 0, 0, 0, 0, 1], 13),  # 12.5, half up
        ([3, 0, 0, 0, 0, 0], 13),
        ([4, 4, 4, 4, 4], None),  # two of seven are more than a fifth
        ([], None),
    ],
)
def test_an_index_is_the_mean_times_25_rounded_half_up(points: list[int], expected: int | None) -> None:
    answers: dict[str, Answer] = {f"eft_{n}": str(point) for n, point in enumerate(points, 1)}
    assert index(FORM, answers, "eft") == expected


def test_exactly_a_fifth_missing_is_still_scored() -> None:
    items = tuple(choice(f"eft_{n}", "0", "4") for n in range(1, 11))
    ten = Questionnaire("1", "b", True, (Section("s", ANY, ANY, ANY, 1, Draft.READABLE, False, items),))
    eight: dict[str, Answer] = {f"eft_{n}": "4" for n in range(1, 9)}
    seven: dict[str, Answer] = {f"eft_{n}": "4" for n in range(1, 8)}
    assert (index(ten, eight, "eft"), index(ten, seven, "eft")) == (100, None)


def test_only_numbered_items_are_parts_of_a_score() -> None:
    assert FORM.numbered["alcohol"] == ("alcohol_1", "alcohol_2", "alcohol_3")
    assert "suicide" not in FORM.numbered


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, 0),
        ({f"reflection_{n}": "1" for n in range(1, 6)}, 5),
        ({**{f"reflection_{n}": "1" for n in range(1, 6)}, "reflection_6": "3"}, 6),
        ({"reflection_1": "1", "reflection_2": "0", "reflection_6": "2"}, 2),
        ({"reflection_6": "1"}, 0),
        ({"reflection_6": "0"}, 0),
    ],
)
def test_reflection_counts_the_questions_that_fit(answers: dict[str, Answer], expected: int) -> None:
    assert reflection_count(answers) == expected


def test_a_draft_feeds_only_what_the_safety_rules_read() -> None:
    assert draft_answers(CALM) == {
        "private": "yes",
        "call_first": False,
        "free_to_leave": "yes",
        "harm_received": NO_ACTS,
        "harm_done": NO_ACTS,
        "fear": "none",
        "fear_of_consequences": False,
        "control_received": [],
        "control_done": ["money", "phone"],
        "escalating": "nothing_happened",
        "order_of_protection": "none",
        "child_danger": "no",
        "suicide_level": 0,
        "suicidal_behavior": "none",
        "harm_other": "none",
    }


def test_a_draft_has_no_blanks() -> None:
    answers: dict[str, Answer] = {"harm_done.weapon": "earlier", "lean": "5", "harm_other": "declined"}
    assert draft_answers(answers) == {
        "harm_done": {"weapon": "earlier"},
        "harm_other": "declined",
    }
    assert draft_answers({}) == {}


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"lean": "", "mood_1": "1"},
        {"lean": "declined", "satisfaction_1": "3", **{f"mood_{n}": "2" for n in range(1, 5)}},
        {"lean": "1", "mood_1": "declined", **{f"gottman_{n}": "4" for n in range(1, ITEMS_OF_AN_INDEX + 1)}},
    ],
)
def test_a_report_holds_the_scores_that_a_partner_has(answers: dict[str, Answer]) -> None:
    whole = partner_answers(form(), answers)
    assert report_scorer(form())(answers) == {
        key: whole[key] for key in ("lean", "satisfaction", "mood_score", "indices")
    }
