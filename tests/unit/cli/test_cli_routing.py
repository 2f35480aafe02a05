"""``routing recommend`` from the outside: lines in, lines out, exit status (contract.md, "Commands")."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from couple_files import couple_file, routed
from portal.commands import routing

CALM = couple_file()
MIXED = couple_file({}, {"lean": 4, "commit_months": "unsure"})
BAD = couple_file({"lean": 9})


def run(text: str | bytes, *options: str) -> tuple[int, list[object], str]:
    done = CliRunner().invoke(routing.routing, ["recommend", "-", *options], input=text)
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_one_object_is_told_what_would_change_it() -> None:
    assert run(json.dumps(MIXED)) == (0, [routed(MIXED, would_change=True).as_dict()], "")
    assert run(json.dumps(MIXED, indent=1)) == (0, [routed(MIXED, would_change=True).as_dict()], "")


def test_lines_and_arrays_only_when_asked() -> None:
    lines = f"{json.dumps(CALM)}\n{json.dumps(MIXED)}\n"
    plain = [routed(CALM).as_dict(), routed(MIXED).as_dict()]
    full = [routed(CALM, would_change=True).as_dict(), routed(MIXED, would_change=True).as_dict()]
    assert run(lines) == (0, plain, "")
    assert run(lines, "--would-change") == (0, full, "")
    assert run(json.dumps([CALM, MIXED])) == (0, plain, "")
    # An array of one is an array: whoever sends arrays gets one shape, however many stand in them (0008).
    assert run(json.dumps([MIXED])) == (0, plain[1:], "")
    assert run(json.dumps([MIXED]), "--would-change") == (0, full[1:], "")


def test_a_bad_line_ends_it_and_what_came_before_stays() -> None:
    text = "\n".join(map(json.dumps, (CALM, MIXED, BAD, CALM)))
    assert run(text) == (
        2,
        [routed(CALM).as_dict(), routed(MIXED).as_dict()],
        "line 3: partners.a.lean: must be a whole number from 1 to 5\n",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is nothing to read\n"),
        ("{", "line 1: is not valid JSON\n"),
        (b"\xff\xfe", "line 1: is not UTF-8\n"),
        ("{}", "line 1: as_of: is missing\n"),
    ],
)
def test_bad_input_is_refused_without_a_trace(text: str | bytes, message: str) -> None:
    assert run(text) == (2, [], message)


def test_a_file_is_read_like_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "couple.json"
    path.write_text(json.dumps(CALM), encoding="utf-8")
    done = CliRunner().invoke(routing.routing, ["recommend", str(path)])
    assert (done.exit_code, json.loads(done.stdout)["route"]) == (0, "couples")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.json"):
        done = CliRunner().invoke(routing.routing, ["recommend", str(path)])
        assert (done.exit_code, done.stdout) == (2, "")
        assert "the file cannot be read: " in done.stderr


def test_the_group_is_registered() -> None:
    app = Flask("test")
    routing.init_app(app)
    assert app.cli.commands["routing"] is routing.routing
