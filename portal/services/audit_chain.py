"""The chain of audit events: numbers without a gap, each MAC bound to the one before."""

from __future__ import annotations

import hmac
from typing import Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from portal.models import AuditEvent, table_of
from portal.services import audit
from portal.services.tools import Tools

START: Final = "0" * 64
_BATCH: Final = 500


def _link(tools: Tools, before: str, number: int, mac: str) -> str:
    return tools.vault.mac("audit_chain", f"{before}|{number}|{mac}".encode())


def extend(session: Session, tools: Tools) -> int:
    """Number and chain events that are not yet, oldest first; returns how many. One writing transaction."""
    c = table_of(AuditEvent).c
    last = session.execute(
        select(c.number, c.chain).where(c.number.is_not(None)).order_by(c.number.desc()).limit(1)
    ).one_or_none()
    number, chain = (0, START) if last is None else (last.number, last.chain)
    rows = session.execute(
        select(c.id, c.mac).where(c.number.is_(None)).order_by(c.happened_at, c.id).limit(_BATCH)
    ).all()
    links = []
    for row in rows:
        number += 1
        chain = _link(tools, chain, number, row.mac)
        links.append({"event": row.id, "number": number, "chain": chain})
    if links:
        change = update(table_of(AuditEvent)).where(c.id == bindparam("event"))
        session.connection().execute(
            change.values(number=bindparam("number"), chain=bindparam("chain")), links
        )
    return len(rows)


def verify(session: Session, tools: Tools) -> tuple[int, str | None]:
    """How many events were checked, and what is wrong with the first bad one (None: all is well).

    Covers every column of every event, gaps in the numbers and the chain. Events that the worker has not
    chained yet are checked by their own MAC.
    """
    c = table_of(AuditEvent).c
    rows = session.execute(
        select(table_of(AuditEvent)).order_by(func.coalesce(c.number, 2**62), c.happened_at, c.id),
        execution_options={"yield_per": _BATCH},
    )
    before, checked = START, 0
    for row in rows.mappings():
        checked += 1
        event = {**row, "happened_at": row["happened_at"].isoformat()}
        if not hmac.compare_digest(tools.vault.mac("audit_event", audit.message(event)), row["mac"]):
            return checked, f"event {row['number'] or row['id']} was changed"
        if row["number"] is None:
            continue
        if row["number"] != checked:
            return checked, f"event {checked} is missing"
        before = _link(tools, before, row["number"], row["mac"])
        if not hmac.compare_digest(before, row["chain"] or ""):
            return checked, f"the chain is broken at event {row['number']}"
    return checked, None
