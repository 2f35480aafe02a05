"""The commands ``exports create`` and ``questionnaire export``."""

from __future__ import annotations

import csv
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from practice_world import World
from sqlalchemy import text

from portal import create_app
from portal.commands import exports


def test_a_deidentified_report_is_written_for_this_account_alone(
    app: Flask, house: World, tmp_path: Path
) -> None:
    house.case().send("a", "Alex Morgan")
    output = tmp_path / "report.csv"
    result = app.test_cli_runner().invoke(
        args=["exports", "create", "--format", "csv", "--output", str(output)]
    )
    assert (result.exit_code, result.output) == (0, "")
    assert output.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(output.read_text("utf-8-sig").splitlines()))
    assert [(row["slot"], row["month"]) for row in rows] == [("a", "2026-11")]
    assert [path.name for path in tmp_path.glob("*.half")] == []


def test_an_identified_report_with_its_span(app: Flask, house: World, tmp_path: Path) -> None:
    house.case().send("a", "Alex Morgan")
    output = tmp_path / "report.jsonl"
    span = ["--since", "2026-11-23", "--until", "2026-11-23"]
    asked = [
        "exports",
        "create",
        "--format",
        "json",
        "--output",
        str(output),
        "--identified",
        "--purpose",
        "court",
    ]
    result = app.test_cli_runner().invoke(args=[*asked, *span])
    assert result.exit_code == 0
    assert [json.loads(line)["name"] for line in output.read_text().splitlines()] == ["Alex Morgan"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--identified"], "--purpose: an identified report needs a purpose\n"),
        (["--since", "yesterday"], "--since: a day such as 2026-11-23\n"),
        (["--since", "2026-02-02", "--until", "2026-02-01"], "--until: not before --since\n"),
    ],
)
def test_bad_input_is_refused_and_writes_nothing(
    app: Flask, tmp_path: Path, more: list[str], said: str
) -> None:
    output = tmp_path / "report.csv"
    asked = ["exports", "create", "--format", "csv", "--output", str(output), *more]
    result = app.test_cli_runner().invoke(args=asked)
    assert (result.exit_code, result.stderr) == (2, said)
    assert not output.exists()


def test_an_unwritable_place_and_an_unknown_format_are_refused(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    nowhere = str(tmp_path / "nowhere" / "report.csv")
    unwritable = runner.invoke(args=["exports", "create", "--format", "csv", "--output", nowhere])
    assert (unwritable.exit_code, unwritable.stderr) == (2, "--output: No such file or directory\n")
    assert runner.invoke(args=["exports", "create", "--format", "fhir", "--output", nowhere]).exit_code == 2


def _asked(app: Flask, output: Path) -> tuple[int, str]:
    asked = ["exports", "create", "--format", "csv", "--output", str(output)]
    result = app.test_cli_runner().invoke(args=asked)
    return result.exit_code, result.stderr


def test_what_is_no_file_is_not_replaced(app: Flask, house: World, tmp_path: Path) -> None:
    """As root it was: /dev/stdout became a report, for every program of the machine."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    for place in (pipe, tmp_path / "link"):
        refused = "--output: there is something that is no file; name a new one\n"
        assert _asked(app, place) == (2, refused)
    assert (pipe.is_fifo(), (tmp_path / "link").is_symlink()) == (True, True)
    assert sorted(path.name for path in tmp_path.glob("*[!e]")) == ["link"]


def test_where_nothing_can_be_written_no_report_is_noted(app: Flask, house: World, tmp_path: Path) -> None:
    assert _asked(app, tmp_path / "nowhere" / "report.csv") == (2, "--output: No such file or directory\n")
    with house.store.staff.read() as session:
        assert session.execute(text("SELECT count(*) FROM export")).scalar() == 0


def test_of_a_report_on_a_full_disk_no_part_stays(
    app: Flask, house: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_a_report(*_args: object) -> Iterator[bytes]:
        yield b"Alex Morgan"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exports, "_pieces", half_a_report)
    folder = tmp_path / "stick"
    folder.mkdir()
    assert _asked(app, folder / "report.csv") == (2, "--output: No space left on device\n")
    assert list(folder.iterdir()) == []
    with house.store.staff.read() as session:
        events = session.execute(text("SELECT verb, number IS NULL FROM audit_event ORDER BY number")).all()
    assert events[-1:] == [("export.asked", 0)]


@pytest.mark.parametrize("locale", ["en", "es"])
def test_the_questionnaire_is_printed_without_database_or_keys(tmp_path: Path, locale: str) -> None:
    app = create_app({"PORTAL_INSTANCE": str(tmp_path / "untouched")})
    result = app.test_cli_runner().invoke(args=["questionnaire", "export", "--locale", locale])
    printed = json.loads(result.output)
    assert (printed["resourceType"], printed["language"]) == ("Questionnaire", locale)
    assert not (tmp_path / "untouched").exists()
