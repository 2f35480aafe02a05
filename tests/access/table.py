"""Who may do what: the answer of every endpoint to every role, about every object (security.md §5.3, T49).

``table.txt``: one line an endpoint and method, one column a role (``practice.ROLES``). ``200@os`` means 200
for the objects ``o`` and ``s`` and the 404 of a random id for all others; a bare number holds for every
object. Objects: ``o`` A's (in Thea's case), ``s`` B's in the same case, ``x`` in Theo's case, ``r`` a random
id. A POST carries the session's token and an empty body: 400 or 303 says that the role may post there, 404
that there is nothing.

Read it by columns: A and B never get a 2xx that names the other; the disabled are strangers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from access.practice import OBJECTS, ROLES

LINES: Final = (Path(__file__).parent / "table.txt").read_text(encoding="utf-8")

Key = tuple[str, str]


def rows() -> Mapping[Key, Mapping[tuple[str, str], int]]:
    """(endpoint, method) -> (role, object) -> status."""
    found: dict[Key, Mapping[tuple[str, str], int]] = {}
    for line in LINES.split("\n"):
        if not line or line.startswith("#"):
            continue
        endpoint, method, *cells = line.split()
        if len(cells) != len(ROLES) or (endpoint, method) in found:
            raise ValueError(f"a line of the access table cannot be read: {line}")
        found[endpoint, method] = {
            (role, which): _status(cell, which)
            for role, cell in zip(ROLES, cells, strict=True)
            for which in OBJECTS
        }
    return found


def _status(cell: str, which: str) -> int:
    status, _, objects = cell.partition("@")
    letter = "osxr"[OBJECTS.index(which)]
    return int(status) if not objects or letter in objects else 404
