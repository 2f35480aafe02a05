"""The short form: some sections of the whole one, some of their items, the same words."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from portal.content import questionnaire as bank
from portal.content.faults import ContentError
from portal.content.questionnaire.short import shortened
from portal.domain.scoring import draft_answers, draft_sections


def test_it_asks_satisfaction_lean_and_everything_that_danger_is_read_from() -> None:
    short = bank.load(is_short=True)
    asked = {section.key: [item.key for item in section.items] for section in short.sections}
    assert {key: items for key, items in asked.items() if key != "safety"} == {
        "start": ["private"],
        "satisfaction": ["satisfaction_1", "satisfaction_2", "satisfaction_3", "satisfaction_4"],
        "direction": ["lean", "decision_firmness", "commit_months"],
        "pressure": ["free_to_leave"],
        "health": ["suicide_level", "suicidal_behavior", "harm_other"],
    }
    assert asked["safety"] == [item.key for item in bank.load().section("safety").items]
    read = {
        item.key
        for item in bank.load().items
        if item.options and any(draft_answers({item.key: _stored(item, one.value)}) for one in item.options)
    }
    assert {key for key in read if not short.has_item(key)} == {"call_first"}


@pytest.mark.parametrize("is_short", [False, True])
def test_what_the_rules_read_before_a_form_is_sent_stands_in_few_sections(is_short: bool) -> None:
    """The worker opens the saves of these alone: whatever else is answered, a draft must feed the same."""
    form, chance = bank.load(is_short=is_short), Random(7)
    telling = draft_sections(form)
    outside = [item for one in form.sections if one.key not in telling for item in one.items if item.options]
    assert {"pressure", "safety", "health"} <= telling
    assert (len(outside) > 10) is not is_short
    for _ in range(20):
        said = {
            item.key: _stored(item, chance.choice(item.options).value) for item in form.items if item.options
        }
        for item in outside:
            for option in item.options:
                assert draft_answers({**said, item.key: _stored(item, option.value)}) == draft_answers(said)


def _stored(item: object, value: str) -> str | list[str]:
    return [value] if getattr(item, "kind", "") == "multi" else value


def test_where_nobody_is_on_call_suicide_is_not_asked_in_it_either() -> None:
    health = bank.load(is_short=True, on_call=False).section("health")
    assert [item.key for item in health.items] == ["harm_other"]


def test_it_takes_a_part_of_the_time() -> None:
    minutes = [section.minutes for section in bank.load(is_short=True).sections]
    assert (minutes, sum(minutes) < 12) == ([1, 1, 1, 1, 6, 1], True)


def test_every_fault_of_its_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "short.yaml"
    path.write_text("nowhere: {items: all}\nstart: {items: [private, lean, unheard_of]}\n", encoding="utf-8")
    with pytest.raises(ContentError) as error:
        shortened(bank.load(), path)
    assert [(fault.line, fault.message) for fault in error.value.faults] == [
        (1, "no section nowhere"),
        (2, "lean stands in another section"),
    ]


def test_a_section_of_which_nothing_is_asked_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "short.yaml"
    path.write_text("start: {items: []}\nhealth: {items: [harm_other]}\n", encoding="utf-8")
    assert shortened(bank.load(), path).section_keys == ("health",)
