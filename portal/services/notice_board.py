"""What staff let one partner see: the only way anything of theirs reaches a partner's page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from sqlalchemy import insert
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
