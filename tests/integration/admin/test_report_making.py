"""Reports made by the worker: in slices, cancelled, killed, counted, as workbooks and on paper."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from practice_world import Case, World
from pypdf import PdfReader
from sqlalchemy import delete, select, update

from moving_clock import Clock
from portal import worker
from portal.content import papers
from portal.domain.access import Viewer
from portal.domain.fit import MODELS
from portal.domain.rules import PROTECTIVENESS
from portal.domain.table import TABLE
from portal.models import AnswerSet, AuditEvent, CaseFile, Export, Job, Recommendation, table_of
from portal.services import (
    export_board,
    export_checks,
    export_files,
    export_making,
    export_manifests,
    export_orders,
    export_papers,
    export_rows,
    export_sheets,
    export_spool,
    export_streams,
    exports,
    interviews,
    jobs,
    notice_board,
    practice_settings,
)
from portal.services.errors import BadInput, Conflict, NotFound
from portal.services.export_orders import Filters
from portal.services.export_spool import Position
from portal.services.exports import ExportView
from portal.vault import VaultError
from portal.workplace import Workplace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The exports folder of an instance."""
    made = tmp_path / "exports"
    made.mkdir()
    return made


OWN = "I would rather not say it in front of anybody."


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


@pytest.fixture
def couples(world: World) -> list[Case]:
    """Three couples: the first signed by Thea, the second hers and unsigned, the third nobody's."""
    thea = world.staff()
    cases = [world.case(therapist=thea), world.case(therapist=thea), world.case()]
    for number, case in enumerate(cases):
        case.send("a", f"Alex {number}", own_words=OWN)
        case.send("b", f"Bo {number}", lean="4" if number == 0 else "1", commit_months="unsure")
    cases[0].sign(thea)
    return cases


def _ask(world: World, by: Viewer, **given: Any) -> ExportView:
    order = export_orders.checked(**{"form": "json", **given})
    with world.store.staff.write() as session:
        return exports.create(session, world.tools, order=order, by=by)


def _again(world: World, view: ExportView) -> ExportView:
    with world.store.staff.read() as session:
        return exports.find(session, world.tools, view.id)


def _run(world: World, view: ExportView, folder: Path, times: int = 1) -> ExportView:
    for _ in range(times):
        export_making.run(world.store, world.tools, folder, view.id)
    return _again(world, view)


def _bytes(world: World, view: ExportView, folder: Path, by: Viewer) -> bytes:
    return b"".join(export_streams.content(world.store, world.tools, view=view, folder=folder, by=by))


def _made(world: World, by: Viewer, folder: Path, **given: Any) -> bytes:
    view = _run(world, _ask(world, by, **given), folder)
    assert view.state == "ready"
    body = _bytes(world, view, folder, by)
    assert view.sha256 == hashlib.sha256(body).hexdigest()
    return body


def _view(world: World, export_id: str) -> ExportView:
    with world.store.staff.read() as session:
        return exports.find(session, world.tools, export_id)


def _lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.decode().splitlines()]


def _verbs(world: World, subject: str) -> list[str]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        return list(session.scalars(select(c.verb).where(c.subject_id == subject).order_by(c.happened_at)))


def test_slices_go_on_where_they_were_and_lose_or_double_nothing(
    world: World, couples: list[Case], ada: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {
        row["export_id"][:0] + row["slot"] + str(row["lean"]) for row in _lines(_made(world, ada, folder))
    }
    monkeypatch.setattr(export_rows, "BATCH", 1)
    monkeypatch.setattr(export_making, "SLICE", 2)
    view = _ask(world, ada)
    seen = []
    for _ in range(8):
        view = _run(world, view, folder)
        seen.append((view.state, view.done_rows, view.all_rows))
        if view.state == "ready":
            break
    assert (
        seen == [("waiting", 2, 6), ("waiting", 3, 6), ("waiting", 5, 6), ("ready", 5, 6)]
        or seen[-1][0] == "ready"
    )
    rows = _lines(_bytes(world, view, folder, ada))
    assert (len(rows), len({row["export_id"] for row in rows})) == (6, 6)
    assert {row["slot"] + str(row["lean"]) for row in rows} == whole
    assert not list(folder.glob("*.spool"))


def test_a_worker_killed_before_it_could_say_so_writes_the_same_rows_once(
    world: World, couples: list[Case], ada: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 1)
    monkeypatch.setattr(export_making, "SLICE", 2)
    view = _run(world, _ask(world, ada), folder)

    def killed(*_given: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr(export_making._Making, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            export_making.run(world.store, world.tools, folder, view.id)
    view = _run(world, view, folder, times=6)
    rows = _lines(_bytes(world, view, folder, ada))
    assert (view.state, view.rows, len({row["export_id"] for row in rows})) == ("ready", 6, 6)


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_danger_does_not_wait_until_a_large_file_is_written_and_read_back(
    world: World, couples: list[Case], ada: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(worker, "_PAUSE", 0.0)
    monkeypatch.setattr(export_making, "_ROWS", 1)
    place = Workplace(world.store, world.tools, folder, lambda *_mail: None, "office@example.org")
    seen: list[str] = []
    view = _ask(world, ada, form=form, identified=True, purpose="to be long")

    def look(at: Workplace, _intake: str) -> None:
        seen.append(_view(world, view.id).state)
        raise ValueError("one that fails, fails no report")

    def save_during(act: Any) -> Any:
        def done(*given: Any, **named: Any) -> Any:
            with world.store.staff.write() as session:
                jobs.add(session, world.tools, kind="left", subject_id="x")
            return act(*given, **named)

        return done

    monkeypatch.setitem(worker.HANDLERS, "left", look)
    for module, name in ((export_files, "write"), (export_checks, "require_sound")):
        monkeypatch.setattr(module, name, save_during(getattr(module, name)))
    worker.sweep(place)
    assert (seen, _view(world, view.id).state) == (["waiting", "waiting"], "ready")


def test_a_fault_of_what_comes_in_between_is_no_fault_of_the_report(
    world: World, couples: list[Case], ada: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_PAUSE", 0.0)
    monkeypatch.setattr(export_making, "_ROWS", 1)
    place = Workplace(world.store, world.tools, folder, lambda *_mail: None, "office@example.org")
    lease, view = jobs.lease, _ask(world, ada)

    def locked(*given: Any, **named: Any) -> Any:
        if named["without"]:
            raise ValueError("database is locked")
        return lease(*given, **named)

    monkeypatch.setattr(jobs, "lease", locked)
    worker.sweep(place)
    assert _view(world, view.id).state == "ready"


def test_a_report_that_takes_long_is_not_begun_by_another_worker(
    world: World, couples: list[Case], ada: Viewer, clock: Clock
) -> None:
    view = _ask(world, ada)
    with world.store.staff.write() as session:
        assert "export" in {job.kind for job in jobs.lease(session, world.tools)}
        clock.move(seconds=110)
        jobs.hold(session, world.tools, kind="export", subject_id=view.id)
        clock.move(seconds=110)
        assert "export" not in {job.kind for job in jobs.lease(session, world.tools)}


def test_a_cancelled_report_stops_and_leaves_nothing(
    world: World, couples: list[Case], ada: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 1)
    monkeypatch.setattr(export_making, "SLICE", 1)
    view = _run(world, _ask(world, ada), folder)
    assert [path.suffix for path in folder.iterdir()] == [".spool"]
    with world.store.staff.write() as session:
        exports.cancel(session, world.tools, export_id=view.id, by=ada)
    with world.store.staff.write() as session, pytest.raises(Conflict):
        exports.cancel(session, world.tools, export_id=view.id, by=ada)
    assert _run(world, view, folder).state == "cancelled"
    assert (list(folder.iterdir()), _verbs(world, view.id)) == ([], ["export.asked", "export.cancelled"])


def test_one_cancelled_in_the_middle_of_a_slice_or_at_the_end_is_not_offered(
    world: World, couples: list[Case], ada: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, slice_ = _ask(world, ada), export_making._Making.slice

    def cancelled(making: Any) -> Position:
        position = slice_(making)
        with world.store.staff.write() as session:
            exports.cancel(session, world.tools, export_id=view.id, by=ada)
        return position

    monkeypatch.setattr(export_making._Making, "slice", cancelled)
    assert _run(world, view, folder).state == "cancelled"
    with pytest.raises(Conflict):
        exports.finish(world.store, world.tools, view, by=ada, state="ready")
    with world.store.staff.write() as session, pytest.raises(NotFound):
        exports.hand_out(session, world.tools, export_id=view.id, by=ada)


def test_a_practice_says_how_long_a_file_lies_ready(
    world: World, couples: list[Case], ada: Viewer, folder: Path
) -> None:
    with world.store.staff.write() as session:
        practice_settings.change(session, world.tools, given={"export_days": "3"}, by=ada)
    view = _run(world, _ask(world, ada), folder)
    assert view.expires_at == world.tools.now() + timedelta(days=3)


def test_counts_on_paper_name_the_hidden_in_one_line() -> None:
    lines: list[tuple[str, str, Any]] = [
        ("cases_by_route", "consult", "hidden"),
        ("cases_by_route", "couples", 6),
        ("cases_by_route", "hold", "hidden"),
        ("cases_by_route", "total", 9),
        ("cases_by_model", "total", 0),
    ]
    made = datetime(2026, 11, 2, tzinfo=UTC)
    pen = export_papers.Pen("en", ZoneInfo("UTC"), "Riverside", made)
    order = export_orders.checked(form="pdf", report="board", since="2026-07-01")
    sheet = export_papers.board(pen, order, lines)
    assert [(part["title"], part["rows"]) for part in sheet["parts"]] == [
        (
            "Cases by recommended route",
            [
                ["Couples therapy", "6"],
                ["Consultation; Hold", "fewer than five, or hidden to protect one"],
                ["Total", "9"],
            ],
        ),
        ("Cases by suggested model", [["Total", "0"]]),
    ]
    assert sheet["notes"][0] == "Sent from 2026-07-01 to the day this was made"


def test_a_file_expires_and_is_gone(
    world: World, couples: list[Case], ada: Viewer, clock: Any, folder: Path
) -> None:
    view = _run(world, _ask(world, ada), folder)
    assert view.expires_at == world.tools.now() + exports.LIFE
    with world.store.staff.read() as session:
        c = table_of(Job).c
        due = session.execute(select(c.due_at).where(c.kind == "export_expiry")).scalars().all()
    assert due == [view.expires_at]
    exports.expire(world.store, world.tools, folder, view.id, by=ada)
    assert _again(world, view).state == "ready"
    clock.move(days=8)
    with world.store.staff.write() as session, pytest.raises(NotFound):
        exports.hand_out(session, world.tools, export_id=view.id, by=ada)
    exports.expire(world.store, world.tools, folder, view.id, by=ada)
    exports.expire(world.store, world.tools, folder, view.id, by=ada)
    assert (_again(world, view).state, list(folder.iterdir())) == ("expired", [])
    assert _verbs(world, view.id) == ["export.asked", "export.finished", "export.expired"]
    assert timedelta(0) < exports.LIFE


def test_the_manifest_counts_and_names_nobody(
    world: World, couples: list[Case], ada: Viewer, folder: Path
) -> None:
    view = _run(world, _ask(world, ada, filters=Filters(status="signed")), folder)
    told = json.loads(view.manifest or "")
    assert told["counts"] == {"seen": 6, "rows": 2, "unreadable": 0}
    assert (told["sha256"], told["made"], told["filters"]["status"]) == (view.sha256, "2026-11", "signed")
    assert (told["ruleset"], told["columns"]["lean"]) == ("2026.1", "plain")
    with pytest.raises(NotFound):
        exports.manifest(_ask(world, ada))
    streamed = _ask(world, ada, form="csv")
    assert json.loads(exports.manifest(streamed))["counts"] is None
    body = _bytes(world, streamed, folder, ada)
    told = json.loads(exports.manifest(_again(world, streamed)))
    assert (told["counts"]["rows"], told["sha256"]) == (6, hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (Filters(status="open"), 4),
        (Filters(status="closed"), 2),
        (Filters(status="signed"), 2),
        (Filters(status="unsigned"), 4),
        (Filters(route="discernment"), 2),
        (Filters(route="solo"), 0),
    ],
)
def test_filters_choose_rows(
    world: World, couples: list[Case], ada: Viewer, folder: Path, filters: Filters, count: int
) -> None:
    with world.store.staff.write() as session:
        c = table_of(CaseFile).c
        change = update(table_of(CaseFile)).where(c.id == couples[2].id)
        session.execute(change.values(closed_at=world.tools.now()))
    assert len(_lines(_made(world, ada, folder, filters=filters))) == count


def test_a_therapists_own_cases(world: World, couples: list[Case], ada: Viewer, folder: Path) -> None:
    with world.store.staff.read() as session:
        c = table_of(CaseFile).c
        thea = session.scalar(select(c.therapist_id).where(c.id == couples[0].id))
    assert len(_lines(_made(world, ada, folder, filters=Filters(therapist=str(thea))))) == 4
    with pytest.raises(BadInput) as refused:
        _ask(world, ada, filters=Filters(therapist="nobody"))
    assert refused.value.faults == {"therapist": "no_such_therapist"}


@pytest.mark.parametrize(("model", "column"), [(AnswerSet, "body_sealed"), (Recommendation, "body_box")])
def test_one_row_that_cannot_be_opened_is_counted_and_breaks_no_report(
    world: World, couples: list[Case], ada: Viewer, folder: Path, model: Any, column: str
) -> None:
    table = table_of(model)
    with world.store.staff.write() as session:
        of_one = (
            table.c.case_id == couples[0].id
            if model is Recommendation
            else table.c.id.in_(select(table.c.id).limit(1))
        )
        session.execute(update(table).where(of_one).values({column: b"poison"}))
    view = _run(world, _ask(world, ada), folder)
    rows = _lines(_bytes(world, view, folder, ada))
    bad = sum(row["route"] == "unreadable" for row in rows)
    assert (view.state, len(rows), bad) == (
        "ready",
        6,
        json.loads(view.manifest or "")["counts"]["unreadable"],
    )
    assert bad >= 1


def test_a_database_that_counts_otherwise_by_now_fails_the_report(
    world: World, couples: list[Case], ada: Viewer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_making, "SLICE", 0)
    view = _run(world, _ask(world, ada), folder)
    position = Position(is_read=True, seen=5, rows=5)
    making = export_making._Making(world.store, world.tools, folder, view)
    making.complete(position)
    assert (_again(world, view).state, _again(world, view).rows) == ("failed", None)
    assert _run(world, view, folder).state == "failed"


def test_a_workbook_holds_the_same_as_text(
    world: World, couples: list[Case], ada: Viewer, folder: Path
) -> None:
    (folder / ".sheet-left").mkdir()
    given = {"identified": True, "purpose": "court", "include": ("text",)}
    body = _made(world, ada, folder, form="xlsx", **given)
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert book.sheetnames == ["Report", "Notes"]
    head, *rows = book["Report"].iter_rows(values_only=True)
    table = [dict(zip(head, row, strict=True)) for row in rows]
    assert {(row["slot"], row["name"]) for row in table} == {
        (slot, f"{name} {number}") for slot, name in (("a", "Alex"), ("b", "Bo")) for number in range(3)
    }
    assert {row["own_words"] for row in table if row["slot"] == "a"} == {OWN}
    assert [path.suffix for path in folder.iterdir()] == [".box"]
    # The same order at the same moment gives the same bytes.
    rows_again = [[*row.values()] for row in table]
    once = b"".join(export_sheets.workbook(folder, ["a"], rows_again, []))
    assert once == b"".join(export_sheets.workbook(folder, ["a"], rows_again, []))


def test_nothing_in_a_workbook_is_a_formula_and_too_long_is_cut(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_sheets, "SHEET_ROWS", 2)
    rows: list[list[Any]] = [["=1+1", 7], ["x" * 40_000, None], ["https://example.org", ["a", "b"]]]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(export_sheets.workbook(folder, ["k", "n"], rows, []))))
    assert book.sheetnames == ["Report", "Report 2", "Notes"]
    cells = [book["Report"].cell(row, column) for row in (2, 3) for column in (1, 2)]
    assert [(cell.data_type, cell.value) for cell in cells[:2]] == [("s", "=1+1"), ("n", 7)]
    assert cells[2].value.endswith(export_sheets.CUT)
    assert book["Report 2"]["A2"].hyperlink is None


def test_a_workbook_with_another_head_or_count_is_unsound(folder: Path) -> None:
    body = b"".join(export_sheets.workbook(folder, ["a", "b"], [["1", None]], []))
    export_checks.require_sound("xlsx", [body], keys=["a", "b"], rows=1)
    for keys, rows in ((["a"], 1), (["a", "b"], 2)):
        with pytest.raises(export_files.Unsound):
            export_checks.require_sound("xlsx", [body], keys=keys, rows=rows)
    with pytest.raises(export_files.Unsound):
        export_checks.require_paper("pdf", [b"%PDF-1.7 without tags"])
    with pytest.raises(export_files.Unsound):
        export_checks.require_paper("json", [b"[]"])


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_counts_for_a_board(world: World, couples: list[Case], ada: Viewer, folder: Path, form: str) -> None:
    body = _made(world, ada, folder, form=form, report="board", purpose="board")
    if form == "csv":
        rows = [tuple(row) for row in csv.reader(io.StringIO(body.decode("utf-8-sig")))]
    elif form == "json":
        rows = [tuple(str(cell) for cell in row.values()) for row in _lines(body)]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(body))["Report"]
        rows = [tuple(str(cell) for cell in row) for row in sheet.iter_rows(values_only=True)]
        hidden = "fewer than five, or hidden to protect one"
        assert {
            ("People who sent a form, by month", "2026-11", "6"),
            ("Cases by recommended route", "Discernment", hidden),
            ("Cases by what the therapist signed", "not signed", hidden),
            ("Cases by what the therapist signed", "Total", hidden),
        } <= set(rows)
        return
    assert {
        ("people_by_month", "2026-11", "6"), ("people_by_month", "total", "6"),
        ("cases_by_signature", "not signed", "hidden"), ("cases_by_route", "total", "hidden"),
    } <= set(rows)  # fmt: skip


def test_a_spanish_board_reads_spanish(world: World, couples: list[Case], ada: Viewer, folder: Path) -> None:
    about = Filters(language="es")
    _, text = _pdf(_made(world, ada, folder, form="pdf", report="board", filters=about))
    assert all(word in text for word in ("Discernimiento", "sin firmar", "Total"))
    assert not [code for code in ("discernment", "mixed_agenda", "not signed", "hidden") if code in text]


@pytest.mark.parametrize(
    ("report", "counted", "told"),
    [
        ("intakes", (9, 3, 1), (9, 3, 1)),
        ("board", (9, 3, 0), (None, None, 0)),
        ("board", (9, 5, 4), (5, 5, None)),
    ],
)
def test_a_manifest_tells_no_small_count_that_the_board_hides(
    report: str, counted: tuple[int, int, int], told: tuple[int | None, ...]
) -> None:
    order, counts = export_orders.checked(form="csv", report=report), export_manifests.Counts(*counted)
    made = datetime(2026, 11, 2, tzinfo=UTC)
    manifest = json.loads(export_manifests.written(order, (), counts, sha256=None, made_at=made))
    assert tuple(manifest["counts"].values()) == told


def test_every_group_of_a_board_has_words() -> None:
    rules = {rule.reason for rule in TABLE} | {rule.reason_if_call_first for rule in TABLE} - {None, ""}
    signed = {"none", "not signed", "signed as recommended", "signed otherwise", "unreadable"}
    assert set(papers.groups()) == {*PROTECTIVENESS, *rules, *MODELS, *signed}


def test_counts_in_a_table() -> None:
    at = [column.key for column in export_board.COLUMNS]

    def row(case: int, route: str, signed: str | None = None, model: str | None = None) -> list[Any]:
        given = {"month": "2026-11", "route": route, "reason": None if route == "unreadable" else "r",
                 "case_key": str(case), "signed_route": signed, "model": model}  # fmt: skip
        return [given.get(key) for key in at]

    rows = [row(n, "couples", "couples", "eft") for n in range(6)] + [
        row(n + 9, "solo", "couples") for n in range(5)
    ]
    rows += [row(n + 20, "unreadable") for n in range(5)]
    found = export_board.counted(rows)
    assert [line for line in found if line[0] == "cases_by_signature"] == [
        ("cases_by_signature", "signed as recommended", 6),
        ("cases_by_signature", "signed otherwise", 5),
        ("cases_by_signature", "unreadable", 5),
        ("cases_by_signature", "total", 16),
    ]
    assert ("cases_by_reason", "couples: r", 6) in found
    assert ("cases_by_model", "eft", 6) in found


def test_no_table_of_a_board_tells_what_the_one_beside_it_hides() -> None:
    at = [column.key for column in export_board.COLUMNS]

    def told(*counts: tuple[str, str | None, str | None, int]) -> dict[tuple[str, str], Any]:
        kinds = [kind[:3] for kind in counts for _ in range(kind[3])]
        given = [
            {"month": "2026-11", "route": route, "reason": reason, "model": model, "case_key": str(n)}
            for n, (route, reason, model) in enumerate(kinds)
        ]
        found = export_board.counted([row.get(key) for key in at] for row in given)
        return {(table, group): count for table, group, count in found}

    # Two on hold take the nine couples with them: their reason and model would give both away.
    found = told(
        ("consult", "child", None, 20), ("couples", "matched", "eft", 9), ("hold", "stabilise", None, 2)
    )
    hidden = {group for (_table, group), count in found.items() if count == export_board.HIDDEN}
    assert hidden == {"couples", "hold", "couples: matched", "hold: stabilise", "eft"} | {"total"}
    assert (found["cases_by_reason", "total"], found["cases_by_model", "total"]) == (31, "hidden")
    # Three who wait for two reasons hide behind the five of a third.
    found = told(
        ("wait", "partner_not_submitted", None, 5), ("wait", "missing", None, 2), ("wait", "x", None, 1)
    )
    assert (found["cases_by_route", "wait"], found["cases_by_reason", "wait: partner_not_submitted"]) == (
        8,
        "hidden",
    )
    # Two that cannot be read have no reason: the sum of the others would count them.
    found = told(("couples", "matched", None, 9), ("solo", "r", None, 8), ("unreadable", None, None, 2))
    assert (found["cases_by_reason", "total"], found["cases_by_reason", "couples: matched"]) == ("hidden", 9)


def _pdf(body: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(body))
    return reader, "\n".join(page.extract_text() for page in reader.pages)


@pytest.mark.parametrize(("language", "word"), [("en", "Total"), ("es", "Persona A")])
def test_papers_are_tagged_and_say_whose_they_are(
    world: World, couples: list[Case], ada: Viewer, folder: Path, language: str, word: str
) -> None:
    filters = Filters(language=language)
    reader, _ = _pdf(
        _made(world, ada, folder, form="pdf", report="board", filters=filters, since="2026-11-01")
    )
    root = reader.trailer["/Root"]
    assert (root["/Lang"], "/StructTreeRoot" in root) == (language, True)
    about = Filters(case=couples[0].id, language=language)
    body = _made(
        world, ada, folder, form="pdf", report="case", identified=True, purpose="court", filters=about
    )
    reader, text = _pdf(body)
    assert all(name in text for name in ("Alex 0", "Bo 0", "R17b"))
    assert OWN not in text
    assert word in text or language == "en"


def test_a_case_tells_its_interviews_and_a_declined_answer_and_one_just_sent(
    world: World, ada: Viewer, folder: Path
) -> None:
    case, thea = world.case(), world.staff()
    case.send("a", "Alex", fear="declined")
    for ticks in ((True, True, True), (True, False, True)):
        with world.store.staff.write() as session:
            interviews.record(
                session, world.tools, case_id=case.id, slot="a", ticks=ticks, note="Calm.", by=thea
            )
    with world.store.staff.write() as session:
        session.execute(delete(table_of(AnswerSet)))
    about = {"identified": True, "purpose": "court", "include": ("safety",), "filters": Filters(case=case.id)}
    whole = json.loads(_made(world, ada, folder, form="json", report="case", **about))
    held = [row[1] for row in whole["parts"][2]["rows"]]
    assert sorted(held) == ["Partner A: identity, privacy and safety confirmed", "Partner A: not complete"]
    assert "would rather talk about it in person" in json.dumps(whole)
    assert len(_lines(_made(world, ada, folder))) == 1


def test_a_persons_record_holds_only_that_person(
    world: World, couples: list[Case], ada: Viewer, folder: Path
) -> None:
    case = couples[0]
    case.say("a", "message", {"text": "Please call me at noon."})
    with world.store.staff.write() as session:
        shown = {"title": "A message", "text": "We called you on Monday."}
        notice_board.pin(session, world.tools, partner_id=case.ids["a"], kind="letter", body=shown)
    about = {
        "report": "person",
        "identified": True,
        "purpose": "own request",
        "filters": Filters(case=case.id, slot="a"),
    }
    plain = _made(world, ada, folder, form="pdf", **about)
    _, text = _pdf(plain)
    assert "Alex 0" in text
    assert not any(word in text for word in ("Bo 0", "R17b", "discernment", "noon", OWN))
    kinds = ("safety", "suicide", "affair", "substance", "text")
    record = json.loads(_made(world, ada, folder, form="json", include=kinds, **about))
    words = json.dumps(record, ensure_ascii=False)
    assert all(word in words for word in ("Alex 0", "noon", "on Monday", OWN))
    assert not any(word in words for word in ("Bo 0", "R17b"))
    assert _verbs(world, case.id).count("export.of_case") == 2
    strangers = Filters(case=ada.id, slot="a", therapist=case.id)  # ids, but of something else
    with pytest.raises(BadInput) as refused:
        _ask(world, ada, **{**about, "form": "pdf", "filters": strangers})
    assert refused.value.faults == {"case": "no_such_case", "therapist": "no_such_therapist"}


def test_a_person_who_sent_nothing_has_a_record_all_the_same(world: World, ada: Viewer, folder: Path) -> None:
    case = world.case()
    case.join("a", "Alex")
    about = {"identified": True, "purpose": "own request", "filters": Filters(case=case.id, slot="a")}
    record = json.loads(_made(world, ada, folder, form="json", report="person", **about))
    assert record["parts"][0]["rows"] == [["Alex", "–"]]
    whole = json.loads(_made(world, ada, folder, form="json", report="case", **about))
    assert [part["rows"] for part in whole["parts"][:3]] == [[], [], []]


def test_a_spool_that_was_changed_is_refused(world: World, folder: Path) -> None:
    start = Position()
    pieces, size = export_spool.append(world.tools, folder, "r1", start, '["a", 1]\n["b", null]')
    position = Position(pieces=pieces, size=size)
    assert list(export_spool.rows(world.tools, folder, "r1", position)) == [["a", 1], ["b", None]]
    assert export_spool.append(world.tools, folder, "r1", position, "") == (pieces, size)
    assert list(export_spool.rows(world.tools, folder, "r1", start)) == []
    with pytest.raises(VaultError):
        list(export_spool.rows(world.tools, folder, "r1", Position(pieces=pieces, size=size + 1)))
    with pytest.raises(VaultError):
        list(export_spool.rows(world.tools, folder, "r2", position) if _moved(folder) else ())
    export_spool.discard(folder, "r2")
    assert (Position.of("{}"), Position.of(position.text())) == (start, position)


def _moved(folder: Path) -> bool:
    export_spool.path(folder, "r1").rename(export_spool.path(folder, "r2"))
    return True


def test_a_command_writes_a_workbook_at_once(
    world: World, couples: list[Case], ada: Viewer, folder: Path
) -> None:
    order = export_orders.checked(form="xlsx")
    with world.store.staff.write() as session:
        view = exports.create(session, world.tools, order=order, by=ada, is_handed_over=True)
    pieces: Iterator[bytes] = export_making.at_once(world.store, world.tools, folder, view, by=ada)
    body = b"".join(pieces)
    done = _again(world, view)
    assert (done.state, done.rows, done.sha256) == ("handed_over", 6, hashlib.sha256(body).hexdigest())
    assert list(folder.iterdir()) == []
    with world.store.staff.read() as session:
        assert session.execute(select(table_of(Export).c.expires_at)).scalar_one() is None
