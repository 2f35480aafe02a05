"""Anchors: how far the audit chain had come, kept where whoever edits the database cannot reach.

Deleting the newest events leaves a shorter chain that is sound in itself. A line in a second place
(``PORTAL_ANCHOR``, and the head of every backup) says how many events there were and how the last one was
chained. Each line carries a MAC: without the keys nobody writes one.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import AuditEvent, table_of
from portal.services.tools import Tools

FILE: Final = "audit-anchors.txt"
START: Final = "0" * 64
_TAIL: Final = 512

#: ``restored``: from here on the chain goes on from an older backup; later anchors before it are void.
AnchorKind = Literal["anchor", "restored"]


class AnchorDamaged(Exception):
    """A line of the anchor file cannot be read or was not written with this practice's keys."""


@dataclass(frozen=True)
class Anchor:
    """After ``count`` events the chain's newest link was ``head``."""

    count: int
    head: str
    at: str = ""
    kind: AnchorKind = "anchor"

    @property
    def text(self) -> str:
        """The line without its MAC."""
        return f"{self.at} {self.kind} {self.count} {self.head}"


def newest(session: Session, *, at: datetime, kind: AnchorKind = "anchor") -> Anchor:
    """Where the chain stands now."""
    c = table_of(AuditEvent).c
    last = session.execute(
        select(c.number, c.chain).where(c.number.is_not(None)).order_by(c.number.desc()).limit(1)
    ).one_or_none()
    count, head = (0, START) if last is None else (last.number, last.chain)
    return Anchor(count, head, at.isoformat(timespec="seconds"), kind)


def keep(tools: Tools, folder: Path, anchor: Anchor) -> None:
    """Add one line to the anchor file, on the disk when this returns. Raises OSError."""
    append(folder / FILE, f"{anchor.text} {_mac(tools, anchor)}")


def append(path: Path, line: str) -> None:
    """Add a line to a file that is only ever added to; half a line before it stays a line of its own."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        is_whole = size == 0 or os.pread(handle, 1, size - 1) == b"\n"
        os.write(handle, ("" if is_whole else "\n").encode() + line.encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def is_due(folder: Path, now: datetime) -> bool:
    """Whether today has no line yet."""
    path = folder / FILE
    if not path.exists():
        return True
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        lines = file.read().decode("ascii", "replace").splitlines()
    return not any(line.startswith(now.date().isoformat()) for line in lines[-1:])


def read(tools: Tools, folder: Path) -> tuple[Anchor, ...]:
    """Every line, oldest first; none where there is no file. Raises AnchorDamaged naming the line."""
    path = folder / FILE
    if not path.exists():
        return ()
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    return tuple(_parsed(tools, number, line) for number, line in enumerate(lines, 1))


def standing(anchors: Iterable[Anchor]) -> tuple[Anchor, ...]:
    """The anchors that must still hold: a restore made those beyond it void."""
    held: list[Anchor] = []
    for anchor in anchors:
        if anchor.kind == "restored":
            held = [before for before in held if before.count <= anchor.count]
        held.append(anchor)
    return tuple(held)


def _parsed(tools: Tools, number: int, line: str) -> Anchor:
    words = line.split(" ")
    if len(words) == 5 and words[1] in ("anchor", "restored") and words[2].isdigit():
        kind: AnchorKind = "restored" if words[1] == "restored" else "anchor"
        anchor = Anchor(int(words[2]), words[3], words[0], kind)
        if hmac.compare_digest(_mac(tools, anchor).encode(), words[4].encode()):
            return anchor
    raise AnchorDamaged(f"{FILE}: line {number} is damaged or not from this practice")


def _mac(tools: Tools, anchor: Anchor) -> str:
    return tools.vault.mac("audit_anchor", anchor.text.encode())
