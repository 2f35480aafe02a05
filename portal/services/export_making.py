"""How the worker makes a report: a slice at a time, then the file, read back before it is offered.

A slice is short, so that safety and mail never wait behind a long report; after each one the next is asked
for, in the same transaction that keeps how far it came.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import update

from portal.domain.access import Viewer, system
from portal.models import Export, table_of
from portal.services import (
    export_board,
    export_checks,
    export_columns,
    export_crew,
    export_files,
    export_papers,
    export_sheets,
    export_spool,
    exports,
    jobs,
)
from portal.services.export_columns import Cell
from portal.services.export_crew import NOBODY, Crew
from portal.services.export_files import Unsound
from portal.services.export_manifests import Counts
from portal.services.export_orders import PAPERS
from portal.services.export_parts import Part
from portal.services.export_spool import Position
from portal.services.exports import ExportView
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import VaultError

#: Batches of one slice: ten thousand intakes, a second or two.
SLICE: Final = 25
#: Rows of a file between two pauses.
_ROWS: Final = 500
_Thing = TypeVar("_Thing")
_BY: Final[Viewer] = system("export")
_BROKEN: Final = (Unsound, VaultError, csv.Error, ValueError, KeyError, zipfile.BadZipFile)


def _nobody_waits() -> None:
    """No pause."""


def run(
    store: Store,
    tools: Tools,
    folder: Path,
    export_id: str,
    *,
    crew: Crew = NOBODY,
    between: Callable[[], None] = _nobody_waits,
) -> None:
    """Go on with a waiting report (a job of the worker); tidy up after one that is over. ``crew``: who makes
    the rows of a large one; ``between``: called again and again while its file is written and read back,
    outside any transaction, for whatever cannot wait so long.

    Raises Conflict where it was cancelled at the last moment; the job then runs again and tidies up.
    """
    with store.staff.read() as session:
        view = exports.find(session, tools, export_id)
    if view.state == "waiting":
        _Making(store, tools, folder, view, crew, between).go_on()
        return
    export_spool.discard(folder, view.id)
    if view.state in ("cancelled", "failed"):
        export_files.discard(folder, view.id)


def at_once(
    store: Store, tools: Tools, folder: Path, view: ExportView, *, by: Viewer, crew: Crew = NOBODY
) -> Iterator[bytes]:
    """The bytes of a report that a command writes itself, from rows set aside in ``folder`` meanwhile."""
    making, digest = _Making(store, tools, folder, view, crew).counted(), hashlib.sha256()
    while not making.view.position.is_read:
        making = replace(making, view=replace(making.view, position=making.slice()))
    position = making.view.position
    for piece in making.table(position):
        digest.update(piece)
        yield piece
    export_spool.discard(folder, view.id)
    counts = Counts(position.seen, position.rows, position.unreadable)
    exports.finish(store, tools, view, by=by, state=view.state, counts=counts, sha256=digest.hexdigest())


@dataclass(frozen=True)
class _Making:
    """One report under the worker's hands."""

    store: Store
    tools: Tools
    folder: Path
    view: ExportView
    crew: Crew = NOBODY
    between: Callable[[], None] = _nobody_waits

    def go_on(self) -> None:
        """One document whole, or one slice of rows; the file after the last."""
        if self.view.report in PAPERS:
            self._offer(self._paper(), Counts(1, 1, 0))
            return
        making = replace(self, view=self._with_total())
        position = making.slice()
        if making.keep(position) and position.is_read:
            making.complete(position)

    def counted(self) -> _Making:
        """The same, knowing whether there are many intakes, which decides who makes the rows."""
        if not self.crew.count:
            return self
        return replace(self, view=replace(self.view, all_rows=self._count(self.crew.least)))

    def _with_total(self) -> ExportView:
        """The report with the number of intakes that it will look at: what its progress is of."""
        if self.view.all_rows is not None:
            return self.view
        found = self._count()
        c = table_of(Export).c
        with self.store.staff.write() as session:
            session.execute(update(table_of(Export)).where(c.id == self.view.id).values(all_rows=found))
        return replace(self.view, all_rows=found)

    def _count(self, most: int | None = None) -> int:
        with self.store.staff.read() as session:
            return self.view.reader(self.tools).count(session, most)

    def slice(self) -> Position:
        """Read some batches and set their rows aside; where it stands then."""
        position, task = self.view.position, self.view.task(self.tools, "rows")
        found = export_crew.parts(
            self.store.staff,
            task,
            None if position.is_read else (position.slot, position.after),
            crew=self.crew,
            intakes=self.view.all_rows or 0,
            most=SLICE * max(1, self.crew.count),
        )
        for part in found:
            position = self._set_aside(position, part)
        return position

    def _set_aside(self, position: Position, part: Part) -> Position:
        text = part.body.decode()
        pieces, size = export_spool.append(self.tools, self.folder, self.view.id, position, text)
        slot, after = part.following or (position.slot, position.after)
        return Position(
            slot, after, pieces, size,
            seen=position.seen + part.seen,
            rows=position.rows + part.rows,
            unreadable=position.unreadable + part.unreadable,
            is_read=part.following is None,
        )  # fmt: skip

    def keep(self, position: Position) -> bool:
        """Keep how far it came and ask for the next slice; whether it is still wanted."""
        c, export_id = table_of(Export).c, self.view.id
        with self.store.staff.write() as session:
            if exports.find(session, self.tools, export_id).state != "waiting":
                jobs.add(session, self.tools, kind="export", subject_id=export_id)
                return False
            values = {"position": position.text(), "done_rows": position.seen}
            session.execute(update(table_of(Export)).where(c.id == export_id).values(**values))
            if not position.is_read:
                jobs.add(session, self.tools, kind="export", subject_id=export_id)
        return True

    def complete(self, position: Position) -> None:
        """The file from the rows that were set aside; failed where the database counts otherwise by now."""
        if self._count() != position.seen:
            self._fail()
            return
        self._offer(self.table(position), Counts(position.seen, position.rows, position.unreadable))
        export_spool.discard(self.folder, self.view.id)

    def _offer(self, plain: Iterator[bytes], counts: Counts) -> None:
        """Write, read back, and say that it is ready; what does not read back is thrown away."""
        target, view = export_files.path(self.folder, self.view.id), self.view
        try:
            written = export_files.write(self.tools, target, view.id, plain)
            self._check(self._spaced(export_files.read(self.tools, target, view.id)), counts.rows)
        except _BROKEN:
            self._fail()
            return
        exports.finish(
            self.store, self.tools, view, by=_BY, state="ready", counts=counts, sha256=written.sha256
        )

    def _spaced(self, things: Iterable[_Thing], every: int = 1) -> Iterator[_Thing]:
        """The same things, with a pause after so many of them."""
        for number, thing in enumerate(things, 1):
            yield thing
            if number % every == 0:
                self.between()

    def _fail(self) -> None:
        export_files.discard(self.folder, self.view.id)
        export_spool.discard(self.folder, self.view.id)
        exports.finish(self.store, self.tools, self.view, by=_BY, state="failed")

    def _check(self, pieces: Iterator[bytes], rows: int) -> None:
        view = self.view
        if view.report in PAPERS or view.format == "pdf":
            export_checks.require_paper(view.format, pieces)
            return
        is_board = view.report == "board"
        export_checks.require_sound(
            view.format, pieces, keys=self._keys(), rows=None if is_board else rows, between=self.between
        )

    def _keys(self) -> list[str]:
        if self.view.report == "board":
            return list(export_board.KEYS)
        return [column.key for column in self.view.columns]

    def table(self, position: Position) -> Iterator[bytes]:
        """The bytes of a finished table, or of counts."""
        kept = export_spool.rows(self.tools, self.folder, self.view.id, position)
        rows: Iterator[Sequence[Cell]] = self._spaced(kept, _ROWS)
        view, keys = self.view, self._keys()
        if view.report == "board":
            lines = export_board.counted(rows)
            if view.format == "pdf":
                yield self._board_on_paper(lines)
                return
            is_read = view.format == "xlsx"
            rows = export_papers.board_words(lines, view.filters.language) if is_read else iter(lines)
        if view.format == "xlsx":
            yield from export_sheets.workbook(self.folder, keys, rows, self._notes())
            return
        if view.format == "csv":
            yield export_columns.MARK + export_columns.csv_line(keys)
        for row in rows:
            yield export_columns.csv_row(row) if view.format == "csv" else export_columns.json_row(keys, row)

    def _notes(self) -> list[tuple[str, str]]:
        """What stands on the last sheet of a workbook."""
        chosen = [(column.key, column.sensitivity) for column in self.view.columns]
        return [
            ("report", self.view.report),
            ("identified", "yes" if self.view.identified else "no"),
            ("", "Answers are self-report, unverified; no screening clears anybody."),
            *([] if self.view.report == "board" else chosen),
        ]

    def _board_on_paper(self, lines: Sequence[tuple[str, str, Cell]]) -> bytes:
        view = self.view
        with self.store.staff.read() as session:
            pen = export_papers.pen(session, view.order, view.asked_at)
        sheet = export_papers.board(pen, view.order, lines)
        return export_papers.printed("pdf", sheet, made_at=view.asked_at)

    def _paper(self) -> Iterator[bytes]:
        """One case's or one person's document."""
        order = self.view.order
        with self.store.staff.read() as session:
            pen = export_papers.pen(session, order, self.view.asked_at)
            write = export_papers.person if order.report == "person" else export_papers.case
            sheet = write(session, self.tools, pen, order)
        yield export_papers.printed(order.format, sheet, made_at=self.view.asked_at)
