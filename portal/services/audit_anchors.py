"""Anchors: how far the audit chain had come, kept where whoever edits the database cannot reach.

Deleting the newest events leaves a shorter chain that is sound in itself. A line in a second place
(``PORTAL_ANCHOR``, and the head of every backup) says how many events there were and how the last one was
chained. Each line carries a MAC: without the keys nobody writes one.

Nearer by lies the head: one line in the instance folder, beside the database, renewed whenever events were
chained. Whoever can edit the table alone cannot cut off its end, or have the worker number it anew, unseen.
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
from portal.store import Store

FILE: Final = "audit-anchors.txt"
HEAD_FILE: Final = "audit-head.txt"
START: Final = "0" * 64
_TAIL: Final = 512

#: ``restored``: from here on the chain goes on from an older backup; later anchors before it are void.
AnchorKind = Literal["anchor", "restored"]


class AnchorDamaged(Exception):
    """A line of an anchor file cannot be read or was not written with this practice's keys."""


class TrailTorn(Exception):
    """The trail no longer holds what the head says of it."""


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


def keep_up(store: Store, tools: Tools, *, second: Path | None, head: Path | None) -> None:
    """Renew the head, and once a day add a line in the second place.

    Raises OSError, AnchorDamaged, and TrailTorn where the head no longer holds: it then stays as it is, so
    that ``audit verify`` goes on saying so.
    """
    now = tools.now()
    if head is not None:
        with store.staff.read() as session:
            _renew(session, tools, head, at=now)
    if second is not None and is_due(second, now):
        with store.staff.read() as session:
            stands = newest(session, at=now)
        keep(tools, second, stands)


def _renew(session: Session, tools: Tools, path: Path, *, at: datetime) -> None:
    held, stands = head_of(tools, path), newest(session, at=at)
    if held is not None and held.count:
        c = table_of(AuditEvent).c
        if session.scalar(select(c.chain).where(c.number == held.count)) != held.head:
            raise TrailTorn(f"event {held.count} is not the one that was noted")
    if held is None or held.count != stands.count:
        put_head(tools, path, stands)


def put_head(tools: Tools, path: Path, anchor: Anchor) -> None:
    """Write the head anew, whole or not at all. Raises OSError."""
    half = path.with_suffix(".half")
    half.touch(mode=0o600)
    half.write_text(f"{anchor.text} {_mac(tools, anchor)}\n", encoding="ascii")
    half.replace(path)


def head_of(tools: Tools, path: Path) -> Anchor | None:
    """What the head says; None where there is none yet. Raises AnchorDamaged."""
    if not path.exists():
        return None
    lines = path.read_text(encoding="ascii", errors="replace").splitlines() or [""]
    return _parsed(tools, 1, lines[0], HEAD_FILE)


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


def _parsed(tools: Tools, number: int, line: str, file: str = FILE) -> Anchor:
    words = line.split(" ")
    if len(words) == 5 and words[1] in ("anchor", "restored") and words[2].isdigit():
        kind: AnchorKind = "restored" if words[1] == "restored" else "anchor"
        anchor = Anchor(int(words[2]), words[3], words[0], kind)
        if hmac.compare_digest(_mac(tools, anchor).encode(), words[4].encode()):
            return anchor
    raise AnchorDamaged(f"{file}: line {number} is damaged or not from this practice")


def _mac(tools: Tools, anchor: Anchor) -> str:
    return tools.vault.mac("audit_anchor", anchor.text.encode())
