"""The shipped questionnaire against the contract, written out again by hand."""

from __future__ import annotations

import re
from itertools import product

import pytest

from portal.content import questionnaire as bank
from portal.domain.questionnaire import Item, Kind, Questionnaire, Wording

WHOLE = bank.load()
VARIANTS = [bank.load(policy=policy, on_call=on_call) for policy, on_call in product("abc", (True, False))]

SECTIONS = [
    ("start", "readable", False),
    ("basics", "readable", False),
    ("patterns", "readable", False),
    ("satisfaction", "readable", False),
    ("goals", "readable", False),
    ("reasons", "sealed", False),
    ("reflection", "sealed", False),
    ("direction", "sealed", False),
    ("pressure", "sealed", True),
    ("safety", "sealed", True),
    ("health", "sealed", True),
    ("affair", "sealed", True),
    ("words", "sealed", False),
]

YES_NO = "yes no"
ACT = "none past_year earlier declined"
NECK = "none past_year earlier neck_wanted declined"
ACTS = [
    *("insult", "threat", "physical", "injury", "sexual_force"),
    *("sexual_pressure", "threat_to_kill", "strangled", "weapon", "stalking"),
]
CONTROL = (
    "money contacts phone decisions movement threats_children_or_status medicine_or_aids outing none declined"
)
TEN = " ".join(str(n) for n in range(11))
CONSTRUCTS = {
    "start": {"private": "yes no unsure", "adult": YES_NO, "in_service_area": YES_NO, "call_first": YES_NO},
    "reflection": {"staying_from_fear": YES_NO},
    "direction": {
        "lean": "1 2 3 4 5",
        "decision_firmness": TEN,
        "first_step": "yes one_or_two unsure no",
        "commit_months": "yes unsure no",
        "own_change": TEN,
        "hope": TEN,
        "doubts_told": "yes partly no",
        "partner_lean_guess": "1 2 3 4 5",
        "legal_steps": "none consulted living_apart filed final",
        "legal_steps_by": "self partner both",
        "recent_separation": YES_NO,
    },
    "pressure": {"voluntary": "1 2 3 4 5", "free_to_leave": "yes hard not_safe declined"},
    "safety": {
        **{f"harm_received.{act}": NECK if act == "strangled" else ACT for act in ACTS},
        **{f"harm_done.{act}": NECK if act == "strangled" else ACT for act in ACTS},
        "fear": "none some strong declined",
        "fear_of_consequences": "yes no declined",
        "control_received": CONTROL,
        "control_done": CONTROL,
        "escalating": "nothing_happened no yes declined",
        "order_of_protection": "none past current declined",
        "child_danger": "no concern now declined",
        "firearm_access": "yes no declined",
        "threatened_suicide_if_left": "yes no declined",
    },
    "health": {
        "suicide_level": "0 1 2 3 4 5 declined",
        "suicidal_behavior": "none earlier past_year past_3_months declined",
        "harm_other": "none thoughts intent declined",
        "alcohol_treated": YES_NO,
        "alcohol_withdrawal": YES_NO,
        "drug_loss_of_control": "yes no declined",
        "drug_treated": "yes no declined",
        "psychosis_mania": "none past current_treated current_untreated declined",
    },
    "affair": {
        "agreement": "exclusive open unclear",
        "affair": "none past_known past_secret current_known current_secret declined",
        "suspects_affair": YES_NO,
    },
}

ROUTING = {
    key for keys in CONSTRUCTS.values() for key in keys if key not in ("hope", "partner_lean_guess")
} | {*(f"mood_{n}" for n in range(1, 5)), *(f"alcohol_{n}" for n in range(1, 4))}


def texts(questionnaire: Questionnaire) -> list[tuple[str, Wording]]:
    found = []
    for section in questionnaire.sections:
        found += [(f"{section.key}.{part}", getattr(section, part)) for part in ("title", "lead", "why")]
        found += [(f"{section.key}.notice", notice) for notice in section.notices]
        for group in section.groups:
            found += [(f"{group.key}.{n}", t) for n, t in (("text", group.text), ("help", group.help)) if t]
        for item in section.items:
            found += [(f"{item.key}.text", item.text)]
            found += [(f"{item.key}.help", item.help)] if item.help else []
            found += [(f"{item.key}.ends", end) for end in item.ends or ()]
            found += [(f"{item.key}.{option.value}", option.text) for option in item.options]
    return found


TEXTS = sorted(
    {pair for variant in VARIANTS for pair in texts(variant)}, key=lambda pair: (pair[0], pair[1].en)
)


def values(item: Item) -> str:
    return " ".join(option.value for option in item.options)


def test_the_sections_stand_in_the_order_of_the_contract() -> None:
    for variant in VARIANTS:
        assert [(s.key, str(s.draft), s.silent) for s in variant.sections] == SECTIONS


def test_every_construct_offers_the_listed_values_in_its_section() -> None:
    shipped = {
        section.key: {item.key: values(item) for item in section.items if item.key in CONSTRUCTS[section.key]}
        for section in WHOLE.sections
        if section.key in CONSTRUCTS
    }
    assert shipped == CONSTRUCTS


def test_under_no_secrets_the_affair_item_offers_only_to_talk() -> None:
    offered = {variant.policy: values(variant.item("affair")) for variant in VARIANTS}
    full = CONSTRUCTS["affair"]["affair"]
    assert offered == {"a": "none something_to_discuss declined", "b": full, "c": full}


def test_what_the_policy_means_is_said_before_the_question() -> None:
    said = {(v.policy, v.on_call): len(v.section("affair").notices) for v in VARIANTS}
    assert said == dict.fromkeys(product("abc", (True, False)), 1)
    assert len({v.section("affair").notices for v in VARIANTS}) == 3


def test_without_an_on_call_contact_the_severity_items_give_way_to_a_notice() -> None:
    asked = [
        (
            v.on_call,
            v.has_item("suicide_level"),
            v.has_item("suicidal_behavior"),
            len(v.section("health").notices),
        )
        for v in VARIANTS
    ]
    assert asked == [(True, True, True, 0), (False, False, False, 1)] * 3


@pytest.mark.parametrize(
    ("prefix", "points"),
    [
        ("satisfaction", [6, 5, 5, 5]),
        ("mood", [3, 3, 3, 3]),
        ("alcohol", [4, 4, 4]),
        ("reflection", [1, 1, 1, 1, 1, 3]),
        ("gottman", [4] * 7),
        ("eft", [4] * 7),
        ("developmental", [4] * 7),
    ],
)
def test_parts_of_a_score_hold_their_points(prefix: str, points: list[int]) -> None:
    items = [WHOLE.item(key) for key in WHOLE.numbered[prefix]]
    assert [item.key for item in items] == [f"{prefix}_{n}" for n in range(1, len(points) + 1)]
    offered = [sorted(int(o.value) for o in item.options if o.value != "declined") for item in items]
    assert offered == [list(range(most + 1)) for most in points]


def test_good_things_are_scored_the_other_way_round() -> None:
    reversed_items = [
        item.key
        for item in WHOLE.section("patterns").items
        if [o.value for o in item.options] == list("43210")
    ]
    assert reversed_items == ["gottman_5", "gottman_7", "eft_2", "eft_3", "developmental_4"]
    assert [option.text.en for option in WHOLE.item("gottman_5").options] == [
        option.text.en for option in WHOLE.item("gottman_1").options
    ]


def test_there_are_at_least_a_hundred_items_in_every_variant() -> None:
    assert [len(variant.items) for variant in VARIANTS] == [128, 126] * 3


def test_item_keys_are_unique_in_every_variant() -> None:
    for variant in VARIANTS:
        keys = [item.key for item in variant.items]
        assert len(keys) == len(set(keys))


def test_what_the_brief_needs_is_asked() -> None:
    wanted = (
        "preference_format preference_times preference_language preference_therapist chosen_name pronouns "
        "relationship_type relationship_length living_together children children_homes earlier_relationships "
        "goals reasons earlier_therapy hesitation how_invited pregnancy health losses other_therapy lies "
        "money_secrets habits own_words anything_else"
    ).split()
    assert [key for key in wanted if not WHOLE.has_item(key)] == []
    assert values(WHOLE.item("how_invited")) == "own_idea talked told surprised ultimatum"
    assert "gambling" in values(WHOLE.item("habits"))


def test_declining_is_the_last_option_wherever_it_is_offered() -> None:
    for variant in VARIANTS:
        for item in variant.items:
            assert item.sensitive == ("declined" in values(item)), item.key
            if item.sensitive:
                assert item.options[-1].text.en == "I would rather talk about this in person"


def test_every_multi_choice_has_an_explicit_none() -> None:
    multi = [item for item in WHOLE.items if item.kind is Kind.MULTI]
    assert [item.key for item in multi if item.option("none") is None] == []
    assert len(multi) == 11


def test_substance_items_and_no_others_carry_the_part_2_tag() -> None:
    assert [item.key for item in WHOLE.items if item.part2] == [
        "alcohol_1",
        "alcohol_2",
        "alcohol_3",
        "alcohol_treated",
        "alcohol_withdrawal",
        "drug_loss_of_control",
        "drug_treated",
    ]


def test_the_items_a_rule_reads_are_marked() -> None:
    assert {item.key for item in WHOLE.items if item.routing} == ROUTING


def test_free_text_has_a_limit_and_is_never_missing() -> None:
    free = {item.key: item.limit for item in WHOLE.items if item.kind is Kind.TEXT}
    assert free == {
        "preference_note": 1000,
        "chosen_name": 200,
        "pronouns": 200,
        "children_note": 1000,
        "goals_own": 4000,
        "reasons_own": 4000,
        "earlier_therapy_note": 4000,
        "own_words": 4000,
        "good_things": 4000,
        "anything_else": 4000,
    }
    assert {item.key for item in WHOLE.items if item.optional} == {*free, "legal_steps_by"}


def test_the_help_lines_stand_under_the_hard_sections() -> None:
    assert [section.key for section in WHOLE.sections if section.lifelines] == [
        "pressure",
        "safety",
        "health",
    ]


def test_acts_are_drawn_as_two_tables() -> None:
    drawn = [(group.key, len(items)) for group, items in WHOLE.section("safety").rows() if group]
    assert drawn == [("harm_received", 10), ("harm_done", 10)]


def test_no_group_is_left_without_items() -> None:
    for section in WHOLE.sections:
        assert {group.key for group in section.groups} == {item.group for item in section.items if item.group}


def test_the_form_takes_less_than_forty_minutes() -> None:
    assert [variant.progress({}).minutes_left for variant in VARIANTS] == [34] * 6


def test_versions_are_listed_and_read_once() -> None:
    assert bank.versions() == ("2026.1",)
    assert bank.load("2026.1", policy="b", on_call=True) is bank.load("2026.1", policy="b", on_call=True)
    assert (WHOLE.version, WHOLE.policy, WHOLE.on_call) == ("2026.1", "b", True)


def test_unknown_versions_and_policies_are_errors() -> None:
    for arguments in ({"version": "1999.9"}, {"policy": "d"}):
        with pytest.raises(KeyError, match=next(iter(arguments.values()))):
            bank.load(**arguments)  # type: ignore[arg-type]


# --- wording ---------------------------------------------------------------------------------------------

NOT_IN_ENGLISH = re.compile(
    r"\b(marriage|married|marital|divorce\w*|husband|wife|he or she|his or her|victim|abuser?|abusive|"
    r"perpetrator|batter\w*|domestic violence|addict\w*|alcoholic|disorder|psychotic|cheat\w*|infidelity|"
    r"fault|guilty)\b",
    re.IGNORECASE,
)
NOT_IN_SPANISH = re.compile(
    r"\b(matrimonio|casad[oa]s?|divorci\w*|esposo|esposa|marido|mujer de|tú|te|ti|contigo|tienes|puedes|"
    r"quieres|eres|estás|víctima|agresor\w*|maltratador\w*|adict\w*|infidelidad|infiel|culpable|solo/a|"
    r"[a-z]+o/a|[a-z]+@s?|vosotros|os)\b",
    re.IGNORECASE,
)


def test_the_words_are_plain_neutral_and_without_blame() -> None:
    assert [(place, text.en) for place, text in TEXTS if NOT_IN_ENGLISH.search(text.en)] == []
    assert [(place, text.es) for place, text in TEXTS if NOT_IN_SPANISH.search(text.es)] == []


def test_every_text_differs_between_the_languages() -> None:
    same = {text.en for _, text in TEXTS if text.en == text.es}
    assert same == {*TEN.split(), "No"}


def test_question_marks_agree_between_the_languages() -> None:
    odd = [place for place, text in TEXTS if ("?" in text.en) != ("?" in text.es)]
    assert odd == []
    assert [place for place, text in TEXTS if text.es.count("¿") != text.es.count("?")] == []


def test_no_sentence_is_long() -> None:
    long = [
        (place, sentence)
        for place, text in TEXTS
        for sentence in re.split(r"(?<=[.!?:;])\s", text.en)
        if len(sentence.split()) > 32
    ]
    assert long == []


def test_titles_of_silent_sections_give_nothing_away() -> None:
    titles = {section.key: section.title.en for section in WHOLE.sections if section.silent}
    assert titles == {
        "pressure": "Your own choice",
        "safety": "Day to day",
        "health": "How you are",
        "affair": "What you two agreed on",
    }
