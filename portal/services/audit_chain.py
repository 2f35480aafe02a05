"""The chain of audit events: numbers without a gap, each MAC bound to the one before."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Final

from sqlalchemy import RowMapping, String, bindparam, func, select, type_coerce, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.models import AuditEvent, table_of
from portal.services import audit, denials
from portal.services.audit_anchors import START, Anchor
from portal.services.tools import Tools

BATCH: Final = 500


def _link(tools: Tools, before: str, number: int, mac: str) -> str:
    return tools.vault.mac("audit_chain", f"{before}|{number}|{mac}".encode())


def extend(session: Session, tools: Tools) -> int:
    """Number and chain events that are not yet, oldest first, and fold refusals that are too many.

    Returns how many were looked at. One writing transaction.
    """
    c = table_of(AuditEvent).c
    last = session.execute(
        select(c.number, c.chain).where(c.number.is_not(None)).order_by(c.number.desc()).limit(1)
    ).one_or_none()
    number, chain = (0, START) if last is None else (last.number, last.chain)
    is_due = c.number.is_(None) & ~denials.is_growing(tools.now())
    rows = session.execute(
        select(c.id, c.mac, c.verb).where(is_due).order_by(c.happened_at, c.id).limit(BATCH)
    ).all()
    refused = [row.id for row in rows if row.verb in denials.VERBS]
    gone = denials.fold(session, tools, refused) if refused else ()
    links = []
    for row in rows:
        if row.id in gone:
            continue
        number += 1
        chain = _link(tools, chain, number, row.mac)
        links.append({"event": row.id, "number": number, "chain": chain})
    if links:
        change = update(table_of(AuditEvent)).where(c.id == bindparam("event"))
        session.connection().execute(
            change.values(number=bindparam("number"), chain=bindparam("chain")), links
        )
    return len(rows)


def verify(session: Session, tools: Tools, anchors: Iterable[Anchor] = ()) -> tuple[int, str | None]:
    """How many events were checked, and what is wrong with the first bad one (None: all is well).

    Covers every column of every event, gaps in the numbers, the chain, and with ``anchors`` its end. Events
    that the worker has not chained yet are checked by their own MAC.
    """
    c = table_of(AuditEvent).c
    kept = type_coerce(c.happened_at, String).label("kept")
    rows = session.execute(
        select(table_of(AuditEvent), kept).order_by(func.coalesce(c.number, 2**62), c.happened_at, c.id),
        execution_options={"yield_per": BATCH},
    )
    # Closed whatever is found: on PostgreSQL a cursor stays open on the server until then.
    with closing(rows):
        return _walked(tools, rows.mappings(), _by_count(anchors))


def _by_count(anchors: Iterable[Anchor]) -> dict[int, set[str]]:
    heads: dict[int, set[str]] = {}
    for anchor in anchors:
        heads.setdefault(anchor.count, set()).add(anchor.head)
    return heads


def _walked(tools: Tools, rows: Iterable[RowMapping], heads: dict[int, set[str]]) -> tuple[int, str | None]:
    """How many events were checked until the first fault, and that fault."""
    before, checked, numbered = START, 0, 0
    try:
        for row in rows:
            checked += 1
            before, fault = _checked(tools, row, checked, before)
            if fault is None and row["number"] is not None:
                numbered = checked
                fault = _anchored(heads.pop(checked, {before}), before, checked)
            if fault is not None:
                return checked, fault
    except (SQLAlchemyError, TypeError, ValueError, AttributeError):  # no portal writes such a row
        return checked, f"an event cannot be read, near number {checked or 1}"
    return checked, _missing(heads, numbered)


def _checked(tools: Tools, row: RowMapping, number: int, before: str) -> tuple[str, str | None]:
    """The chain after this event, and what is wrong with it."""
    event = {**row, "happened_at": row["happened_at"].isoformat()}
    is_signed = hmac.compare_digest(tools.vault.mac("audit_event", audit.message(event)), row["mac"])
    if not is_signed or not _is_as_written(row):
        return before, f"event {row['number'] or row['id']} was changed"
    if row["number"] is None:
        return before, None
    if row["number"] != number:
        return before, f"event {number} is missing"
    link = _link(tools, before, number, row["mac"])
    if not hmac.compare_digest(link, row["chain"] or ""):
        return link, f"the chain is broken at event {number}"
    return link, None


def _is_as_written(row: RowMapping) -> bool:
    """Whether a time kept as text is the very text that was written: others may be read as the same time."""
    written = row["happened_at"].replace(tzinfo=None).isoformat(" ", "microseconds")
    return row["kept"] == written or not isinstance(row["kept"], str)


def _anchored(heads: set[str], chain: str, number: int) -> str | None:
    return None if heads == {chain} else f"event {number} is not the one that was anchored"


def _missing(heads: Mapping[int, set[str]], numbered: int) -> str | None:
    """What an anchor counts beyond the last numbered event was cut off."""
    most = max(heads, default=0)
    if most <= numbered:
        return None
    return f"event {numbered + 1} is missing: an anchor counts {most}"
