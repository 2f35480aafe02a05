"""One report, made to its end in this process; prints what it took. ``exports.py`` runs it."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from portal import create_app
from portal.domain.access import system
from portal.services import export_making, exports
from portal.services.export_orders import Order
from portal.services.exports import ExportView
from portal.services.tools import Tools
from portal.store import Store

BY = system("bench")


def main(folder: str, form: str, extent: str) -> None:
    """Make a report of everything in ``form``; only its first piece if ``extent`` says so."""
    app = create_app({"PORTAL_INSTANCE": folder, "PORTAL_THROTTLE": "off"})
    house = app.extensions["portal.house"]
    store, tools = house.store, house.tools
    with store.staff.write() as session:
        order = Order(form, None, None, False, (), "to measure")
        view = exports.create(session, tools, order=order, by=BY, is_handed_over=True)
    began, before = time.perf_counter(), time.process_time()
    first, size = 0.0, 0
    with tempfile.TemporaryDirectory() as aside:
        for piece in _pieces(store, tools, view, Path(aside)):
            first = first or 1e3 * (time.perf_counter() - began)
            size += len(piece)
            if extent == "first":
                break
    cpu = time.process_time() - before
    with store.staff.read() as session:
        rows = exports.find(session, tools, view.id).rows
    # Not ru_maxrss: a child takes its parent's over.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    sys.stdout.write(
        json.dumps({"rows": rows or 0, "cpu": cpu, "first": first, "memory": peak, "size": size})
    )
    house.close()


def _pieces(store: Store, tools: Tools, view: ExportView, aside: Path) -> Iterator[bytes]:
    if view.format == "csv":
        return exports.stream(store, tools, view=view, by=BY)
    return export_making.at_once(store, tools, aside, view, by=BY)


if __name__ == "__main__":
    main(*sys.argv[1:4])
