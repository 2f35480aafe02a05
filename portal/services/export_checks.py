"""A finished file, read again as its readers will read it, before it is offered."""

from __future__ import annotations

import codecs
import csv
import io
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from portal.services.export_columns import MARK
from portal.services.export_files import Unsound


def require_sound(
    form: str,
    pieces: Iterable[bytes],
    *,
    keys: Sequence[str],
    rows: int | None,
    between: Callable[[], object] = bool,
) -> None:
    """Raise Unsound unless the file opens with these columns and ``rows`` rows (None: any number).

    ``between``: called with each row of a workbook, which is read as a whole.
    """
    found = _xlsx_rows(pieces, list(keys), between) if form == "xlsx" else _READERS[form](pieces, list(keys))
    if rows is not None and found != rows:
        raise Unsound(f"{found} rows instead of {rows}")


def require_paper(form: str, pieces: Iterable[bytes]) -> None:
    """Raise Unsound unless a document opens: a tagged PDF with pages, or one JSON object."""
    whole = b"".join(pieces)
    if form == "json":
        if not isinstance(json.loads(whole), dict):
            raise Unsound("not an object")
        return
    if not whole.startswith(b"%PDF-") or b"/StructTreeRoot" not in whole:
        raise Unsound("not a tagged PDF")


def _csv_rows(pieces: Iterable[bytes], keys: list[str]) -> int:
    table = csv.reader(_lines(pieces, keep_ends=True), strict=True)
    head = next(table, [""])
    if [head[0].removeprefix(MARK.decode()), *head[1:]] != keys:
        raise Unsound("another head")
    return sum(_is_whole(len(row), len(keys)) for row in table)


def _json_rows(pieces: Iterable[bytes], keys: list[str]) -> int:
    return sum(_is_whole(list(json.loads(line)), keys) for line in _lines(pieces, keep_ends=False))


def _xlsx_rows(pieces: Iterable[bytes], keys: list[str], between: Callable[[], object]) -> int:
    import openpyxl  # noqa: PLC0415 - late: large, and only for this file

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(b"".join(pieces)), read_only=True)
    found = 0
    for name in book.sheetnames:
        if not name.startswith("Report"):
            continue
        # One column more than there are: whatever stands in it makes the head another one.
        table = book[name].iter_rows(values_only=True, max_col=len(keys) + 1)
        if list(next(table, ())) != [*keys, None]:
            raise Unsound("another head")
        for row in table:
            found += row[-1] is None
            between()
    book.close()
    return found


_READERS: Final = {"csv": _csv_rows, "json": _json_rows}


def _lines(pieces: Iterable[bytes], *, keep_ends: bool) -> Iterator[str]:
    """Lines of UTF-8 pieces that were cut anywhere."""
    decoder, held = codecs.getincrementaldecoder("utf-8")("strict"), ""
    for piece in pieces:
        *whole, held = (held + decoder.decode(piece)).split("\n")
        yield from (f"{line}\n" if keep_ends else line for line in whole)
    held += decoder.decode(b"", final=True)
    yield from [held] if held else ()


def _is_whole(found: object, wanted: object) -> bool:
    if found != wanted:
        raise Unsound("a row without all columns")
    return True
