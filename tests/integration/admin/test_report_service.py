"""Reports from asking to the last byte, over a practice built through the real services."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from practice_world import World
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.models import AuditEvent, Job, table_of
from portal.services import (
    export_checks,
    export_files,
    export_making,
    export_orders,
    export_rows,
    export_streams,
    exports,
)
from portal.services.errors import BadInput, NotFound
from portal.services.export_orders import Filters, Order
from portal.services.exports import ExportView
from portal.vault import VaultError


def _checked(**given: Any) -> Order:
    return export_orders.checked(**{"form": "csv", **given})


def _ask(world: World, by: Viewer, **given: Any) -> ExportView:
    with world.store.staff.write() as session:
        return exports.create(session, world.tools, order=_checked(**given), by=by)


def _again(world: World, view: ExportView) -> ExportView:
    with world.store.staff.read() as session:
        return exports.find(session, world.tools, view.id)


def _bytes(world: World, view: ExportView, folder: Path, by: Viewer) -> bytes:
    return b"".join(export_streams.content(world.store, world.tools, view=view, folder=folder, by=by))


def _rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def _verbs(world: World, view: ExportView) -> list[str]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        return list(session.scalars(select(c.verb).where(c.subject_id == view.id).order_by(c.happened_at)))


@pytest.fixture
def couple(world: World) -> str:
    """A mixed-agenda couple, signed; returns the case."""
    thea = world.staff()
    case = world.case(therapist=thea)
    case.send("a", "Alex Morgan")
    case.send("b", "=Bo", lean="4", commit_months="unsure", first_step="one_or_two", doubts_told="partly")
    case.sign(thea)
    return case.id


def test_a_deidentified_report_is_ready_at_once_and_streams(
    world: World, couple: str, tmp_path: Path
) -> None:
    ada = world.staff("Ada", roles=("admin",))
    view = _ask(world, ada, purpose="  board ")
    assert (view.state, view.purpose, view.asked_by, view.rows) == ("ready", "board", ada.id, None)
    body = _bytes(world, view, tmp_path, ada)
    rows = _rows(body)
    assert [(r["slot"], r["month"], r["route"], r["rule"], r["signed_route"], r["lean"]) for r in rows] == [
        ("a", "2026-11", "discernment", "R17b", "discernment", "1"),
        ("b", "2026-11", "discernment", "R17b", "discernment", "4"),
    ]
    assert "Morgan" not in body.decode()
    assert couple not in body.decode()
    done = _again(world, view)
    assert (done.state, done.rows, done.sha256) == ("ready", 2, hashlib.sha256(body).hexdigest())
    assert _verbs(world, view) == ["export.asked", "export.finished"]


def test_row_ids_say_the_same_within_a_report_and_nothing_across(
    world: World, couple: str, tmp_path: Path
) -> None:
    ada = world.staff("Ada", roles=("admin",))
    first, second = _ask(world, ada), _ask(world, ada)
    once = [row["export_id"] for row in _rows(_bytes(world, first, tmp_path, ada))]
    again = [row["export_id"] for row in _rows(_bytes(world, first, tmp_path, ada))]
    other = [row["export_id"] for row in _rows(_bytes(world, second, tmp_path, ada))]
    assert once == again
    assert len(set(once + other)) == 4


def test_json_lines_hold_the_same(world: World, couple: str, tmp_path: Path) -> None:
    ada = world.staff("Ada", roles=("admin",))
    view = _ask(world, ada, form="json")
    assert view.state == "waiting"
    export_making.run(world.store, world.tools, tmp_path, view.id)
    body = _bytes(world, _again(world, view), tmp_path, ada)
    rows = [json.loads(line) for line in body.decode().splitlines()]
    assert [(row["slot"], row["lean"], row["model"]) for row in rows] == [("a", 1, None), ("b", 4, None)]
    assert "interview_each" in rows[0]["gates"]


def test_days_are_the_practices_own_and_inclusive(world: World, clock: Any, tmp_path: Path) -> None:
    ada = world.staff("Ada", roles=("admin",))
    case = world.case()
    # 23:30 on 23 November in New York, 04:30 on the 24th in UTC.
    clock.move(hours=13.5)
    case.send("a", "Alex")
    clock.move(hours=1)
    case.send("b", "Bo")

    def slots(**span: str) -> list[str]:
        return [row["slot"] for row in _rows(_bytes(world, _ask(world, ada, **span), tmp_path, ada))]

    assert slots(since="2026-11-23", until="2026-11-23") == ["a"]
    assert slots(since="2026-11-24") == ["b"]
    assert slots(until="2026-11-24") == ["a", "b"]
    assert slots(since="2026-11-25", until="2026-11-30") == []


def test_a_withdrawn_intake_and_what_came_later_stay_out(world: World, clock: Any, tmp_path: Path) -> None:
    ada = world.staff("Ada", roles=("admin",))
    case = world.case()
    case.send("a", "Alex")
    clock.move(minutes=1)
    case.say("a", "withdrawal", {"reason": ""})
    view = _ask(world, ada)
    clock.move(minutes=1)
    case.send("b", "Bo")
    assert _rows(_bytes(world, view, tmp_path, ada)) == []


def test_batches_and_pieces_leave_nothing_out(
    world: World, couple: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = world.staff("Ada", roles=("admin",))
    whole = _bytes(world, view := _ask(world, ada), tmp_path, ada)
    monkeypatch.setattr(export_rows, "BATCH", 1)
    monkeypatch.setattr(export_streams, "_PIECE", 10)
    assert _bytes(world, view, tmp_path, ada) == whole


def test_an_identified_report_is_made_by_the_worker(world: World, couple: str, tmp_path: Path) -> None:
    ada = world.staff("Ada", roles=("admin",))
    view = _ask(world, ada, identified=True, purpose="court order", include=("text", "safety"))
    assert (view.state, view.include) == ("waiting", ("safety", "text"))
    with world.store.staff.write() as session, pytest.raises(NotFound):
        exports.hand_out(session, world.tools, export_id=view.id, by=ada)
    with world.store.staff.read() as session:
        c = table_of(Job).c
        jobs = session.execute(select(c.kind).where(c.subject_id == view.id)).scalars().all()
    assert jobs == ["export"]

    export_making.run(world.store, world.tools, tmp_path / "exports", view.id)
    export_making.run(world.store, world.tools, tmp_path / "exports", view.id)  # a second time does nothing

    with world.store.staff.write() as session:
        ready = exports.hand_out(session, world.tools, export_id=view.id, by=ada)
    body = _bytes(world, ready, tmp_path / "exports", ada)
    assert [(row["name"], row["case"], row["sent_on"], row["fear"]) for row in _rows(body)] == [
        ("Alex Morgan", couple, "2026-11-23", "none"),
        ("'=Bo", couple, "2026-11-23", "none"),
    ]
    assert (ready.rows, ready.sha256) == (2, hashlib.sha256(body).hexdigest())
    assert _verbs(world, view) == ["export.asked", "export.finished", "export.downloaded"]
    stored = export_files.path(tmp_path / "exports", view.id)
    assert b"Morgan" not in stored.read_bytes()
    assert stored.stat().st_mode & 0o777 == 0o600
    stored.unlink()
    with pytest.raises(NotFound):
        _bytes(world, ready, tmp_path / "exports", ada)


def test_a_file_that_does_not_read_back_is_thrown_away(
    world: World, couple: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = world.staff("Ada", roles=("admin",))
    view = _ask(world, ada, identified=True, purpose="audit")
    monkeypatch.setattr(export_files, "read", lambda *_given: iter([b"not,the,head\r\n"]))
    export_making.run(world.store, world.tools, tmp_path, view.id)
    assert _again(world, view).state == "failed"
    assert list(tmp_path.glob("*.box")) == []
    assert _verbs(world, view) == ["export.asked", "export.failed"]


def test_a_command_gets_its_report_without_a_job(world: World, couple: str) -> None:
    ada = world.staff("Ada", roles=("admin",))
    with world.store.staff.write() as session:
        order = _checked(identified=True, purpose="audit", form="json")
        view = exports.create(session, world.tools, order=order, by=ada, is_handed_over=True)
    lines = b"".join(export_streams.stream(world.store, world.tools, view=view, by=ada)).decode().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["Alex Morgan", "=Bo"]
    assert _again(world, view).state == "handed_over"
    with world.store.staff.write() as session, pytest.raises(NotFound):
        exports.hand_out(session, world.tools, export_id=view.id, by=ada)


def test_reports_are_listed_newest_first(world: World, clock: Any) -> None:
    ada = world.staff("Ada", roles=("admin",))
    first = _ask(world, ada, since="2026-01-01", until="2026-02-01")
    clock.move(minutes=1)
    second = _ask(world, ada)
    with world.store.staff.read() as session:
        assert exports.newest(session, world.tools) == (second, first)
    assert (first.since, first.until) == (date(2026, 1, 1), date(2026, 2, 1))
    assert first.file_name.startswith("report-")
    assert first.file_name.endswith(".csv")


def test_an_unknown_report_is_not_found(world: World) -> None:
    with world.store.staff.read() as session, pytest.raises(NotFound):
        exports.find(session, world.tools, "nowhere")


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"form": "fhir"}, {"format": "not_an_option"}),
        ({"form": "pdf"}, {"format": "not_in_this_format"}),
        ({"report": "gossip"}, {"report": "not_an_option"}),
        (
            {"report": "person", "form": "pdf"},
            {"identified": "names_somebody", "case": "missing", "slot": "not_an_option"},
        ),
        ({"report": "board", "identified": True, "purpose": "x"}, {"identified": "counts_only"}),
        (
            {"filters": Filters(status="odd", route="odd")},
            {"status": "not_an_option", "route": "not_an_option"},
        ),
        (
            {
                "filters": Filters(case="Ana López", therapist="\ud800"),
                "report": "case",
                "form": "pdf",
                "identified": True,
                "purpose": "x",
            },
            {"case": "no_such_case", "therapist": "no_such_therapist"},
        ),
        ({"since": "23.11.2026"}, {"since": "bad_date"}),
        ({"until": "0001-01-01"}, {"until": "bad_date"}),
        ({"since": "2026-02-02", "until": "2026-02-01"}, {"until": "before_since"}),
        ({"include": ["money"], "identified": True, "purpose": "x"}, {"include": "not_an_option"}),
        ({"include": ["text"]}, {"include": "identified_only"}),
        ({"identified": True, "purpose": "  "}, {"purpose": "missing"}),
        ({"purpose": "x" * 501}, {"purpose": "too_long"}),
        ({"purpose": "\ud800", "since": "x"}, {"since": "bad_date", "purpose": "bad_characters"}),
    ],
)
def test_a_bad_order_is_refused_by_field(given: dict[str, Any], faults: dict[str, str]) -> None:
    with pytest.raises(BadInput) as refused:
        _checked(**given)
    assert refused.value.faults == faults


def test_what_another_kind_of_report_asks_is_no_part_of_this_one(world: World, ada: Viewer) -> None:
    """Somebody's name, typed into the field for a case, would stand in the trail for good."""
    order = _checked(filters=Filters(case="Morgan", slot="Alex"))
    assert (order.filters.case, order.filters.slot) == ("", "")
    assert (
        _checked(
            report="case",
            form="pdf",
            identified=True,
            purpose="x",
            filters=Filters(case="c" * 36, slot="Alex"),
        ).filters.slot
        == ""
    )


def test_boxed_files_are_whole_or_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "PIECE", 8)
    target = export_files.path(tmp_path, "r1")
    plain = "a,b\r\none,1\r\ntwo,2\r\ndrei,ü\r\n".encode()
    written = export_files.write(world.tools, target, "r1", [plain[:13], plain[13:]])
    assert written == export_files.Written(len(plain), hashlib.sha256(plain).hexdigest())
    assert b"".join(export_files.read(world.tools, target, "r1")) == plain
    blob = target.read_bytes()
    for damaged in (b"", blob[:-1], blob[: len(blob) // 2], blob[4 + int.from_bytes(blob[:4], "big") :]):
        target.write_bytes(damaged)
        with pytest.raises(VaultError):
            list(export_files.read(world.tools, target, "r1"))
    export_files.write(world.tools, target, "r2", [])
    assert list(export_files.read(world.tools, target, "r2")) == []
    with pytest.raises(VaultError):
        list(export_files.read(world.tools, target, "r1"))
    assert (export_files.discard(tmp_path, "r1"), export_files.discard(tmp_path, "r1")) == (True, False)


@pytest.mark.parametrize(
    ("form", "text", "rows"),
    [
        ("csv", "\ufeffa,c\r\n1,2\r\n", 1),
        ("csv", "\ufeffa,b\r\n1\r\n", 1),
        ("csv", "\ufeffa,b\r\n1,2\r\n", 2),
        ("json", '{"a": 1}\n', 1),
        ("json", '{"a": 1, "b": 2}\n', 0),
    ],
)
def test_an_unsound_file_is_found(form: str, text: str, rows: int) -> None:
    with pytest.raises(export_files.Unsound):
        export_checks.require_sound(form, [text.encode()], keys=["a", "b"], rows=rows)


def test_a_sound_file_passes() -> None:
    export_checks.require_sound("csv", [b"\xef\xbb\xbfa,b\r\n", b'1,"x\ny"\r\n'], keys=["a", "b"], rows=1)
    export_checks.require_sound("json", [b'{"a": 1, "b": 2}\n{"a": 1, "b": 2}\n'], keys=["a", "b"], rows=2)
