"""One report, made to its end in this process; prints what it took. ``exports.py`` runs it."""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from portal import create_app
from portal.assembly import ROOT, House
from portal.commands import hands
from portal.domain.access import system
from portal.services import export_making, export_streams, exports
from portal.services.export_crew import Crew, Forking
from portal.services.export_orders import Order
from portal.services.exports import ExportView
from portal.services.tools import Tools
from portal.store import Store

BY = system("bench")


def main(folder: str, form: str, extent: str, processes: str = "0") -> None:
    """Make a report of everything in ``form``; only its first piece if ``extent`` says so. ``processes``: so
    many children make its rows."""
    os.environ |= {"PORTAL_INSTANCE": folder, "PORTAL_THROTTLE": "off"}
    app = create_app()
    gc.freeze()  # as wsgi.py does
    house = app.extensions["portal.house"]
    store, tools = house.store, house.tools
    with store.staff.write() as session:
        order = Order(form, None, None, False, (), "to measure")
        view = exports.create(session, tools, order=order, by=BY, is_handed_over=True)
    began, before = time.perf_counter(), time.process_time()
    first, size = 0.0, 0
    with tempfile.TemporaryDirectory() as aside:
        crew = _crew(int(processes), house)
        for piece in _pieces(store, tools, view, Path(aside), crew):
            first = first or 1e3 * (time.perf_counter() - began)
            size += len(piece)
            if extent == "first":
                break
        waited, beside = time.perf_counter() - began, crew.memory()
        crew.dismiss()
    cpu = time.process_time() - before + sum(os.times()[2:4])
    with store.staff.read() as session:
        rows = exports.find(session, tools, view.id).rows
    told = {
        "rows": rows or 0, "cpu": cpu, "waited": waited, "first": first, "memory": _peak("self"),
        "memory_beside": beside, "size": size,
    }  # fmt: skip
    sys.stdout.write(json.dumps(told))
    house.close()


class _Crew(Crew):
    """The portal's own, which can also tell what its children hold at most, together."""

    def memory(self) -> float:
        """In MB."""
        return sum(_peak(pid) for pid in self.pids)


def _crew(count: int, house: House) -> _Crew:
    """As ``exports create`` has them."""
    forking = Forking(hands.copied(house.store.staff, house.tools), house.close)
    command = (sys.executable, "-m", "portal.commands.hands")
    return _Crew(command, count=count, folder=ROOT, forking=forking)


def _peak(pid: int | str) -> float:
    # Not ru_maxrss: a child takes its parent's over.
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _pieces(store: Store, tools: Tools, view: ExportView, aside: Path, crew: Crew) -> Iterator[bytes]:
    if view.format == "csv":
        return export_streams.stream(store, tools, view=view, by=BY, crew=crew)
    return export_making.at_once(store, tools, aside, view, by=BY, crew=crew)


if __name__ == "__main__":
    main(*sys.argv[1:5])
