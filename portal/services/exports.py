"""Reports: asked for, made, handed out, each step with its event.

A de-identified report streams at once from its own page. An identified one needs a purpose, and its file
is made by the worker and lies boxed in the exports folder until somebody fetches it.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer, system
from portal.domain.answers import canonical_text
from portal.models import Export, table_of
from portal.services import audit, export_columns, export_files, jobs
from portal.services.errors import BadInput, NotFound
from portal.services.export_columns import FORMATS, KINDS, Column
from portal.services.export_rows import Reader, Span
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place, VaultError

LONGEST_PURPOSE: Final = 500
_PIECE: Final = 64 * 1024
#: Days a report may begin or end on; beyond them the calendar's own edges are near.
_YEARS: Final = range(1970, 2200)


@dataclass(frozen=True)
class Order:
    """What is asked for, checked. ``since`` and ``until`` are inclusive days in the practice's time zone."""

    format: str
    since: date | None = None
    until: date | None = None
    identified: bool = False
    include: tuple[str, ...] = ()
    purpose: str = field(default="", repr=False)


@dataclass(frozen=True)
class ExportView:
    """One report. ``state``: waiting, ready, failed, handed_over (by a command); ``rows``: None at first."""

    id: str
    asked_by: str
    asked_at: datetime
    format: str
    identified: bool
    include: tuple[str, ...]
    since: date | None
    until: date | None
    purpose: str = field(repr=False)
    state: str
    rows: int | None
    file_name: str
    sha256: str | None
    finished_at: datetime | None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of this report."""
        return export_columns.columns(identified=self.identified, include=self.include)


def checked(
    *, form: str, since: str, until: str, identified: bool, include: Sequence[str], purpose: str
) -> Order:
    """An order from posted texts. Raises BadInput with a reason for each field at fault."""
    faults: dict[str, str] = {}
    first, last = _day("since", since, faults), _day("until", until, faults)
    if first is not None and last is not None and last < first:
        faults["until"] = "before_since"
    if form not in FORMATS:
        faults["format"] = "not_an_option"
    if any(kind not in KINDS for kind in include):
        faults["include"] = "not_an_option"
    elif include and not identified:
        faults["include"] = "identified_only"
    why = _purpose(purpose, faults, is_needed=identified)
    if faults:
        raise BadInput(faults)
    return Order(form, first, last, identified, tuple(kind for kind in KINDS if kind in include), why)


def _day(name: str, text: str, faults: dict[str, str]) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        faults[name] = "bad_date"
        return None
    if day.year not in _YEARS:
        faults[name] = "bad_date"
        return None
    return day


def _purpose(text: str, faults: dict[str, str], *, is_needed: bool) -> str:
    try:
        purpose = canonical_text(text).strip()
    except ValueError:
        faults["purpose"] = "bad_characters"
        return ""
    if is_needed and not purpose:
        faults["purpose"] = "missing"
    if len(purpose) > LONGEST_PURPOSE:
        faults["purpose"] = "too_long"
    return purpose


def create(
    session: Session, tools: Tools, *, order: Order, by: Viewer, is_handed_over: bool = False
) -> ExportView:
    """Keep an order with its event. ``is_handed_over``: a command writes the file itself, at once.

    Anything else that is identified becomes a job of the worker.
    """
    row_id = tools.new_id()
    state = "handed_over" if is_handed_over else "waiting" if order.identified else "ready"
    ending = "csv" if order.format == "csv" else "jsonl"
    row = {
        "id": row_id,
        "asked_by": by.id,
        "asked_at": tools.now(),
        "format": order.format,
        "identified": order.identified,
        "include": ",".join(order.include),
        "purpose_box": tools.vault.box("staff", Place("export", "purpose_box", row_id), order.purpose),
        "state": state,
        "since": order.since and order.since.isoformat(),
        "until": order.until and order.until.isoformat(),
        "file_name": f"report-{tools.new_id()[:8]}.{ending}",
    }
    session.execute(insert(table_of(Export)), [row])
    detail: audit.Detail = {
        "format": order.format,
        "identified": order.identified,
        "include": list(order.include),
        "since": row["since"],  # type: ignore[dict-item]
        "until": row["until"],  # type: ignore[dict-item]
    }
    audit.record(session, tools, by=by, verb="export.asked", subject=("export", row_id), detail=detail)
    if state == "waiting":
        jobs.add(session, tools, kind="export", subject_id=row_id)
    return find(session, tools, row_id)


def find(session: Session, tools: Tools, export_id: str) -> ExportView:
    """One report. Raises NotFound."""
    c = table_of(Export).c
    row = session.execute(select(table_of(Export)).where(c.id == export_id)).one_or_none()
    if row is None:
        raise NotFound
    return _view(tools, row)


def newest(session: Session, tools: Tools, *, limit: int = 50) -> tuple[ExportView, ...]:
    """Reports, the newest first. One statement."""
    c = table_of(Export).c
    rows = session.execute(
        select(table_of(Export)).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    ).all()
    return tuple(_view(tools, row) for row in rows)


def _view(tools: Tools, row: Row[Any]) -> ExportView:
    values = dict(row._mapping)
    box = values.pop("purpose_box")
    return ExportView(
        **{
            **values,
            "include": tuple(kind for kind in row.include.split(",") if kind),
            "since": row.since and date.fromisoformat(row.since),
            "until": row.until and date.fromisoformat(row.until),
        },
        purpose=tools.vault.unbox("staff", Place("export", "purpose_box", row.id), box),
    )


def hand_out(session: Session, tools: Tools, *, export_id: str, by: Viewer) -> ExportView:
    """Note that somebody fetches the file now, before its first byte. Raises NotFound until it is ready."""
    view = find(session, tools, export_id)
    if view.state != "ready":
        raise NotFound
    audit.record(session, tools, by=by, verb="export.downloaded", subject=("export", export_id))
    return view


def content(store: Store, tools: Tools, *, view: ExportView, folder: Path, by: Viewer) -> Iterator[bytes]:
    """The bytes of a report: streamed from the database, or from its boxed file (NotFound: gone)."""
    if not view.identified:
        return stream(store, tools, view=view, by=by)
    source = export_files.path(folder, view.id)
    if not source.exists():
        raise NotFound
    return export_files.read(tools, source, view.id)


def stream(store: Store, tools: Tools, *, view: ExportView, by: Viewer) -> Iterator[bytes]:
    """Make a report as it is read, in pieces of about 64 KiB; notes rows and checksum at its end."""
    digest, rows, held = hashlib.sha256(), 0, bytearray(export_columns.head(view.format, view.columns))
    for line in _lines(store, tools, view):
        rows += 1
        held += line
        if len(held) >= _PIECE:
            digest.update(held)
            yield bytes(held)
            held.clear()
    digest.update(held)
    yield bytes(held)
    _finish(store, tools, view, by=by, state=view.state, rows=rows, sha256=digest.hexdigest())


def _lines(store: Store, tools: Tools, view: ExportView) -> Iterator[bytes]:
    span = Span(view.since, view.until, view.asked_at)
    reader = Reader(tools, view.id, span, view.identified)
    chosen = view.columns
    return (export_columns.line(view.format, chosen, source) for source in reader.sources(store.staff))


def run(store: Store, tools: Tools, folder: Path, export_id: str) -> None:
    """Make the file of a waiting report (a job of the worker), read it back, and say that it is ready.

    Does nothing for a report that is not waiting; one that does not read back is thrown away.
    """
    by = system("export")
    with store.staff.read() as session:
        view = find(session, tools, export_id)
    if view.state != "waiting":
        return
    target = export_files.path(folder, view.id)
    head = export_columns.head(view.format, view.columns)
    written = export_files.write(tools, target, view.id, head=head, lines=_lines(store, tools, view))
    try:
        export_files.require_sound(
            view.format,
            export_files.read(tools, target, view.id),
            keys=[column.key for column in view.columns],
            rows=written.rows,
        )
    except (export_files.Unsound, VaultError, csv.Error, ValueError):
        target.unlink()
        _finish(store, tools, view, by=by, state="failed", rows=None, sha256=None)
        return
    _finish(store, tools, view, by=by, state="ready", rows=written.rows, sha256=written.sha256)


def _finish(
    store: Store,
    tools: Tools,
    view: ExportView,
    *,
    by: Viewer,
    state: str,
    rows: int | None,
    sha256: str | None,
) -> None:
    """Note what came of a report, in a short transaction of its own."""
    c = table_of(Export).c
    with store.staff.write() as session:
        session.execute(
            update(table_of(Export))
            .where(c.id == view.id)
            .values(state=state, rows=rows, sha256=sha256, finished_at=tools.now())
        )
        verb = "export.failed" if state == "failed" else "export.finished"
        audit.record(session, tools, by=by, verb=verb, subject=("export", view.id), detail={"rows": rows})
