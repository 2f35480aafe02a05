"""The look: components print what their callers rely on, and the three static files keep their promises."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

from portal.web.public import styleguide

ROOT = Path(__file__).resolve().parents[3]
CSS = ROOT / "static/css/portal.css"
JS = ROOT / "static/js/portal.js"


@pytest.fixture(scope="module")
def templates() -> Environment:
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return env


def item(**given: Any) -> SimpleNamespace:
    blank = {"help": None, "options": [], "declinable": False, "group": None, "limit": 0, "ends": None}
    return SimpleNamespace(
        **(blank | {"key": "lean", "kind": "choice", "text": "Where do you stand?"} | given)
    )


def inputs(html: str) -> list[tuple[str, str, str, bool]]:
    """(type, name, value, checked) of every input in order."""
    found = []
    for tag in re.findall(r"<input\b[^>]*>", html):
        part = dict(re.findall(r'\b(type|name|value)="([^"]*)"', tag))
        found.append((part["type"], part["name"], part.get("value", ""), " checked" in tag))
    return found


def draw(templates: Environment, file: str, macro: str, *args: Any) -> str:
    return str(getattr(templates.get_template(f"components/{file}.html").module, macro)(*args))


YES_NO = [("yes", "Yes"), ("no", "No")]


def test_nothing_is_chosen_for_anybody(templates: Environment) -> None:
    html = draw(templates, "question", "question", item(options=YES_NO, declinable=True))
    assert inputs(html) == [
        ("radio", "lean", "yes", False),
        ("radio", "lean", "no", False),
        ("radio", "lean", "declined", False),
    ]


def test_declined_is_offered_once(templates: Environment) -> None:
    options = [*YES_NO, ("declined", "In person")]
    html = draw(templates, "question", "question", item(options=options, declinable=True))
    assert [value for _, _, value, _ in inputs(html)] == ["yes", "no", "declined"]


def test_a_sealed_answer_is_never_shown_again(templates: Environment) -> None:
    html = draw(templates, "question", "question", item(options=YES_NO), "yes", "", "hidden")
    assert [checked for *_, checked in inputs(html)] == [False, False]
    assert "answered, hidden: change" in html
    text = draw(templates, "question", "question", item(kind="text", limit=9), "my words", "", "hidden")
    assert "my words" not in text


def test_a_multi_choice_sends_an_empty_value_too(templates: Environment) -> None:
    html = draw(templates, "question", "question", item(kind="multi", options=YES_NO), ["no"])
    assert inputs(html) == [
        ("hidden", "lean", "", False),
        ("checkbox", "lean", "yes", False),
        ("checkbox", "lean", "no", True),
    ]


def test_numbers_are_tiles_and_words_are_cards(templates: Environment) -> None:
    numbers = item(kind="number", options=[("0", "0"), ("1", "1")], ends=("not at all", "fully"))
    html = draw(templates, "question", "question", numbers, 1)
    assert [checked for *_, checked in inputs(html)] == [False, True]
    assert 'class="tiles"' in html
    assert "0 not at all" in html
    reversed_words = item(kind="scale", options=[("4", "Never"), ("0", "Always")])
    assert 'class="tiles"' not in draw(templates, "question", "question", reversed_words)


def test_rows_of_a_group_stand_together_with_their_own_answers(templates: Environment) -> None:
    rows = [item(key=f"harm.{n}", text=n, group="g", options=YES_NO) for n in ("one", "two")]
    html = draw(
        templates,
        "grid",
        "questions",
        [item(options=YES_NO), *rows],
        {"harm.two": "no"},
        {},
        {"harm.one": "hidden"},
    )
    assert [(name, checked) for _, name, _, checked in inputs(html)] == [
        ("lean", False),
        ("lean", False),
        ("harm.one", False),
        ("harm.one", False),
        ("harm.two", False),
        ("harm.two", True),
    ]
    assert html.count('role="group"') == 1


def test_every_error_link_finds_its_control(templates: Environment) -> None:
    summary = draw(templates, "errors", "error_summary", [("lean", "Choose one."), ("", "Try again.")])
    assert re.findall(r'href="#([^"]+)"', summary) == ["lean"]
    for control in (
        draw(templates, "question", "question", item(options=YES_NO), None, "Choose one."),
        draw(templates, "question", "question", item(kind="text"), "", "Too long."),
        draw(templates, "choices", "tick", "lean", "I agree"),
        draw(templates, "field", "field", "lean", "Name"),
    ):
        assert control.count('id="lean"') == 1
    assert draw(templates, "errors", "error_summary", []).strip() == ""


def test_a_password_is_never_filled_in_again(templates: Environment) -> None:
    assert "swordfish" not in draw(
        templates, "field", "field", "password", "Password", "password", "swordfish"
    )


def test_a_chart_says_its_numbers_in_words(templates: Environment) -> None:
    row = SimpleNamespace(
        label="Mood",
        low=0,
        high=12,
        a=3,
        b=None,
        cuts=(6,),
        higher_is_worse=True,
        ends=("", ""),
        note="from 6",
    )
    panels = [SimpleNamespace(title="Strain", rows=[row])]
    html = draw(templates, "chart", "dumbbell", "m", "Scores", panels, "A: Ana", "B: Bartholomew")
    assert "Mood: A: Ana 3, B: Bartholomew not scored (0 – 12; from 6)." in html
    # Beside the label stands the letter alone: a name would run into it.
    assert "not scored: B</text>" in html
    assert (html.count("<circle"), html.count("<rect")) == (2, 1)  # the key, and A's mark alone
    # What lies beyond the cut-off, at half of the track, towards the strained end.
    assert 'class="zone" x1="175.0" y1="26" x2="341"' in html
    assert '<line class="between"' not in html


def test_shares_are_drawn_on_a_track_of_a_hundred_and_counts_beside_the_greatest(
    templates: Environment,
) -> None:
    def widths(unit: str) -> list[str]:
        rows = [SimpleNamespace(label="One", count=count, unit=unit) for count in (10, 40)]
        drawn = draw(templates, "figures", "bars", "b", "Bars", rows)
        return re.findall(r'<rect class="mark-a"[^>]* width="([\d.]+)"', drawn)

    assert (widths(" %"), widths("")) == (["35.0", "140.0"], ["87.5", "350.0"])


def test_static_files_stay_small() -> None:
    sheets = [CSS, ROOT / "static/css/staff.css"]
    assert sorted(CSS.parent.iterdir()) == sheets
    assert sum(sheet.stat().st_size for sheet in sheets) <= 20 * 1024
    assert JS.stat().st_size <= 12 * 1024
    assert (ROOT / "static/js/staff.js").stat().st_size <= 2 * 1024


def test_the_script_keeps_nothing_in_the_browser() -> None:
    scripts = "".join(one.read_text() for one in sorted(JS.parent.iterdir()))
    found = re.findall(
        r"localStorage|sessionStorage|indexedDB|caches\.|document\.cookie|pushState|eval\(", scripts
    )
    assert found == []


def test_text_stands_out_by_day_and_by_night() -> None:
    colours = styleguide.colours(CSS.read_text())
    measured = [one for one in colours if one.by_day and one.by_night and one.needed]
    weak = [one for one in measured if min(one.by_day or 0, one.by_night or 0) < (one.needed or 0)]
    assert ({one.name for one in measured}, weak) == (set(styleguide.NEEDED), [])


def test_contrast_is_that_of_the_guidelines() -> None:
    found = [
        styleguide.contrast(*pair)
        for pair in (("#000000", "#ffffff"), ("#777777", "#ffffff"), ("#808080", "#808080"))
    ]
    assert found == [21.0, 4.48, 1.0]


def test_the_scales_of_type_and_space_are_read_from_the_sheet() -> None:
    names = [name for name, _size in styleguide.sizes(CSS.read_text())]
    assert sorted(names) == ["s1", "s2", "s3", "s4", "s5", "s6", "t1", "t2", "t3", "t4", "t5"]
