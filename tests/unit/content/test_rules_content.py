"""The sentences of the ruleset: whole in both languages, and every fault found at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.content import rules, rules_file
from portal.content.faults import ContentError
from portal.domain.errors import SettingFault
from portal.domain.questionnaire import Wording
from portal.domain.texts import RulesetTexts

SHIPPED = Path(rules.__file__).parent / "rules" / "2026.1.yaml"


def every_wording(texts: RulesetTexts) -> list[Wording]:
    found = [
        wording
        for rule in texts.rules.values()
        for wording in (rule.when, rule.evidence, *rule.reasons.values())
    ]
    for part in (texts.routes, texts.next_steps, texts.gates, texts.flags, texts.fields, texts.alternatives):
        found += part.values()
    return [*found, *texts.models.values(), *texts.notes.values()]


def test_the_shipped_ruleset_has_its_thresholds() -> None:
    shipped = rules.ruleset()
    assert (shipped.id, shipped.stale_days, shipped.alcohol_level, shipped.index_margin) == (
        "2026.1",
        60,
        8,
        10,
    )
    own = rules.ruleset(stale_days=14, alcohol_level=4, index_margin=25)
    assert (own.stale_days, own.alcohol_level, own.index_margin) == (14, 4, 25)


def test_settings_outside_their_safe_ranges_are_refused_at_once() -> None:
    with pytest.raises(SettingFault) as caught:
        rules.ruleset(stale_days=91, alcohol_level=9, index_margin=True)
    assert caught.value.faults == (
        ("stale_days", "must be a whole number from 14 to 90"),
        ("alcohol_level", "must be a whole number from 4 to 8"),
        ("index_margin", "must be a whole number from 5 to 25"),
    )
    for name, outside in (
        ("stale_days", 13),
        ("alcohol_level", 3),
        ("index_margin", 4),
        ("index_margin", 26),
    ):
        with pytest.raises(SettingFault):
            rules.ruleset(**{name: outside})


def test_every_sentence_stands_in_two_languages() -> None:
    for wording in every_wording(rules.ruleset().texts):
        assert wording.en != wording.es or wording.en in {"alcohol"}


def test_sentences_keep_to_the_words_of_the_house() -> None:
    barred = (
        "marriage",
        "divorce",
        "matrimonio",
        "divorcio",
        " spouse",
        "husband",
        "wife",
        "esposo",
        "esposa",
    )
    for wording in every_wording(rules.ruleset().texts):
        text = f" {wording.en} {wording.es}".lower()
        assert [word for word in barred if word in text] == []


def test_every_fault_of_a_file_is_found_at_once(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace("  not_signed:\n", "  signed:\n").replace("      ipv_acute:\n", "      ipv:\n")
    text = text.replace("  R20:\n", "  R21:\n")
    path = tmp_path / "2027.1.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        rules_file.load_texts(path)
    assert sorted(fault.message for fault in caught.value.faults) == [
        "gates.not_signed: is missing",
        "gates.signed: is nothing the engine knows",
        "id: does not match the file's name",
        "rules.R1.reasons.ipv: is nothing the engine knows",
        "rules.R1.reasons.ipv_acute: is missing",
        "rules.R20: is missing",
        "rules.R21: is nothing the engine knows",
    ]


def test_a_file_of_another_shape_is_refused_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "2026.1.yaml"
    path.write_text('id: "2026.1"\nroutes:\n  safety: {en: A.}\n', encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        rules_file.load_texts(path)
    assert str(caught.value.faults[-1]) == "2026.1.yaml:3: routes.safety.es: Field required"


def test_both_languages_name_the_same_numbers() -> None:
    for wording in every_wording(rules.ruleset().texts):
        assert re.findall(r"[0-9]+", wording.en) == re.findall(r"[0-9]+", wording.es), wording.en
