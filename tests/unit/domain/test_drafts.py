"""What saving a section means."""

from __future__ import annotations

import pytest

from portal.content import questionnaire as bank
from portal.domain import drafts
from portal.domain.answers import Cleaned
from portal.domain.drafts import Go

FORM = bank.load()


@pytest.mark.parametrize(
    ("go", "to", "expected"),
    [
        ("next", "", Go.NEXT),
        ("back", "", Go.BACK),
        ("save", "", Go.SAVE),
        ("clear", "", Go.CLEAR),
        ("", "", Go.SAVE),
        ("open", "goals", Go.OPEN),
        ("", "goals", Go.OPEN),
        ("open", "", None),
        ("open", "nowhere", None),
        ("", "nowhere", None),
        ("next", "goals", None),
        ("draft", "", None),
        ("NEXT", "", None),
        ("elsewhere", "", None),
    ],
)
def test_a_button_is_read(go: str, to: str, expected: Go | None) -> None:
    assert drafts.read_go(FORM, go, to) == expected


@pytest.mark.parametrize(
    ("section", "go", "to", "expected"),
    [
        ("start", Go.NEXT, "", "basics"),
        ("start", Go.BACK, "", "start"),
        ("basics", Go.BACK, "", "start"),
        ("words", Go.NEXT, "", "words"),
        ("goals", Go.SAVE, "", "goals"),
        ("goals", Go.CLEAR, "", "goals"),
        ("goals", Go.DRAFT, "", "goals"),
        ("goals", Go.OPEN, "safety", "safety"),
    ],
)
def test_where_one_stands_afterwards(section: str, go: Go, to: str, expected: str) -> None:
    assert drafts.destination(FORM, section, go, to) == expected


def test_only_next_on_the_last_section_leads_to_the_check() -> None:
    found = {
        (key, go): drafts.leads_to_check(FORM, key, go)
        for key in ("start", "words")
        for go in (Go.NEXT, Go.BACK, Go.SAVE)
    }
    assert found == {
        ("start", Go.NEXT): False,
        ("start", Go.BACK): False,
        ("start", Go.SAVE): False,
        ("words", Go.NEXT): True,
        ("words", Go.BACK): False,
        ("words", Go.SAVE): False,
    }


def test_a_blank_erases_and_a_missing_key_stays() -> None:
    cleaned = Cleaned(values={"adult": "no"}, blanks=("private",), faults={}, unexpected=())
    earlier = {"private": "yes", "adult": "yes", "call_first": "no"}
    assert drafts.merged(earlier, cleaned) == {"adult": "no", "call_first": "no"}
    assert earlier == {"private": "yes", "adult": "yes", "call_first": "no"}


def test_touched_keys_stand_in_the_order_of_the_form() -> None:
    keys = {"adult", "private", "gottman_1"}
    assert drafts.touched(FORM.section("start"), keys) == ("private", "adult")


def test_a_fingerprint_tells_bodies_apart_and_leaves_the_token_out() -> None:
    body = {"section": ["start"], "private": ["yes"], "csrf_token": ["one"]}
    again = {"private": ["yes"], "section": ["start"], "csrf_token": ["two"]}
    assert drafts.fingerprint(body, Go.SAVE) == drafts.fingerprint(again, Go.SAVE)
    assert drafts.fingerprint(body, Go.SAVE) != drafts.fingerprint(body, Go.NEXT)
    assert drafts.fingerprint(body, Go.SAVE) != drafts.fingerprint({**body, "private": ["no"]}, Go.SAVE)


def test_a_fingerprint_of_the_envelope_holds_no_answer() -> None:
    body = {"section": ["safety"], "fear": ["strong"]}
    assert drafts.fingerprint(body, Go.SAVE, names={"section"}) == '["save", {"section": ["safety"]}]'
