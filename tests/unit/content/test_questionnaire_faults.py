"""Planted faults: each is found, with file and line, and all of them at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.content import questionnaire as bank
from portal.content.faults import ContentError
from portal.content.questionnaire import building

SHIPPED = Path(bank.__file__).parent / bank.CURRENT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "2026.1"))


@pytest.fixture
def plant(folder: Path) -> Callable[[str, str, str], int]:
    """Replaces the first place of a text in a file; gives the line of that place."""

    def change(name: str, old: str, new: str) -> int:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    return change


def faults(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        building.read_folder(folder)
    return [str(fault) for fault in caught.value.faults]


def test_the_copy_is_whole(folder: Path) -> None:
    shared, sections = building.read_folder(folder)
    assert (shared.declined.en, len(sections)) == ("I would rather talk about this in person", 13)


Plant = Callable[[str, str, str], int]


def test_faults_of_shape_in_several_files_come_together(folder: Path, plant: Plant) -> None:
    title = plant("01-start.yaml", "title: {en:", "title: {fr: x, en:")
    why = plant("04-satisfaction.yaml", "why:\n", "reason:\n")
    plant("05-goals.yaml", "key: goals\n", "key: goals\nkey: goals\n")
    plant("06-reasons.yaml", "minutes: 3", "minutes: [")
    option = plant("08-direction.yaml", "{value: 1,", "{value: One,")
    assert faults(folder) == [
        f"01-start.yaml:{title}: title.fr: Extra inputs are not permitted",
        "04-satisfaction.yaml:1: why: Field required",
        f"04-satisfaction.yaml:{why}: reason: Extra inputs are not permitted",
        "05-goals.yaml:2: the key 'key' stands twice",
        f"06-reasons.yaml:{_line(folder, '06-reasons.yaml', 'items:')}: not YAML: "
        "did not find expected ',' or ']'",
        f"08-direction.yaml:{option}: items.0.options.0.value: String should match pattern '^[a-z0-9_]+$'",
    ]


def _line(folder: Path, name: str, text: str) -> int:
    return (folder / name).read_text(encoding="utf-8").split(text)[0].count("\n") + 1


def test_checks_of_sound_files_run_beside_broken_ones(folder: Path, plant: Plant) -> None:
    line = plant("01-start.yaml", "minutes: 2", "minutes: 0")
    item = plant("08-direction.yaml", "  - key: legal_steps\n", "  - key: legal_steps\n") + 0
    plant("08-direction.yaml", "value: filed", "value: court")
    assert faults(folder) == [
        f"01-start.yaml:{line}: minutes: Input should be greater than or equal to 1",
        f"08-direction.yaml:{item}: legal_steps: the values must be "
        "none, consulted, living_apart, filed, final",
    ]


def test_a_broken_shared_file_does_not_hide_the_others(folder: Path, plant: Plant) -> None:
    declined = plant("00-shared.yaml", "declined:\n", "refused:\n")
    line = plant("01-start.yaml", "minutes: 2", "minutes: many")
    (folder / "13-words.yaml").write_text("", encoding="utf-8")
    assert faults(folder) == [
        "00-shared.yaml:2: declined: Field required",
        f"00-shared.yaml:{declined}: refused: Extra inputs are not permitted",
        f"01-start.yaml:{line}: minutes: Input should be a valid integer",
        "13-words.yaml:1: the file is empty",
    ]


def test_a_missing_shared_file_is_named(folder: Path) -> None:
    (folder / "00-shared.yaml").unlink()
    assert faults(folder) == ["00-shared.yaml:1: the file is missing"]


def test_sections_keep_their_order(folder: Path) -> None:
    (folder / "13-words.yaml").rename(folder / "03-words.yaml")
    assert faults(folder) == [
        "00-shared.yaml:2: the sections must be start, basics, patterns, satisfaction, goals, reasons, "
        "reflection, direction, pressure, safety, health, affair, words, in this order"
    ]


def test_draft_and_silent_are_those_of_the_contract(folder: Path, plant: Plant) -> None:
    draft = plant("06-reasons.yaml", "draft: sealed", "draft: readable")
    silent = plant("10-safety.yaml", "silent: true", "silent: false")
    plant("12-affair.yaml", "silent: true\n", "")
    assert faults(folder) == [
        f"06-reasons.yaml:{draft}: draft must be sealed",
        f"10-safety.yaml:{silent}: silent must be true",
        "12-affair.yaml:1: silent must be true",
    ]


def test_a_construct_keeps_its_values_star_kind_and_section(folder: Path, plant: Plant) -> None:
    fear = plant("10-safety.yaml", "  - key: fear\n    kind: choice\n", "  - key: fear\n    kind: multi\n")
    plant("10-safety.yaml", "value: strong", "value: much")
    lean = plant("08-direction.yaml", "  - key: lean\n", "  - key: lean\n    sensitive: true\n")
    reasons = plant("06-reasons.yaml", "  - key: how_invited\n", "  - key: agreement\n")
    plant("12-affair.yaml", "  - key: agreement\n", "  - key: agreed\n")
    assert faults(folder) == [
        f"06-reasons.yaml:{reasons}: agreement belongs to the section affair",
        f"06-reasons.yaml:{reasons}: agreement: the values must be exclusive, open, unclear",
        f"08-direction.yaml:{lean}: lean: sensitive must be false",
        f"10-safety.yaml:{fear}: fear: the values must be none, some, strong",
        f"10-safety.yaml:{fear}: fear: wrong kind multi",
    ]


def item_line(folder: Path, name: str, key: str) -> int:
    return _line(folder, name, f"  - key: {key}\n")


def test_parts_of_a_score_keep_their_points(folder: Path, plant: Plant) -> None:
    plant("03-patterns.yaml", "  - key: gottman_7\n", "  - key: gottman_8\n")
    plant("03-patterns.yaml", "option_set: strength", "option_set: fits")
    plant("04-satisfaction.yaml", "  - key: satisfaction_4\n", "  - key: satisfaction_5\n")
    plant("11-health.yaml", "option_set: weeks", "option_set: months")
    plant("11-health.yaml", "    sensitive: true\n    part2: true\n", "    part2: true\n")
    assert faults(folder) == [
        f"03-patterns.yaml:{item_line(folder, '03-patterns.yaml', 'gottman_5')}: "
        "gottman_5: the values must be 0, 1, 2, 3, 4",
        f"04-satisfaction.yaml:{_line(folder, '04-satisfaction.yaml', 'items:')}: "
        "the item satisfaction_4 is missing",
        f"04-satisfaction.yaml:{item_line(folder, '04-satisfaction.yaml', 'satisfaction_5')}: "
        "satisfaction_5: the score has no such part",
        f"11-health.yaml:{item_line(folder, '11-health.yaml', 'mood_1')}: "
        "mood_1: the values must be 0, 1, 2, 3",
        f"11-health.yaml:{item_line(folder, '11-health.yaml', 'alcohol_1')}: "
        "alcohol_1: sensitive must be true",
    ]


def test_items_keep_the_shape_of_their_kind(folder: Path, plant: Plant) -> None:
    start = "01-start.yaml"
    plant(start, "  - key: private\n", "  - key: private\n    limit: 3\n    group: nowhere\n")
    plant(start, "option_set: yes_no", "option_set: yes_or_no")
    plant(start, "value: none, en", "value: changing, en")
    plant(start, "value: other, en", "value: en, en")
    plant(start, "    kind: text\n    limit: 1000\n", "    kind: text\n    sensitive: true\n")
    plant("08-direction.yaml", "  - key: hope\n    kind: number", "  - key: hope\n    kind: scale")
    plant("09-pressure.yaml", "    routing: true", "    routing: true\n    part2: true")
    own = (
        "option_set: yes_no\n    options:\n    - {value: no, en: N, es: N}\n    - {value: yes, en: Y, es: S}"
    )
    plant("11-health.yaml", "option_set: yes_no", own)
    expected = [
        (start, "private", "private: no group 'nowhere' in this section"),
        (start, "private", "private: only a text has a limit"),
        (start, "adult", "adult: no option set 'yes_or_no'"),
        (start, "adult", "adult: the values must be yes, no"),
        (start, "preference_times", "preference_times: a multi-choice needs an explicit none"),
        (start, "preference_language", "the option 'en' stands twice"),
        (start, "preference_note", "preference_note: a text has no options and nothing to decline"),
        (start, "preference_note", "preference_note: a text needs a limit"),
        ("08-direction.yaml", "hope", "hope: a number, and nothing else, says what its ends mean"),
        ("09-pressure.yaml", "voluntary", "voluntary: part2 marks the substance items and no other"),
        ("11-health.yaml", "alcohol_treated", "alcohol_treated: give either option_set or options"),
    ]
    assert faults(folder) == [
        f"{name}:{item_line(folder, name, key)}: {said}" for name, key, said in expected
    ]


def test_shared_options_are_unique_and_never_list_declining(folder: Path, plant: Plant) -> None:
    plant("00-shared.yaml", "{value: past_year, en", "{value: earlier, en")
    plant("00-shared.yaml", "{value: neck_wanted,", "{value: declined,")
    act = _line(folder, "00-shared.yaml", "  act:")
    neck = _line(folder, "00-shared.yaml", "  act_neck:")
    found = faults(folder)
    assert found[:2] == [
        f"00-shared.yaml:{act}: the option 'earlier' stands twice",
        f"00-shared.yaml:{neck}: declining is offered by `sensitive`, never listed",
    ]
    assert len(found) == 2 + 20  # and every item that uses them
    assert found[2].endswith("harm_received.insult: the values must be none, past_year, earlier")


def test_items_are_asked_once_in_every_variant(folder: Path, plant: Plant) -> None:
    plant("12-affair.yaml", "    when: {policy: [b, c]}\n", "")
    plant("12-affair.yaml", "  - key: affair\n", "  - key:  affair\n")
    plant("11-health.yaml", "    when: {on_call: true}\n", "")
    plant("08-direction.yaml", "  - key: decision_firmness\n", "  - key: firmness\n")
    assert faults(folder) == [
        f"08-direction.yaml:{_line(folder, '08-direction.yaml', 'items:')}: "
        "the item decision_firmness is missing",
        f"11-health.yaml:{item_line(folder, '11-health.yaml', 'suicide_level')}: the item suicide_level must "
        "not be asked (policy a without on-call contact; policy b without on-call contact; "
        "policy c without on-call contact)",
        f"12-affair.yaml:{item_line(folder, '12-affair.yaml', 'affair')}: the item affair stands twice "
        "(policy a with on-call contact; policy a without on-call contact)",
    ]


def test_a_short_questionnaire_is_refused(folder: Path) -> None:
    for name in ("10-safety.yaml", "03-patterns.yaml"):
        path = folder / name
        head, _, items = path.read_text(encoding="utf-8").partition("items:\n")
        path.write_text(f"{head}items:\n  - key:{items.split('  - key:')[1]}", encoding="utf-8")
    found = faults(folder)
    assert found[:2] == [
        "00-shared.yaml:2: 78 items, at least 100 are asked for (policy a without on-call contact; "
        "policy b without on-call contact; policy c without on-call contact)",
        "00-shared.yaml:2: 80 items, at least 100 are asked for (policy a with on-call contact; "
        "policy b with on-call contact; policy c with on-call contact)",
    ]
    missing = [fault.split(": the item ")[1] for fault in found[2:]]
    assert len(missing) == 28 + 17  # all of safety but one, six items an index but one
    assert {"eft_6 is missing", "fear is missing", "harm_done.weapon is missing"} <= set(missing)
