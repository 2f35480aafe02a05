"""Cells and lines of a report: text stays text, nothing breaks a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.services import export_columns, export_lines
from portal.services.export_columns import Column, Source

PLAIN = Source(
    export_id="e1",
    slot="a",
    sent_on=date(2026, 11, 23),
    scores={
        "lean": 3, "satisfaction": None, "mood_score": "declined",
        "indices": {"gottman": 40, "eft": None, "developmental": 0},
    },
    recommendation={
        "route": "couples", "reason": "matched", "rule": "R18b", "model": "gottman",
        "gates": ["not_signed", "interview_each"],
    },
    signed_route="couples",
    case_id="c1",
    name="=Alex",
    answers={"own_words": "one\ntwo", "control_received": ["money", "phone"], "alcohol_1": "2"},
)  # fmt: skip
HEAD = (
    "export_id,slot,month,route,reason,rule,model,signed_route,lean,satisfaction,mood_score,gottman,eft,"
    "developmental,gates"
)


def _line(form: str, chosen: tuple[Column, ...], source: Source) -> bytes:
    cells = export_columns.cells(chosen, source)
    return export_columns.csv_row(cells) if form == "csv" else export_columns.json_row(_keys(chosen), cells)


def _keys(columns: tuple[Column, ...]) -> list[str]:
    return [column.key for column in columns]


def test_the_deidentified_columns_are_those_of_the_contract() -> None:
    chosen = export_columns.columns(identified=False, include=("text",))
    assert export_columns.head(chosen) == b"\xef\xbb\xbf" + HEAD.encode() + b"\r\n"
    assert {column.sensitivity for column in chosen} == {"plain"}


def test_a_csv_line() -> None:
    chosen = export_columns.columns(identified=False)
    line = (
        b"e1,a,2026-11,couples,matched,R18b,gottman,couples,3,,declined,40,,0,not_signed interview_each\r\n"
    )
    assert _line("csv", chosen, PLAIN) == line


def test_a_json_line_has_the_same_columns() -> None:
    chosen = export_columns.columns(identified=False)
    line = _line("json", chosen, PLAIN)
    assert line.endswith(b"\n")
    assert json.loads(line) == dict(
        zip(
            HEAD.split(","),
            ["e1", "a", "2026-11", "couples", "matched", "R18b", "gottman", "couples", 3, None, "declined",
             40, None, 0, ["not_signed", "interview_each"]],
            strict=True,
        )
    )  # fmt: skip


def test_before_a_recommendation_its_cells_are_empty() -> None:
    source = Source("e1", "b", date(2026, 1, 2), PLAIN.scores, None, None)
    chosen = export_columns.columns(identified=False)
    assert _line("csv", chosen, source) == b"e1,b,2026-01,,,,,,3,,declined,40,,0,\r\n"


def test_a_row_that_cannot_be_opened_is_marked_and_breaks_nothing() -> None:
    source = Source("e1", "b", date(2026, 1, 2), case_id="c1")
    chosen = export_columns.columns(identified=True, include=("safety",))
    assert _line("csv", chosen, source).startswith(b"e1,b,2026-01,unreadable,,,,,,,,,,,,c1,,2026-01-02,,")


def test_an_identified_report_adds_names_days_and_only_the_kinds_asked_for() -> None:
    base = _keys(export_columns.columns(identified=True))
    assert base == [*HEAD.split(","), "case", "name", "sent_on"]
    substance = export_columns.columns(identified=True, include=("substance",))
    assert _keys(substance)[len(base) :] == [
        "alcohol_1", "alcohol_2", "alcohol_3", "alcohol_treated", "alcohol_withdrawal",
        "drug_loss_of_control", "drug_treated",
    ]  # fmt: skip
    every = _keys(export_columns.columns(identified=True, include=("text", "safety", "suicide", "affair")))
    assert {"fear", "suicide_level", "affair", "own_words"} <= set(every)
    assert len(every) == len(set(every))


def test_identified_cells() -> None:
    chosen = export_columns.columns(identified=True, include=("safety", "text"))
    row = _line("csv", chosen, PLAIN).decode()
    cells = dict(zip(_keys(chosen), next(csv.reader(io.StringIO(row, newline=""))), strict=True))
    found = [cells[key] for key in ("case", "name", "sent_on", "own_words", "control_received", "fear")]
    assert found == ["c1", "'=Alex", "2026-11-23", "one\ntwo", "money phone", ""]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@a",
        "\tx",
        "  =1",
        "\n=1",
        "\u200b=1",
        "\u00a0@a",
        "\ufeff=1",
        "＝1",
        " ＋1",
        "－1",
        "＠a",
    ],
)
def test_whatever_would_begin_a_formula_is_text(text: str) -> None:
    assert export_columns.inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "  ", "1-2", "'=1", "über", "3"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert export_columns.inert(text) == text


def test_a_control_character_hides_no_formula() -> None:
    assert export_columns.inert(export_columns.clean("\r=1")) == "'\n=1"
    assert export_columns.inert(export_columns.clean("\0=1")) == "\u2400=1"


def test_poison_is_shown_not_kept() -> None:
    text = "a\0b\x1bc\x7f\x85d\ud800e\ufdd0f\uffff\U0001fffeg\r\nh\ri\tj"
    assert export_columns.clean(text) == "a␀b␛c��d�e�f��g\nh\ni\tj"


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=40))
def test_any_text_reads_back_as_one_cell(text: str) -> None:
    column = Column("own_words", "text", lambda _source: text)
    other = Column("anything_else", "text", lambda _source: text)
    line = _line("csv", (column, other), PLAIN).decode()
    rows: list[Any] = list(csv.reader(io.StringIO(line, newline=""), strict=True))
    assert rows == [[export_columns.inert(export_columns.clean(text))] * 2]
    assert json.loads(_line("json", (column,), PLAIN)) == {"own_words": export_columns.clean(text)}


_ODD = ("=1", "-x", "a,b", 'a"b', "x\ny", "\x01", "é", "\ud800", " lead", "", None, 0, 1, "1", True, 1.0)
_CELL = st.sampled_from([*_ODD, ["a", "b,c"], ["=x"], [], [1], [["a"]]])


@st.composite
def _sources(draw: st.DrawFn) -> Source:
    said = {key: draw(_CELL) for key in export_columns.SAID}
    scores = {key: draw(_CELL) for key in ("lean", "satisfaction", "mood_score")}
    indices = {key: draw(_CELL) for key in ("gottman", "eft", "developmental")}
    advice = draw(st.sampled_from([None, said]))
    scored = draw(st.sampled_from([{}, {**scores, "indices": indices}]))
    return Source(
        "0a1b", "a", date(2026, 11, 23), scored, advice, draw(st.sampled_from([None, "=a", "wait"]))
    )


@given(st.sampled_from(export_lines.FORMS), st.lists(_sources(), max_size=4))
def test_lines_that_are_put_together_are_those_that_are_written_cell_by_cell(
    form: str, sources: list[Source]
) -> None:
    by_cell = [*export_columns.DEIDENTIFIED]  # another list: no line is put together
    assert _outcome(form, export_columns.DEIDENTIFIED, sources) == _outcome(form, by_cell, sources)


def _outcome(form: str, chosen: Any, sources: list[Source]) -> Any:
    try:
        return export_lines.written(form, chosen, sources)
    except (TypeError, UnicodeEncodeError) as error:  # lists of what the portal never writes
        return type(error)


@pytest.mark.parametrize("gates", [{"a": 1}, [["a"]], True])
def test_a_cell_that_cannot_be_looked_up_is_written_all_the_same(gates: object) -> None:
    source = PLAIN._replace(recommendation={**(PLAIN.recommendation or {}), "gates": gates})
    (line,) = export_lines.written("json", export_columns.DEIDENTIFIED, [source]).splitlines()
    assert json.loads(line)["gates"] == gates


def test_true_and_one_stay_apart() -> None:
    advice = PLAIN.recommendation or {}
    sources = [PLAIN._replace(recommendation={**advice, "rule": rule}) for rule in (1, True, "1", 1.0)]
    lines = export_lines.written("json", export_columns.DEIDENTIFIED, sources).splitlines()
    assert [repr(json.loads(line)["rule"]) for line in lines] == ["1", "True", "'1'", "1.0"]
