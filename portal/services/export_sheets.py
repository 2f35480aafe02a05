"""A report as a workbook: text stays text, memory stays small, the same rows give the same bytes.

XlsxWriter in constant memory keeps rows in a working folder while it works: it lies inside the instance,
for this account alone, and is gone afterwards. Whatever a killed run left is removed by the next.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from portal.services.export_columns import Cell, flat

#: Rows of one sheet; a workbook takes 1,048,576 with the head.
SHEET_ROWS: Final = 1_000_000
#: Characters of one cell; Excel takes 32,767.
LONGEST: Final = 32_767
CUT: Final = "… (cut)"
_PIECE: Final = 64 * 1024
_PREFIX: Final = ".sheet-"
#: Fixed, so that a file's properties tell no moment and no name.
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def workbook(
    folder: Path, keys: Sequence[str], rows: Iterable[Sequence[Cell]], notes: Sequence[Sequence[str]]
) -> Iterator[bytes]:
    """The bytes of a workbook: sheets of rows, then one of ``notes`` (what each column is)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tidy(folder)
    desk = Path(mkdtemp(prefix=_PREFIX, dir=folder))
    try:
        target = desk / "report.xlsx"
        _write(target, desk, keys, rows, notes)
        with target.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    finally:
        shutil.rmtree(desk, ignore_errors=True)


def tidy(folder: Path) -> None:
    """Remove working folders of runs that were killed."""
    for left in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def _write(
    target: Path,
    desk: Path,
    keys: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    notes: Sequence[Sequence[str]],
) -> None:
    import xlsxwriter  # noqa: PLC0415 - late: large, and only for this file

    options = {
        "constant_memory": True, "tmpdir": str(desk), "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(str(target), options)
    book.set_properties({"title": "Report", "created": _MADE})
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet, at = _sheet(book, 1, keys, bold), 0
    for number, row in enumerate(rows):
        if number and number % SHEET_ROWS == 0:
            sheet, at = _sheet(book, number // SHEET_ROWS + 1, keys, bold), 0
        at += 1
        _fill(sheet, at, row)
    beside = book.add_worksheet("Notes")
    beside.set_column(0, 0, 26)
    beside.set_column(1, 1, 90)
    for at, note in enumerate(notes):
        _fill(beside, at, note)
    book.close()


def _sheet(book: Any, number: int, keys: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet("Report" if number == 1 else f"Report {number}")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(keys) - 1, 16)
    for at, key in enumerate(keys):
        sheet.write_string(0, at, key, bold)
    return sheet


def _fill(sheet: Any, at: int, row: Sequence[Cell]) -> None:
    """Numbers as numbers, everything else as text; nothing is a formula, and too long is cut, and says so."""
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            sheet.write_number(at, column, cell)
            continue
        text = flat(cell)
        # Excel counts UTF-16 units.
        if len(text.encode("utf-16-le")) // 2 > LONGEST:
            text = text[: (LONGEST - len(CUT)) // 2] + CUT
        sheet.write_string(at, column, text)
