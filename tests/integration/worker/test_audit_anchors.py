"""With a line in a second place, events cut off the end are missed too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from cast import Cast
from portal import worker
from portal.domain.access import system
from portal.services import audit, audit_anchors, audit_chain
from portal.services.audit_anchors import Anchor, AnchorDamaged
from portal.services.tools import Tools
from portal.store import Store

OFFICE = system("office")


def _write(store: Store, tools: Tools, count: int) -> None:
    with store.staff.write() as session:
        for _ in range(count):
            tools.clock.move(seconds=1)  # type: ignore[attr-defined]
            audit.record(session, tools, by=OFFICE, verb="case.opened", subject=("case", "c"))
        audit_chain.extend(session, tools)


def _keep(store: Store, tools: Tools, folder: Path, kind: audit_anchors.AnchorKind = "anchor") -> Anchor:
    with store.staff.read() as session:
        stands = audit_anchors.newest(session, at=tools.now(), kind=kind)
    audit_anchors.keep(tools, folder, stands)
    return stands


def _verify(store: Store, tools: Tools, folder: Path) -> tuple[int, str | None]:
    anchors = audit_anchors.standing(audit_anchors.read(tools, folder))
    with store.staff.read() as session:
        return audit_chain.verify(session, tools, anchors)


def _cut(store: Store, beyond: int) -> None:
    with store.staff.write() as session:
        session.execute(text("delete from audit_event where number > :beyond"), {"beyond": beyond})


def test_without_a_file_there_is_no_anchor(store: Store, tools: Tools, tmp_path: Path) -> None:
    assert audit_anchors.read(tools, tmp_path) == ()
    assert _keep(store, tools, tmp_path / "second" / "place").count == 0
    assert _verify(store, tools, tmp_path / "second" / "place") == (0, None)


def test_events_cut_off_the_end_are_missed(store: Store, tools: Tools, tmp_path: Path) -> None:
    _write(store, tools, 5)
    _keep(store, tools, tmp_path)
    _write(store, tools, 2)
    assert _verify(store, tools, tmp_path) == (7, None)
    _cut(store, 5)
    assert _verify(store, tools, tmp_path) == (5, None)
    _cut(store, 4)
    assert _verify(store, tools, tmp_path) == (4, "event 5 is missing: an anchor counts 5")
    with store.staff.read() as session:
        assert audit_chain.verify(session, tools) == (4, None)


def test_a_tail_that_was_written_anew_is_found(store: Store, tools: Tools, tmp_path: Path) -> None:
    _write(store, tools, 5)
    _keep(store, tools, tmp_path)
    _cut(store, 3)
    _write(store, tools, 4)
    assert _verify(store, tools, tmp_path) == (5, "event 5 is not the one that was anchored")


def test_numbers_taken_off_the_tail_are_found(store: Store, tools: Tools, tmp_path: Path) -> None:
    _write(store, tools, 3)
    _keep(store, tools, tmp_path)
    with store.staff.write() as session:
        session.execute(text("update audit_event set number = null, chain = null where number = 3"))
    assert _verify(store, tools, tmp_path) == (3, "event 3 is missing: an anchor counts 3")


def test_a_restore_makes_later_anchors_void_and_no_others(store: Store, tools: Tools, tmp_path: Path) -> None:
    _write(store, tools, 3)
    _keep(store, tools, tmp_path)
    _write(store, tools, 3)
    _keep(store, tools, tmp_path)
    _cut(store, 4)
    assert _verify(store, tools, tmp_path)[1] == "event 5 is missing: an anchor counts 6"
    _keep(store, tools, tmp_path, "restored")
    _write(store, tools, 5)
    assert _verify(store, tools, tmp_path) == (9, None)
    assert [anchor.count for anchor in audit_anchors.read(tools, tmp_path)] == [3, 6, 4]
    _cut(store, 2)
    assert _verify(store, tools, tmp_path)[1] == "event 3 is missing: an anchor counts 4"


@pytest.mark.parametrize("word", range(5))
def test_a_changed_line_is_no_anchor(store: Store, tools: Tools, tmp_path: Path, word: int) -> None:
    _write(store, tools, 3)
    _keep(store, tools, tmp_path)
    file = tmp_path / audit_anchors.FILE
    words = file.read_text().split()
    words[word] = {1: "restored", 2: "2"}.get(word, words[word][:-1] + "x")
    file.write_text(" ".join(words) + "\n")
    with pytest.raises(AnchorDamaged, match="line 1 is damaged or not from this practice"):
        audit_anchors.read(tools, tmp_path)


@pytest.mark.parametrize("line", ["", "a b c", "1 anchor x y z", "1 later 1 y z", "é" * 9])
def test_a_line_that_is_none_is_named(tools: Tools, tmp_path: Path, line: str) -> None:
    (tmp_path / audit_anchors.FILE).write_text(f"{line}\n")
    with pytest.raises(AnchorDamaged):
        audit_anchors.read(tools, tmp_path)


def test_half_a_line_does_not_spoil_the_next_one(store: Store, tools: Tools, tmp_path: Path) -> None:
    file = tmp_path / audit_anchors.FILE
    file.write_text("2026-11-23T15:0")
    _keep(store, tools, tmp_path)
    lines = file.read_text().splitlines()
    assert (lines[0], len(lines)) == ("2026-11-23T15:0", 2)
    with pytest.raises(AnchorDamaged, match="line 1"):
        audit_anchors.read(tools, tmp_path)
    file.write_text(f"{lines[1]}\n")
    assert len(audit_anchors.read(tools, tmp_path)) == 1


def test_the_worker_writes_one_line_a_day(company: Cast, tmp_path: Path) -> None:
    place = replace(company.place, anchor=tmp_path / "second")
    for _ in range(3):
        worker.sweep(place)
        company.clock.move(minutes=5)
    company.clock.move(days=1)
    company.sets(phone="555 0123")
    worker.sweep(place)
    anchors = audit_anchors.read(company.tools, tmp_path / "second")
    assert [anchor.at[:10] for anchor in anchors] == [
        (company.clock() - timedelta(days=1)).date().isoformat(), company.clock().date().isoformat()
    ]  # fmt: skip
    assert [anchor.count for anchor in anchors] == [1, 2]
    assert _verify(company.store, company.tools, tmp_path / "second") == (2, None)


def test_a_place_that_cannot_be_reached_stops_nothing(
    company: Cast, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "second").write_text("a file where the folder should be")
    worker.sweep(replace(company.place, anchor=tmp_path / "second"))
    assert [record.message.split(" at ")[0] for record in caplog.records] == [
        "anchor failed: FileExistsError"
    ]


def test_the_command_reads_the_anchors(app: Flask, tmp_path: Path) -> None:
    house = app.extensions["portal.house"]
    settings = app.extensions["portal.settings"]
    app.extensions["portal.settings"] = replace(settings, anchor=tmp_path / "second")
    _write(house.store, house.tools, 3)
    stands = _keep(house.store, house.tools, tmp_path / "second")

    def verify(*words: str) -> tuple[int, str]:
        done = app.test_cli_runner().invoke(args=["audit", "verify", *words])
        return done.exit_code, done.output

    assert verify() == (0, "3 events checked, 1 anchors hold\n")
    assert verify("--anchor", f"3:{stands.head}") == (0, "3 events checked, 1 anchors hold\n")
    assert verify("--anchor", f"4:{stands.head}") == (1, "event 4 is missing: an anchor counts 4\n")
    assert verify("--anchor", "4") == (2, "--anchor: a count and a head, such as 120:3f5a…\n")
    _cut(house.store, 2)
    assert verify() == (1, "event 3 is missing: an anchor counts 3\n")
    (tmp_path / "second" / audit_anchors.FILE).write_text("x\n")
    assert verify() == (1, "audit-anchors.txt: line 1 is damaged or not from this practice\n")
