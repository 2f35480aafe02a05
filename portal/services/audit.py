"""Audit events: written in the transaction of what they tell of; chained later by the worker."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, insert

from portal.domain.access import Viewer
from portal.driven import Driven
from portal.models import AuditEvent, table_of
from portal.services.tools import Tools
from portal.store import Hot

Detail = Mapping[str, str | int | bool | list[str] | None]
#: Ids, keys and dates: nobody's words, no address. What does not look like one is refused.
_KEY: Final = re.compile(r"[A-Za-z0-9_.:,+/-]{0,80}")

_COVERED: Final = tuple("id verb actor_kind actor_id subject_kind subject_id happened_at detail".split())


class NotAKey(Exception):
    """Somebody's words were about to become part of an event. Its text names the key, never the value."""


def message(row: Mapping[str, object]) -> bytes:
    """What an event's MAC covers: every column but ``mac``, ``number``, ``chain``."""
    return json.dumps([str(row[key]) for key in _COVERED]).encode()


def record(
    session: Hot,
    tools: Tools,
    *,
    by: Viewer,
    verb: str,
    subject: tuple[str, str],
    detail: Detail | None = None,
    at: datetime | None = None,
) -> None:
    """Write one event about ``subject`` (kind, id). ``detail`` holds ids, counts and keys only; ``at``: now.

    Plain INSERT without RETURNING: a partner connection may write an event and never read one. Raises
    NotAKey, and nothing of the transaction is kept, where a value could be an answer, a name or an address.
    """
    _require_keys({"subject": subject[1], **(detail or {})})
    happened_at = at or tools.now()
    row: dict[str, object] = {
        "id": tools.new_id(),
        "verb": verb,
        "actor_kind": by.kind,
        "actor_id": by.id,
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "happened_at": happened_at.isoformat(),
        "detail": json.dumps(detail or {}, sort_keys=True),
    }
    mac = tools.vault.mac("audit_event", message(row))
    _insert().change(session, {**row, "happened_at": happened_at, "mac": mac})


@cache
def _insert() -> Driven:
    return Driven(insert(table_of(AuditEvent)))


def of_kinds(*verbs: str) -> ColumnElement[bool]:
    """Picks events of these kinds, numbered or not yet. Each part is found by an index of its own."""
    c = table_of(AuditEvent).c
    is_one = c.verb.in_(verbs)
    return c.number.is_not(None) & is_one | c.number.is_(None) & is_one


def _require_keys(detail: Detail) -> None:
    for name, value in detail.items():
        texts = value if isinstance(value, list) else [value]
        if not all(_KEY.fullmatch(text) for text in texts if isinstance(text, str)):
            raise NotAKey(name)


def unexpected_fields(session: Hot, tools: Tools, *, count: int, by: Viewer) -> None:
    """A body held ``count`` fields that its form does not have; they were ignored (security.md §5.3)."""
    subject = ("account" if by.kind == "partner" else by.kind, by.id)
    record(session, tools, by=by, verb="request.unexpected_fields", subject=subject, detail={"count": count})
