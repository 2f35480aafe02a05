"""The ledger of erasures: ids only, in a second place, so that a restored backup can be cleaned again."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit, erasures
from portal.services.audit_anchors import append
from portal.services.errors import NotFound
from portal.services.tools import Tools

FILE: Final = "erasures.txt"
_KINDS: Final = {"person.erased": "person", "case.erased": "case"}


class LedgerDamaged(Exception):
    """A line cannot be read or was not written with this practice's keys."""


@dataclass(frozen=True)
class Erased:
    """Somebody or some case that is gone. ``kind``: person (a partner's id) or case."""

    at: str
    kind: str
    id: str

    @property
    def text(self) -> str:
        """The line without its MAC."""
        return f"{self.at} {self.kind} {self.id}"


def told(session: Session) -> tuple[Erased, ...]:
    """Every erasure in the audit trail, oldest first."""
    c = table_of(AuditEvent).c
    rows = session.execute(
        select(c.verb, c.subject_id, c.detail, c.happened_at)
        .where(audit.of_kinds(*_KINDS))
        .order_by(c.happened_at, c.id)
    )
    return tuple(
        Erased(
            row.happened_at.isoformat(timespec="seconds"),
            _KINDS[row.verb],
            json.loads(row.detail).get("partner", row.subject_id),
        )
        for row in rows
    )


def keep(tools: Tools, folder: Path, erased: Iterable[Erased]) -> int:
    """Add what is not there yet; returns how many. Raises OSError, LedgerDamaged."""
    there = {(one.kind, one.id) for one in read(tools, folder)}
    added = 0
    for one in erased:
        if (one.kind, one.id) not in there:
            append(folder / FILE, f"{one.text} {_mac(tools, one)}")
            added += 1
    return added


def read(tools: Tools, folder: Path) -> tuple[Erased, ...]:
    """Every line, oldest first. Raises LedgerDamaged naming the line."""
    path = folder / FILE
    if not path.exists():
        return ()
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    return tuple(_parsed(tools, number, line) for number, line in enumerate(lines, 1))


def replay(session: Session, tools: Tools, erased: Iterable[Erased], *, by: Viewer) -> int:
    """Erase again what a restored backup brought back; returns how many it had brought back."""
    done = 0
    for one in erased:
        try:
            if one.kind == "person":
                erasures.erase_person(session, tools, partner_id=one.id, by=by, despite_hold=True)
            else:
                erasures.erase_case(session, tools, case_id=one.id, by=by, despite_hold=True)
            done += 1
        except NotFound:
            continue
    return done


def _parsed(tools: Tools, number: int, line: str) -> Erased:
    words = line.split(" ")
    if len(words) == 4 and words[1] in _KINDS.values():
        erased = Erased(words[0], words[1], words[2])
        if hmac.compare_digest(_mac(tools, erased).encode(), words[3].encode()):
            return erased
    raise LedgerDamaged(f"{FILE}: line {number} is damaged or not from this practice")


def _mac(tools: Tools, erased: Erased) -> str:
    return tools.vault.mac("erasure", erased.text.encode())
