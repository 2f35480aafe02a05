"""Reports: asked for, made, handed out, each step with its event.

A de-identified CSV streams at once from its own page. Everything else is made by the worker in slices, set
aside row by row (``export_spool``), so that it can be cancelled and goes on after a restart; its file lies
boxed in the exports folder, with a manifest, until it expires.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Export, Practice, table_of
from portal.services import (
    audit,
    export_columns,
    export_files,
    export_manifests,
    export_orders,
    jobs,
)
from portal.services.errors import Conflict, NotFound
from portal.services.export_columns import Column
from portal.services.export_orders import Filters, Order
from portal.services.export_parts import Task
from portal.services.export_rows import Reader, Span
from portal.services.export_spool import Position
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place

#: How long a finished file lies there.
LIFE: Final = timedelta(days=7)
_ENDINGS: Final = {"csv": "csv", "json": "jsonl", "xlsx": "xlsx", "pdf": "pdf"}


@dataclass(frozen=True)
class ExportView:
    """One report. ``state``: waiting, ready, failed, cancelled, expired, handed_over (by a command).

    ``rows``: None until it is finished; ``done_rows`` of ``all_rows`` while it is being made.
    """

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
    report: str
    filters: Filters
    position: Position
    done_rows: int
    all_rows: int | None
    manifest: str | None
    expires_at: datetime | None

    @property
    def order(self) -> Order:
        """What was asked for."""
        return Order(
            self.format, self.since, self.until, self.identified, self.include, self.purpose, self.report,
            self.filters,
        )  # fmt: skip

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of its rows."""
        chosen = export_columns.columns(identified=self.identified, include=self.include)
        return (*chosen, export_columns.CASE_KEY) if self.report == "board" else chosen

    def reader(self, tools: Tools) -> Reader:
        """Reads its rows."""
        span = Span(self.since, self.until, self.asked_at)
        return Reader(tools, self.id, span, self.identified, self.filters, by_case=self.report == "board")

    def task(self, tools: Tools, form: str) -> Task:
        """Its rows, written as ``form`` (``export_lines.FORMS``)."""
        return Task(self.reader(tools), self.columns, form)


def create(
    session: Session, tools: Tools, *, order: Order, by: Viewer, is_handed_over: bool = False
) -> ExportView:
    """Keep an order with its event. ``is_handed_over``: a command writes the file itself, at once.

    Anything but a de-identified CSV becomes a job of the worker. Raises BadInput for a filter that names
    nobody.
    """
    export_orders.require_known(session, order)
    row_id = tools.new_id()
    state = "handed_over" if is_handed_over else "ready" if order.streams else "waiting"
    ending = (
        "json" if order.report in export_orders.PAPERS and order.format == "json" else _ENDINGS[order.format]
    )
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
        "report": order.report,
        "filters": json.dumps(asdict(order.filters)),
        "position": "{}",
        "done_rows": 0,
    }
    session.execute(insert(table_of(Export)), [row])
    _note_asked(session, tools, row_id, order, by)
    if state == "waiting":
        jobs.add(session, tools, kind="export", subject_id=row_id)
    return find(session, tools, row_id)


def _note_asked(session: Session, tools: Tools, export_id: str, order: Order, by: Viewer) -> None:
    detail: audit.Detail = {
        "report": order.report,
        "format": order.format,
        "identified": order.identified,
        "include": list(order.include),
        "since": order.since.isoformat() if order.since else None,
        "until": order.until.isoformat() if order.until else None,
    }
    audit.record(session, tools, by=by, verb="export.asked", subject=("export", export_id), detail=detail)
    if order.filters.case:
        # Who asks what left about a case finds it on the case's own trail.
        about: audit.Detail = {"report": order.report, "slot": order.filters.slot}
        subject = ("case", order.filters.case)
        audit.record(session, tools, by=by, verb="export.of_case", subject=subject, detail=about)


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
            "filters": Filters(**json.loads(row.filters)),
            "position": Position.of(row.position),
        },
        purpose=tools.vault.unbox("staff", Place("export", "purpose_box", row.id), box),
    )


def hand_out(session: Session, tools: Tools, *, export_id: str, by: Viewer) -> ExportView:
    """Note that somebody fetches the file now, before its first byte. Raises NotFound until it is ready."""
    view = find(session, tools, export_id)
    if view.state != "ready" or (view.expires_at is not None and view.expires_at <= tools.now()):
        raise NotFound
    audit.record(session, tools, by=by, verb="export.downloaded", subject=("export", export_id))
    return view


def manifest(view: ExportView) -> str:
    """What goes with a report. Raises NotFound until it is finished; a streamed one has its own before."""
    if view.manifest is not None:
        return view.manifest
    if not view.order.streams:
        raise NotFound
    return export_manifests.written(view.order, view.columns, None, sha256=None, made_at=view.asked_at)


def finish(
    store: Store,
    tools: Tools,
    view: ExportView,
    *,
    by: Viewer,
    state: str,
    counts: export_manifests.Counts | None = None,
    sha256: str | None = None,
) -> None:
    """Note what came of a report, in a short transaction of its own; a finished file expires.

    Raises Conflict where it was cancelled meanwhile.
    """
    c, now = table_of(Export).c, tools.now()
    told = None
    if counts is not None:
        told = export_manifests.written(view.order, view.columns, counts, sha256=sha256, made_at=now)
    is_kept = state == "ready" and not view.order.streams
    values = {
        "state": state, "rows": counts and counts.rows, "sha256": sha256, "finished_at": now,
        "manifest": told,
    }  # fmt: skip
    with store.staff.write() as session:
        if find(session, tools, view.id).state != view.state:
            raise Conflict("cancelled")
        ends_at = now + _life(session)
        values["expires_at"] = ends_at if is_kept else None
        session.execute(update(table_of(Export)).where(c.id == view.id).values(**values))
        verb = "export.failed" if state == "failed" else "export.finished"
        detail: audit.Detail = {"rows": None if counts is None else counts.rows}
        audit.record(session, tools, by=by, verb=verb, subject=("export", view.id), detail=detail)
        if is_kept:
            jobs.add(session, tools, kind="export_expiry", subject_id=view.id, due_at=ends_at)


def _life(session: Session) -> timedelta:
    """How long a file lies ready, as the practice says."""
    days = session.scalar(select(table_of(Practice).c.export_days))
    return LIFE if days is None else timedelta(days=days)


def cancel(session: Session, tools: Tools, *, export_id: str, by: Viewer) -> None:
    """Stop a report that is still being made; the worker removes what it set aside. Raises NotFound.

    Raises Conflict for one that is finished, or was cancelled before.
    """
    view = find(session, tools, export_id)
    if view.state != "waiting":
        raise Conflict("finished")
    _set_state(session, tools, export_id, "cancelled")
    audit.record(session, tools, by=by, verb="export.cancelled", subject=("export", export_id))
    jobs.add(session, tools, kind="export", subject_id=export_id)


def expire(store: Store, tools: Tools, folder: Path, export_id: str, *, by: Viewer) -> None:
    """Take a finished file off the disk once its time is over; nothing happens before, or a second time."""
    with store.staff.write() as session:
        view = find(session, tools, export_id)
        if view.state != "ready" or view.expires_at is None or view.expires_at > tools.now():
            return
        _set_state(session, tools, export_id, "expired")
        audit.record(session, tools, by=by, verb="export.expired", subject=("export", export_id))
    export_files.discard(folder, export_id)


def _set_state(session: Session, tools: Tools, export_id: str, state: str) -> None:
    c = table_of(Export).c
    change = update(table_of(Export)).where(c.id == export_id)
    session.execute(change.values(state=state, finished_at=tools.now()))
