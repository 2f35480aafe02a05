"""The bytes of a report on their way out: made as they are read, or from the file that was made before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from portal.domain.access import Viewer
from portal.services import export_columns, export_crew, export_files, exports
from portal.services.errors import NotFound
from portal.services.export_crew import NOBODY, Crew
from portal.services.export_manifests import Counts
from portal.services.export_rows import BEGINNING
from portal.services.exports import ExportView
from portal.services.tools import Tools
from portal.store import Store

_PIECE: Final = 64 * 1024


def content(store: Store, tools: Tools, *, view: ExportView, folder: Path, by: Viewer) -> Iterator[bytes]:
    """The bytes of a report: streamed from the database, or from its boxed file (NotFound: gone)."""
    if view.order.streams:
        return stream(store, tools, view=view, by=by)
    source = export_files.path(folder, view.id)
    if not source.exists():
        raise NotFound
    return export_files.read(tools, source, view.id)


def stream(
    store: Store, tools: Tools, *, view: ExportView, by: Viewer, crew: Crew = NOBODY
) -> Iterator[bytes]:
    """Make a CSV or JSON Lines as it is read, in pieces of about 64 KiB; notes the outcome at its end.

    The head goes out at once: a download of any size begins at the same moment. ``crew``: who makes the rows
    of a large report.
    """
    head = export_columns.head(view.columns) if view.format == "csv" else b""
    digest, held, rows, bad = hashlib.sha256(head), bytearray(), 0, 0
    if head:
        yield head
    task, intakes = view.task(tools, view.format), 0
    if crew.count:
        with store.staff.read() as session:
            intakes = task.reader.count(session, crew.least)
    for part in export_crew.parts(store.staff, task, BEGINNING, crew=crew, intakes=intakes):
        rows += part.rows
        bad += part.unreadable
        held += part.body
        if len(held) >= _PIECE:
            digest.update(held)
            yield bytes(held)
            held.clear()
    digest.update(held)
    yield bytes(held)
    counts = Counts(rows, rows, bad)
    exports.finish(store, tools, view, by=by, state=view.state, counts=counts, sha256=digest.hexdigest())
