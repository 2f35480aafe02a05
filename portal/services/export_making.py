"""How the worker makes a report: a slice at a time, then the file, read back before it is offered.

A slice is short, so that safety and mail never wait behind a long report; after each one the next is asked
for, in the same transaction that keeps how far it came.
"""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import update

from portal.domain.access import Viewer, system
from portal.models import Export, table_of
from portal.services import (
    export_board,
    export_checks,
    export_columns,
    export_files,
    export_papers,
    export_sheets,
    export_spool,
    exports,
    jobs,
)
from portal.services.export_columns import Cell
from portal.services.export_files import Unsound
from portal.services.export_manifests import Counts
from portal.services.export_orders import PAPERS
from portal.services.export_spool import Position
from portal.services.exports import ExportView
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import VaultError

#: Batches of one slice: ten thousand intakes, a second or two.
SLICE: Final = 50
_BY: Final[Viewer] = system("export")


def run(store: Store, tools: Tools, folder: Path, export_id: str) -> None:
    """Go on with a waiting report (a job of the worker); tidy up after one that is over.

    Raises Conflict where it was cancelled at the last moment; the job then runs again and tidies up.
    """
    with store.staff.read() as session:
        view = exports.find(session, tools, export_id)
    if view.state != "waiting":
        _tidy(folder, view)
        return
    if view.report in PAPERS:
        _offer(store, tools, folder, view, _paper(store, tools, view), Counts(1, 1, 0))
        return
    view = _counted(store, tools, view)
    position = _slice(store, tools, folder, view)
    if _keep(store, tools, view, position) and position.is_read:
        _complete(store, tools, folder, view, position)


def at_once(store: Store, tools: Tools, folder: Path, view: ExportView, *, by: Viewer) -> Iterator[bytes]:
    """The bytes of a report that a command writes itself, from rows set aside in ``folder`` meanwhile."""
    position = Position()
    while not position.is_read:
        position = _slice(store, tools, folder, replace(view, position=position))
    digest = hashlib.sha256()
    for piece in _plain(store, tools, folder, view, position):
        digest.update(piece)
        yield piece
    export_spool.discard(folder, view.id)
    counts = Counts(position.seen, position.rows, position.unreadable)
    exports.finish(store, tools, view, by=by, state=view.state, counts=counts, sha256=digest.hexdigest())


def _tidy(folder: Path, view: ExportView) -> None:
    export_spool.discard(folder, view.id)
    if view.state in ("cancelled", "failed"):
        export_files.discard(folder, view.id)


def _counted(store: Store, tools: Tools, view: ExportView) -> ExportView:
    """The report with the number of intakes that it will look at: what its progress is of."""
    if view.all_rows is not None:
        return view
    with store.staff.read() as session:
        found = view.reader(tools).count(session)
    with store.staff.write() as session:
        c = table_of(Export).c
        session.execute(update(table_of(Export)).where(c.id == view.id).values(all_rows=found))
        return exports.find(session, tools, view.id)


def _slice(store: Store, tools: Tools, folder: Path, view: ExportView) -> Position:
    """Read some batches and set their rows aside; where it stands then."""
    reader, position = view.reader(tools), view.position
    for _ in range(SLICE):
        if position.is_read:
            break
        sources, following = reader.batch(store.staff, position.slot, position.after)
        chosen = [source for source in sources if source is not None]
        rows = [export_columns.cells(view.columns, source) for source in chosen]
        pieces, size = export_spool.append(tools, folder, view.id, position, rows)
        slot, after = following or (position.slot, position.after)
        position = Position(
            slot, after, pieces, size,
            seen=position.seen + len(sources),
            rows=position.rows + len(rows),
            unreadable=position.unreadable + sum(not source.is_readable for source in chosen),
            is_read=following is None,
        )  # fmt: skip
    return position


def _keep(store: Store, tools: Tools, view: ExportView, position: Position) -> bool:
    """Keep how far it came and ask for the next slice; whether it is still wanted."""
    c = table_of(Export).c
    with store.staff.write() as session:
        if exports.find(session, tools, view.id).state != "waiting":
            jobs.add(session, tools, kind="export", subject_id=view.id)
            return False
        values = {"position": position.text(), "done_rows": position.seen}
        session.execute(update(table_of(Export)).where(c.id == view.id).values(**values))
        if not position.is_read:
            jobs.add(session, tools, kind="export", subject_id=view.id)
    return True


def _complete(store: Store, tools: Tools, folder: Path, view: ExportView, position: Position) -> None:
    """The file from the rows that were set aside; failed where the database counts otherwise by now."""
    with store.staff.read() as session:
        found = view.reader(tools).count(session)
    if found != position.seen:
        _fail(store, tools, folder, view)
        return
    counts = Counts(position.seen, position.rows, position.unreadable)
    _offer(store, tools, folder, view, _plain(store, tools, folder, view, position), counts)
    export_spool.discard(folder, view.id)


def _offer(
    store: Store, tools: Tools, folder: Path, view: ExportView, plain: Iterator[bytes], counts: Counts
) -> None:
    """Write, read back, and say that it is ready; what does not read back is thrown away."""
    target = export_files.path(folder, view.id)
    try:
        written = export_files.write(tools, target, view.id, plain)
        _check(view, export_files.read(tools, target, view.id), counts.rows)
    except (Unsound, VaultError, csv.Error, ValueError, KeyError, zipfile.BadZipFile):
        _fail(store, tools, folder, view)
        return
    exports.finish(store, tools, view, by=_BY, state="ready", counts=counts, sha256=written.sha256)


def _fail(store: Store, tools: Tools, folder: Path, view: ExportView) -> None:
    export_files.discard(folder, view.id)
    export_spool.discard(folder, view.id)
    exports.finish(store, tools, view, by=_BY, state="failed")


def _check(view: ExportView, pieces: Iterator[bytes], rows: int) -> None:
    if view.report in PAPERS or view.format == "pdf":
        export_checks.require_paper(view.format, pieces)
        return
    is_board = view.report == "board"
    keys = list(export_board.KEYS) if is_board else [column.key for column in view.columns]
    export_checks.require_sound(view.format, pieces, keys=keys, rows=None if is_board else rows)


def _plain(
    store: Store, tools: Tools, folder: Path, view: ExportView, position: Position
) -> Iterator[bytes]:
    """The bytes of a finished table, or of counts."""
    rows: Iterator[Sequence[Cell]] = export_spool.rows(tools, folder, view.id, position)
    keys = [column.key for column in view.columns]
    if view.report == "board":
        lines = export_board.counted(rows)
        if view.format == "pdf":
            return _board_on_paper(store, tools, view, lines)
        rows, keys = iter(lines), list(export_board.KEYS)
    return _table(folder, view, keys, rows)


def _table(
    folder: Path, view: ExportView, keys: list[str], rows: Iterator[Sequence[Cell]]
) -> Iterator[bytes]:
    if view.format == "xlsx":
        yield from export_sheets.workbook(folder, keys, rows, _notes(view))
        return
    if view.format == "csv":
        yield export_columns.MARK + export_columns.csv_line(keys)
    for row in rows:
        yield export_columns.csv_row(row) if view.format == "csv" else export_columns.json_row(keys, row)


def _notes(view: ExportView) -> list[tuple[str, str]]:
    """What stands on the last sheet of a workbook."""
    chosen = [(column.key, column.sensitivity) for column in view.columns]
    return [
        ("report", view.report),
        ("identified", "yes" if view.identified else "no"),
        ("", "Answers are self-report, unverified; no screening clears anybody."),
        *([] if view.report == "board" else chosen),
    ]


def _board_on_paper(
    store: Store, tools: Tools, view: ExportView, lines: list[tuple[str, str, Cell]]
) -> Iterator[bytes]:
    with store.staff.read() as session:
        pen = export_papers.pen(session, view.order, view.asked_at)
    sheet = export_papers.board(pen, view.order, lines)
    yield export_papers.printed("pdf", sheet, made_at=view.asked_at)


def _paper(store: Store, tools: Tools, view: ExportView) -> Iterator[bytes]:
    """One case's or one person's document."""
    order = view.order
    with store.staff.read() as session:
        pen = export_papers.pen(session, order, view.asked_at)
        write = export_papers.person if order.report == "person" else export_papers.case
        sheet: dict[str, Any] = write(session, tools, pen, order)
    yield export_papers.printed(order.format, json.loads(json.dumps(sheet)), made_at=view.asked_at)
