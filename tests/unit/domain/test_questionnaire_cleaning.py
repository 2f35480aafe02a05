"""What a posted section becomes: answers, blanks, faults, fields nobody asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.answers import Cleaned, Fault, canonical_text, clean
from portal.domain.constructs import Draft
from portal.domain.questionnaire import Item, Kind, Option, OptionSet, Section, Wording

ANY = Wording("text", "texto")


def options(*values: str) -> OptionSet:
    return OptionSet("set", tuple(Option(value, ANY) for value in values))


SECTION = Section(
    key="s",
    title=ANY,
    lead=ANY,
    why=ANY,
    minutes=1,
    draft=Draft.READABLE,
    silent=False,
    items=(
        Item("one", Kind.CHOICE, ANY, option_set=options("yes", "no", "declined"), sensitive=True),
        Item("points", Kind.SCALE, ANY, option_set=options("0", "1")),
        Item("number", Kind.NUMBER, ANY, option_set=options("0", "1", "2"), ends=(ANY, ANY)),
        Item(
            "many", Kind.MULTI, ANY, option_set=options("money", "phone", "none", "declined"), sensitive=True
        ),
        Item("words", Kind.TEXT, ANY, optional=True, limit=8),
    ),
)


def cleaned(**posted: list[str]) -> Cleaned:
    return clean(SECTION, posted)


def test_every_kind_of_answer_is_kept() -> None:
    assert cleaned(one=["no"], points=["1"], number=["2"], many=["", "phone"], words=["hola"]) == Cleaned(
        values={"one": "no", "points": "1", "number": "2", "many": ["phone"], "words": "hola"},
        blanks=(),
        faults={},
        unexpected=(),
    )


def test_what_is_not_posted_stays_untouched() -> None:
    assert cleaned(one=[]) == Cleaned({}, (), {}, ())


def test_an_empty_value_is_a_blank() -> None:
    posted = {"one": [""], "points": [""], "number": [""], "many": [""], "words": [" \r\n\t"]}
    result = clean(SECTION, posted)
    assert result == Cleaned({}, ("one", "points", "number", "many", "words"), {}, ())
    assert result.is_clean


def test_one_fault_does_not_cost_the_rest() -> None:
    result = cleaned(
        one=["maybe"], points=["0", "1"], number=["2"], many=["money", "cats"], words=["nine char"]
    )
    assert result == Cleaned(
        values={"number": "2"},
        blanks=(),
        faults={
            "one": Fault.NOT_AN_OPTION,
            "points": Fault.MORE_THAN_ONE,
            "many": Fault.NOT_AN_OPTION,
            "words": Fault.TOO_LONG,
        },
        unexpected=(),
    )
    assert not result.is_clean


@pytest.mark.parametrize("bad", ["a\0b", "\0", "\ud800", "a\udfffb"])
def test_nul_and_lone_surrogates_are_refused_everywhere(bad: str) -> None:
    assert cleaned(one=[bad], many=[bad], words=[bad]) == Cleaned(
        values={},
        blanks=(),
        faults={"one": Fault.NOT_AN_OPTION, "many": Fault.NOT_AN_OPTION, "words": Fault.BAD_CHARACTERS},
        unexpected=(),
    )


def test_two_texts_for_one_question_are_a_fault() -> None:
    assert cleaned(words=["a", "b"]).faults == {"words": Fault.MORE_THAN_ONE}


def test_an_empty_hidden_field_beside_a_choice_does_no_harm() -> None:
    assert cleaned(one=["", "yes"]).values == {"one": "yes"}


def test_declining_is_an_answer_only_where_it_is_offered() -> None:
    result = cleaned(one=["declined"], many=["declined"], points=["declined"])
    assert (result.values, result.faults) == (
        {"one": "declined", "many": "declined"},
        {"points": Fault.NOT_AN_OPTION},
    )


@pytest.mark.parametrize(
    ("ticked", "kept"),
    [
        (["phone", "money", "phone"], ["money", "phone"]),
        (["none"], ["none"]),
        (["none", "money"], ["money"]),
        (["declined", "money"], ["money"]),
        (["declined", "none"], "declined"),
        (["none", "declined", "phone"], ["phone"]),
    ],
)
def test_a_second_tick_never_takes_a_named_one_away(ticked: list[str], kept: object) -> None:
    assert cleaned(many=["", *ticked]).values == {"many": kept}


def test_a_multi_choice_without_declining_keeps_none() -> None:
    item = Item("goals", Kind.MULTI, ANY, option_set=options("closer", "none"))
    section = Section("s", ANY, ANY, ANY, 1, Draft.READABLE, False, (item,))
    assert clean(section, {"goals": ["none"]}).values == {"goals": ["none"]}


def test_the_envelope_is_expected_and_anything_else_is_named() -> None:
    posted = {
        "section": ["s"],
        "version": ["3"],
        "go": ["next"],
        "to": [""],
        "csrf_token": ["x"],
        "submit_key": ["y"],
        "role": ["admin"],
        "lean": ["1"],
        "one": ["yes"],
    }
    assert clean(SECTION, posted) == Cleaned({"one": "yes"}, (), {}, ("lean", "role"))


def test_text_is_counted_in_code_points_after_canonical_form() -> None:
    decomposed = "e\u0301" * 8
    assert cleaned(words=[decomposed]).values == {"words": "é" * 8}
    assert cleaned(words=[decomposed + "x"]).faults == {"words": Fault.TOO_LONG}
    assert cleaned(words=["\U0001f642" * 8]).values == {"words": "\U0001f642" * 8}
    assert cleaned(words=["1\r\n2\r3\n45"]).values == {"words": "1\n2\n3\n45"}


def test_text_keeps_what_was_typed() -> None:
    assert canonical_text("  a\u202e b \u200d\n") == "  a\u202e b \u200d\n"


@given(st.text())
def test_canonical_text_stays_the_same_when_repeated(typed: str) -> None:
    try:
        once = canonical_text(typed)
    except ValueError:
        assert "\0" in typed
    else:
        assert canonical_text(once) == once
        assert "\r" not in once


@given(
    st.dictionaries(
        st.sampled_from(["one", "points", "number", "many", "words", "x"]),
        st.lists(
            st.sampled_from(["", "yes", "0", "2", "money", "none", "declined", "long text", "\0"]), max_size=4
        ),
    )
)
def test_every_posted_item_ends_in_exactly_one_place(posted: dict[str, list[str]]) -> None:
    result = clean(SECTION, posted)
    places = [*result.values, *result.blanks, *result.faults]
    asked = [key for key, values in posted.items() if values and key != "x"]
    assert sorted(places) == sorted(asked)
    assert result.unexpected == tuple(key for key in posted if key == "x")
    again = {key: value if isinstance(value, list) else [value] for key, value in result.values.items()}
    assert clean(SECTION, again).values == result.values
