"""What staff let one partner see: the only way anything of theirs reaches a partner's page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.models import Notice, table_of
from portal.services.tools import Tools
from portal.vault import Place

NoticeKind = Literal["letter", "appointment", "request"]


def pin(
    session: Session, tools: Tools, *, partner_id: str, kind: NoticeKind, body: Mapping[str, str | int]
) -> None:
    """Show a copy to this partner from now on, boxed with the partner ring.

    ``body`` holds ``title`` and ``text`` and, for an appointment, ``starts_at`` (ISO, UTC), ``minutes``
    and ``place``. Each partner gets a copy of their own; nothing in it names the other.
    """
    notice_id = tools.new_id()
    text = json.dumps(dict(body), ensure_ascii=False, sort_keys=True)
    row = {
        "id": notice_id,
        "partner_id": partner_id,
        "kind": kind,
        "body_box": tools.vault.box("partner", Place("notice", "body_box", notice_id), text),
        "shown_from": tools.now(),
    }
    session.execute(insert(table_of(Notice)), [row])


@dataclass(frozen=True)
class Shown:
    """One thing that a partner was shown: its title and text, and since when."""

    kind: str
    shown_from: datetime
    text: str


def of_partner(session: Session, tools: Tools, *, partner_id: str) -> tuple[Shown, ...]:
    """Everything this partner was shown, oldest first; staff side (a record that they ask for)."""
    c = table_of(Notice).c
    rows = session.execute(
        select(c.id, c.kind, c.shown_from, c.body_box)
        .where(c.partner_id == partner_id)
        .order_by(c.shown_from, c.id)
    ).all()
    return tuple(Shown(row.kind, row.shown_from, _text(tools, row.id, row.body_box)) for row in rows)


def _text(tools: Tools, notice_id: str, box: bytes) -> str:
    body = json.loads(tools.vault.unbox("partner", Place("notice", "body_box", notice_id), box))
    return "\n".join(str(body[key]) for key in ("title", "text") if body.get(key))
