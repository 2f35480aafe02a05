"""The quick ways of the engine say what the plain ways say: reading, digest, hints of rows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couple_files import ANSWERS, BLANK, RULES, calm_partner, couple_file, couple_files, put
from portal.domain import couple_plain as reading
from portal.domain import reasons
from portal.domain.couple import Direction, Partner, Sheet
from portal.domain.couple_fields import DATES_AND_LISTS, FLAT
from portal.domain.couple_file import parse_couple
from portal.domain.couple_partner import read_partner
from portal.domain.expressions import hint, mine, theirs
from portal.domain.facts import (
    CALM_PARTNER,
    DRAFT_TOPICS,
    GATE_BITS,
    GROUPS,
    SENT_TOPICS,
    SIGN_BITS,
    partner_bits,
    two_kinds,
)
from portal.domain.facts_named import fields_of
from portal.domain.flags import SIGNS
from portal.domain.gates import gate_bits
from portal.domain.predicates import (
    DIRECTION_PREDICATES,
    DirectionPredicate,
    Scene,
    all_predicates,
    blank_direction,
)
from portal.domain.printing import printer
from portal.domain.proof_space import BY_PATH, QUESTIONS, Question, written_date
from portal.domain.routing import _view, recommend
from portal.domain.safety import has_two_kinds
from portal.domain.topics import topic_bits
from portal.domain.vectors import LAYOUT


def canonical(file: dict[str, Any]) -> str:
    text = json.dumps(file, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


@given(couple_files)
@settings(max_examples=80)
def test_the_digest_is_that_of_the_canonical_text(file: dict[str, Any]) -> None:
    assert parse_couple(file).digest == canonical(file)


@pytest.mark.parametrize(
    "change",
    [
        {"standing_findings": None, "clearances": None},
        {"partners": None, "participation": {"b": "invited", "a": "declined"}},
        {"partners": {"b": None, "a": calm_partner()}, "participation": {"b": "invited", "a": "submitted"}},
        {"clearances": [{"on": "2026-11-21", "tier": "A"}, {"tier": "H", "on": "2026-11-20"}]},
    ],
    ids=str,
)
def test_so_it_is_for_what_is_left_out_or_null(change: dict[str, Any]) -> None:
    file = {**couple_file(), **change}
    assert parse_couple(file).digest == canonical(file)


def quick(raw: dict[str, Any]) -> Any:
    """What the quick way makes of a partner; None where it leaves them to the long way."""
    return reading.read_plainly(raw) and told(reading.read_plainly(raw))


def told(read: Any) -> Any:
    sheet, text = read
    return sheet.facts, sheet.sent, sheet.indices, text


def at_length(raw: dict[str, Any]) -> Any:
    return told(reading.read_at_length(raw, "partner"))


@given(couple_files)
@settings(max_examples=60)
def test_the_quick_way_reads_what_the_long_way_reads(file: dict[str, Any]) -> None:
    for raw in file["partners"].values():
        assert quick(raw) == at_length(raw)


@pytest.mark.parametrize("path", ANSWERS)
@pytest.mark.parametrize("value", [BLANK, None, "declined"])
def test_the_quick_way_is_taken_by_whatever_may_be_answered(path: str, value: Any) -> None:
    for given_ in (value, *ANSWERS[path]):
        raw = calm_partner()
        put(raw, path, given_)
        assert quick(raw) == (at_length(raw) if (path, given_) != ("submitted_on", "declined") else None)


@pytest.mark.parametrize("key", ["eligible", "harm_received", "indices", "control_done", "submitted_on"])
@pytest.mark.parametrize("value", [BLANK, None, "declined"])
def test_so_are_objects_and_lists_left_out(key: str, value: Any) -> None:
    raw = calm_partner()
    put(raw, key, value)
    if (key, value) != ("submitted_on", "declined"):
        assert quick(raw) == (None if (key, value) == ("indices", "declined") else at_length(raw))


@pytest.mark.parametrize(
    "key", ["eligible", "harm_received", "indices", "control_done", "submitted_on", "lean"]
)
@pytest.mark.parametrize(
    "value", ["x", 5.5, ["x"], [[]], {"threat": []}, {"lean": {}}, {"adult": 1}], ids=str
)
def test_it_is_left_for_everything_else(key: str, value: Any) -> None:
    raw = {**calm_partner(), key: value}
    assert quick(raw) is None
    assert quick({**calm_partner(), "x": 1}) is None


def test_few_fields_are_read_as_many_are() -> None:
    for raw in ({}, {"lean": 3}, {"fear": None}, {"lean": 5, "decision_firmness": 2}, {"harm_done": {}}):
        assert quick(raw) == at_length(raw)


def test_a_number_is_no_yes_and_yes_is_no_number() -> None:
    wrong = (("shared_device", 1), ("shared_device", 0.0), ("lean", True), ("lean", 1.0))
    for path, value in (*wrong, ("indices.eft", True), ("indices.eft", 1.0), ("eligible.adult", 1)):
        raw = calm_partner()
        quick(raw)
        put(raw, path, value)
        assert quick(raw) is None


def test_only_dates_and_lists_are_read_apart() -> None:
    assert DATES_AND_LISTS == ("submitted_on", "control_received", "control_done")
    assert all(FLAT[key].values for key in FLAT if key not in DATES_AND_LISTS)
    grouped = [key for group in GROUPS for key in group]
    assert sorted([*grouped, *DATES_AND_LISTS]) == sorted(FLAT)


def read(raw: dict[str, Any]) -> tuple[Sheet, Partner]:
    """A partner looked up, and the same read one answer after the other."""
    read, _ = reading.read_plainly(raw) or reading.read_at_length(raw, "partner")
    return read, read_partner(raw, "partner")


def same(raw: dict[str, Any], level: int = 8, days: int = 60) -> None:
    """What was looked up for a partner is what every predicate, gate, sign and topic says of them."""
    sheet, partner = read(raw)
    scene = Scene(date(2026, 11, 22), days, level)
    word = partner_bits(sheet, "submitted", scene)
    for one in all_predicates():
        value = (
            one.test(partner.direction) if isinstance(one, DirectionPredicate) else one.test(partner, scene)
        )
        place = LAYOUT.places["mine", one.name]
        assert word >> place & 3 == (0 if value is None else 1 if value else 2), one.name
        if value:
            assert set(fields_of(one.name, sheet.facts)) == set(one.fields(partner)), one.name
    assert GATE_BITS.of(sheet.facts) == gate_bits(partner)
    assert SIGN_BITS.of(sheet.facts) == sum(1 << n for n, sign in enumerate(SIGNS) if sign.test(partner))
    assert SENT_TOPICS.of(sheet.facts) == topic_bits(partner, sent=True)
    assert DRAFT_TOPICS.of(sheet.facts) == topic_bits(partner, sent=False)


@given(couple_files, st.integers(4, 8), st.integers(14, 90))
@settings(max_examples=80)
def test_what_is_looked_up_is_what_the_rules_say(file: dict[str, Any], level: int, days: int) -> None:
    for raw in file["partners"].values():
        same(raw, level, days)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.path)
def test_so_it_is_for_every_answer_of_the_proof(question: Question) -> None:
    """Every answer beside every other to what is read with it, and what is left out beside each."""
    for answer in (*question.answers, BLANK):
        for path in (question.path, *beside(question.path)):
            for other in BY_PATH[path].answers if path != question.path else (answer,):
                raw = calm_partner()
                for where, value in ((path, other), (question.path, answer)):
                    put(raw, where, list(value) if type(value) is tuple else written(where, value))
                same(raw)


def written(path: str, answer: Any) -> Any:
    return written_date(answer, RULES) if path == "submitted_on" and type(answer) is str else answer


def beside(path: str) -> tuple[str, ...]:
    """The other questions of a group."""
    return tuple(key for group in GROUPS if path in group for key in group if key != path and key in BY_PATH)


@given(couple_files)
@settings(max_examples=80)
def test_two_kinds_of_control_are_counted_alike(file: dict[str, Any]) -> None:
    couple = parse_couple(file)
    a, b = (sheet.facts if sheet else 0 for sheet in couple.sheets.values())
    assert two_kinds(a, b) is has_two_kinds(couple.partners)


def test_whoever_is_calm_adds_nothing() -> None:
    topics = [topic_bits(CALM_PARTNER, sent=sent) for sent in (True, False)]
    assert (gate_bits(CALM_PARTNER), topics) == (0, [0, 0])


@given(couple_files)
@settings(max_examples=80)
def test_what_is_printed_in_pieces_is_what_is_printed_at_once(file: dict[str, Any]) -> None:
    made = recommend(parse_couple(file), RULES, would_change=False)
    for locale in ("en", "es"):
        assert printer(RULES.texts, locale)(made) == json.dumps(made.as_dict(locale))


@given(couple_files)
@settings(max_examples=60)
def test_what_is_remembered_is_what_is_worked_out_anew(file: dict[str, Any]) -> None:
    """Rows that remember other couples give the reasons of rows that remember nobody."""
    couple = parse_couple(file)
    fresh = replace(RULES, stale_days=RULES.stale_days)
    assert recommend(couple, RULES, would_change=False) == recommend(couple, fresh, would_change=False)


def test_a_row_forgets_before_it_remembers_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "_MANY", 2)
    fresh = replace(RULES, stale_days=RULES.stale_days)
    row = next(row for row in fresh.rows if row.rule.id == "R1")
    for act in ("weapon", "injury", "stalking"):
        made = recommend(
            parse_couple(couple_file({f"harm_done__{act}": "past_year"})), fresh, would_change=False
        )
        assert made.reasons[0].fields == (f"harm_done.{act}",)
        assert 1 <= len(row.told) <= 2


@given(couple_files)
@settings(max_examples=80)
def test_a_row_holds_only_where_its_hint_is_seen(file: dict[str, Any]) -> None:
    places = _view(parse_couple(file), RULES).places
    for row in RULES.rows:
        if row.test(places["a"]) or row.test(places["b"]):
            assert (places["a"] | places["b"]) & row.hint, row.rule.id


def test_the_hint_of_what_holds_together_is_its_rarest_part() -> None:
    usual = LAYOUT.bit(mine("submitted"))
    rare = mine("child_now") | theirs("child_now")
    bits = LAYOUT.bit(mine("child_now")) | LAYOUT.bit(theirs("child_now"))
    assert hint(mine("submitted") & rare, LAYOUT, usual) == bits
    assert hint(~mine("child_now"), LAYOUT, usual) == -1
    assert hint(~mine("child_now") & mine("submitted"), LAYOUT, usual) == usual


OPEN = {
    "lean": st.sampled_from((None, 1, 2, 3, 4, 5)),
    "first_step": st.sampled_from((None, "yes", "no")),
    "commit_months": st.sampled_from((None, "yes", "no")),
    "own_change": st.sampled_from((None, 0, 10)),
    "doubts_told": st.sampled_from((None, "yes", "no")),
    "legal_steps": st.sampled_from((None, "none", "filed")),
}


@given(st.fixed_dictionaries(OPEN))
def test_an_answer_is_missing_exactly_where_one_is_named(given_: dict[str, Any]) -> None:
    direction = Direction(**given_)
    blank = next(one for one in DIRECTION_PREDICATES if one.name == "direction_blank")
    assert blank.test(direction) is bool(blank_direction(direction))
