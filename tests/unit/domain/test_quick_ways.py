"""The quick ways of the engine say what the plain ways say: reading, digest, hints of rows."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couple_files import ANSWERS, BLANK, RULES, calm_partner, couple_file, couple_files, put
from portal.domain import couple_file as reading
from portal.domain.couple import Direction
from portal.domain.couple_fields import DATES_AND_LISTS, FLAT
from portal.domain.couple_file import parse_couple
from portal.domain.expressions import hint, mine, theirs
from portal.domain.predicates import DIRECTION_PREDICATES, blank_direction
from portal.domain.routing import _view
from portal.domain.vectors import LAYOUT


def canonical(file: dict[str, Any]) -> str:
    text = json.dumps(file, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


@given(couple_files)
@settings(max_examples=200)
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


@given(couple_files)
@settings(max_examples=200)
def test_the_quick_way_reads_what_the_long_way_reads(file: dict[str, Any]) -> None:
    for raw in file["partners"].values():
        quick = reading._quickly(raw, "partner")
        assert quick is None or quick == reading._at_length(raw, "partner")


@pytest.mark.parametrize("path", ANSWERS)
@pytest.mark.parametrize("value", [BLANK, None])
def test_the_quick_way_is_taken_wherever_nothing_was_declined(path: str, value: Any) -> None:
    for given_ in (value, *ANSWERS[path]):
        raw = calm_partner()
        put(raw, path, given_)
        assert (reading._quickly(raw, "partner") is None) is (given_ == "not_asked")


@pytest.mark.parametrize("key", ["eligible", "harm_received", "harm_done", "indices", "lean"])
@pytest.mark.parametrize("value", [BLANK, None, "declined", [], {"threat": []}, {"lean": {}}, {"adult": 1}])
def test_it_is_left_for_everything_else(key: str, value: Any) -> None:
    raw = calm_partner()
    put(raw, key, value)
    if key != "lean" or value not in (BLANK, None):
        assert reading._quickly(raw, "partner") is None


def test_a_number_is_no_yes_and_yes_is_no_number() -> None:
    for path, value in (("shared_device", 1), ("lean", True), ("lean", 1.0), ("indices.eft", True)):
        raw = calm_partner()
        put(raw, path, value)
        assert reading._quickly(raw, "partner") is None


def test_only_dates_and_lists_are_read_apart() -> None:
    assert DATES_AND_LISTS == ("submitted_on", "control_received", "control_done")
    assert all(FLAT[key].values for key in FLAT if key not in DATES_AND_LISTS)


@given(couple_files)
@settings(max_examples=200)
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
