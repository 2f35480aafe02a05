"""The questionnaire as a value: lookups, order, groups, what is untouched, progress."""

from __future__ import annotations

import pytest

from portal.domain.constructs import PARTS, Draft
from portal.domain.questionnaire import (
    Group,
    Item,
    Kind,
    Option,
    OptionSet,
    Progress,
    Questionnaire,
    Section,
    SectionProgress,
    Wording,
)


def wording(text: str) -> Wording:
    return Wording(text, f"{text} (es)")


YES = Option("yes", wording("Yes"))
NO = Option("no", wording("No"))
YES_NO = OptionSet("yes_no", (YES, NO))


def choice(key: str, **more: object) -> Item:
    return Item(key, Kind.CHOICE, wording(key), option_set=YES_NO, **more)  # type: ignore[arg-type]


def text(key: str) -> Item:
    return Item(key, Kind.TEXT, wording(key), optional=True, limit=10)


def section(
    key: str, *items: Item, minutes: int = 2, draft: Draft = Draft.READABLE, **more: object
) -> Section:
    return Section(
        key,
        wording(key),
        wording("lead"),
        wording("why"),
        minutes,
        draft,
        draft is Draft.SEALED,
        items,
        **more,  # type: ignore[arg-type]
    )


FIRST = section("first", choice("a"), choice("b"), text("note"), minutes=3)
SECOND = section("second", choice("c"), choice("d"), choice("e"), draft=Draft.SEALED)
LAST = section("last", text("words"), minutes=5)
WHOLE = Questionnaire("1", "b", True, (FIRST, SECOND, LAST))


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en", "hi"),
        ("es", "hi (es)"),
        ("es_US", "hi (es)"),
        ("es-MX", "hi (es)"),
        ("fr", "hi"),
        ("", "hi"),
        ("est", "hi"),
    ],
)
def test_a_wording_reads_as_english_unless_spanish_is_asked_for(locale: str, expected: str) -> None:
    assert wording("hi").in_locale(locale) == expected


def test_an_item_knows_its_options() -> None:
    item = choice("a")
    assert (item.options, item.option("no"), item.option("maybe")) == ((YES, NO), NO, None)


def test_a_text_has_no_options() -> None:
    item = text("note")
    assert (item.options, item.option("yes")) == ((), None)


def test_sections_and_items_are_found_by_key() -> None:
    assert WHOLE.section_keys == ("first", "second", "last")
    assert WHOLE.section("second") is SECOND
    assert [item.key for item in WHOLE.items] == ["a", "b", "note", "c", "d", "e", "words"]
    assert WHOLE.item("d") is SECOND.items[1]
    assert WHOLE.section_of("d") is SECOND
    assert (WHOLE.has_item("d"), WHOLE.has_item("x")) == (True, False)


def test_unknown_keys_are_errors() -> None:
    for look in (WHOLE.section, WHOLE.item, WHOLE.section_of, WHOLE.next_section, WHOLE.previous_section):
        with pytest.raises(KeyError, match="nowhere"):
            look("nowhere")


def test_sections_follow_each_other() -> None:
    assert [WHOLE.next_section(key) for key in WHOLE.section_keys] == [SECOND, LAST, None]
    assert [WHOLE.previous_section(key) for key in WHOLE.section_keys] == [None, FIRST, SECOND]


def test_sealed_sections_say_so() -> None:
    assert [part.is_sealed for part in WHOLE.sections] == [False, True, False]


def test_rows_keep_neighbours_of_a_group_together() -> None:
    one, two = Group("one", wording("one")), Group("two", wording("two"))
    items = (
        choice("a"),
        choice("b", group="one"),
        choice("c", group="one"),
        choice("d", group="two"),
        choice("e"),
        choice("f", group="one"),
    )
    a, b, c, d, e, f = items
    assert section("s", *items, groups=(one, two)).rows() == (
        (None, (a,)),
        (one, (b, c)),
        (two, (d,)),
        (None, (e,)),
        (one, (f,)),
    )


def test_an_unknown_group_is_an_error() -> None:
    with pytest.raises(KeyError, match="three"):
        section("s", choice("a")).group("three")


def test_untouched_items_leave_out_free_text_and_unknown_keys() -> None:
    touched = {"first": {"a", "gone"}, "second": ["c", "d", "e"]}
    assert WHOLE.untouched(touched) == {"first": (FIRST.items[1],)}
    assert WHOLE.untouched({}) == {"first": FIRST.items[:2], "second": SECOND.items}


def test_progress_counts_what_is_touched_and_the_minutes_left() -> None:
    assert WHOLE.progress({"first": ["a"], "second": ["e"], "last": ["words"]}) == Progress(
        done=2,
        total=5,
        minutes_left=3,  # half of 3 and two thirds of 2 minutes: 170 seconds
        sections=(
            SectionProgress("first", 1, 2),
            SectionProgress("second", 1, 3),
            SectionProgress("last", 0, 0),
        ),
    )


def test_the_minutes_ahead_leave_out_what_was_passed_over() -> None:
    touched = {"second": ["e"]}
    # Two thirds of 2 minutes; the untouched first section lies behind. The last one counts no item.
    assert [WHOLE.minutes_from(key, WHOLE.progress(touched)) for key in ("first", "second", "last")] == [
        5,
        2,
        0,
    ]


def test_progress_begins_at_nothing_and_ends_at_everything() -> None:
    begun = WHOLE.progress({})
    done = WHOLE.progress({"first": ["a", "b"], "second": ["c", "d", "e"]})
    assert (begun.percent, begun.minutes_left) == (0, 5)
    assert (done.percent, done.minutes_left) == (100, 0)
    assert [part.is_complete for part in begun.sections] == [False, False, True]
    assert [part.is_complete for part in done.sections] == [True, True, True]


def test_progress_rounds_down_so_that_100_means_everything() -> None:
    assert Progress(199, 200, 1, ()).percent == 99


def test_a_form_of_free_text_alone_is_complete() -> None:
    assert Questionnaire("1", "b", True, (LAST,)).progress({}).percent == 100


def test_parts_of_a_score_are_numbered_from_one() -> None:
    assert {parts.prefix: parts.keys[-1] for parts in PARTS} == {
        "gottman": "gottman_6",
        "eft": "eft_6",
        "developmental": "developmental_6",
        "satisfaction": "satisfaction_4",
        "reflection": "reflection_6",
        "mood": "mood_4",
        "alcohol": "alcohol_3",
    }
