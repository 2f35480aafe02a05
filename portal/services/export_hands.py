"""What a child of a crew does: makes the parts it is asked for until nobody asks any more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO

from portal.services import export_parts, exports
from portal.services.export_parts import Task
from portal.services.export_rows import Start
from portal.services.tools import Tools
from portal.store import Door


def work(door: Door, tools: Tools, asked: Iterable[bytes], told: IO[bytes]) -> None:
    """Answer each line ``[report, form, slot, after]`` with where the next part begins, and then with the
    part: a line of numbers and its bytes. An error is told by its class alone, and ends it."""
    tasks: dict[tuple[str, str], Task] = {}
    for line in asked:
        export_id, form, slot, after = json.loads(line)
        try:
            if (export_id, form) not in tasks:
                tasks = {(export_id, form): _task(door, tools, export_id, form)}
            _make(door, tasks[export_id, form], (slot, after), told)
        except Exception as error:  # its parent makes the part again and sees for itself
            _say(told, {"error": type(error).__name__})
            return


def _task(door: Door, tools: Tools, export_id: str, form: str) -> Task:
    with door.read() as session:
        return exports.find(session, tools, export_id).task(tools, form)


def _make(door: Door, task: Task, start: Start, told: IO[bytes]) -> None:
    part = export_parts.made(door, task, start, lambda following: _say(told, {"following": following}))
    numbers = {"seen": part.seen, "rows": part.rows, "unreadable": part.unreadable, "size": len(part.body)}
    _say(told, numbers, part.body)


def _say(told: IO[bytes], what: Mapping[str, object], body: bytes = b"") -> None:
    told.write(json.dumps(what).encode() + b"\n" + body)
    told.flush()
