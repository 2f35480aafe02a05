"""A new authenticator for somebody of the staff who has lost telephone and recovery codes.

The old secret, the password, the codes, every link and every session are dead at once. What brings the
person back takes both: a link in their inbox, and a code that the admin who knows them by voice tells them.
Neither the inbox nor the admin alone gets in, and the new secret is shown to nobody before both are there.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import StaffAccount, StaffCode, StaffLink, table_of
from portal.services import audit, mails, recovery, sessions, totp
from portal.services.errors import BadInput, NotFound
from portal.services.tools import Tools, token_hash
from portal.vault import Place

PURPOSE: Final = "renew"
LINK_LIFE: Final = timedelta(hours=24)
#: Twelve signs in three groups: short enough to be said, 60 bits.
_GROUPS: Final = 3


def begin(session: Session, tools: Tools, *, staff_id: str, by: Viewer) -> str:
    """Take the sign-in away and mail the link to a new one; returns the code to be said by voice.

    Done again it starts anew. Raises NotFound for an account that does not exist, is disabled or was never
    set up, BadInput for one's own.
    """
    if by.kind == "staff" and by.id == staff_id:
        raise BadInput({"authenticator": "own_account"})
    c = table_of(StaffAccount).c
    row = session.execute(
        select(c.email_box, c.language).where(
            c.id == staff_id, c.disabled_at.is_(None), c.set_up_at.is_not(None)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    _take_away(session, tools, staff_id)
    link, code = _new_link(session, tools, staff_id)
    to = tools.vault.unbox("staff", Place("staff_account", "email_box", staff_id), row.email_box)
    params = {"link": link}
    mails.queue(session, tools, template="staff_set_up", to=to, language=row.language, params=params)
    audit.record(session, tools, by=by, verb="staff.renewal_started", subject=("staff", staff_id))
    return code


def is_spoken(tools: Tools, digest: str, *, staff_id: str, typed: str) -> bool:
    """Whether this is the code that was said."""
    return hmac.compare_digest(_digest(tools, staff_id, typed), digest)


def _take_away(session: Session, tools: Tools, staff_id: str) -> None:
    staff, code, link, now = table_of(StaffAccount), table_of(StaffCode), table_of(StaffLink), tools.now()
    secret = tools.vault.box("staff", Place("staff_account", "totp_box", staff_id), totp.draw_secret(tools))
    values = {"totp_box": secret, "totp_step": 0, "password_hash": None}
    session.execute(update(staff).where(staff.c.id == staff_id).values(values))
    for table in (code, link):
        is_open = (table.c.staff_id == staff_id) & table.c.used_at.is_(None)
        session.execute(update(table).where(is_open).values(used_at=now))
    sessions.end_all(session, tools, Viewer(kind="staff", id=staff_id), keep_current=False)


def _new_link(session: Session, tools: Tools, staff_id: str) -> tuple[str, str]:
    token, code = tools.new_token(), "-".join(recovery.draw(tools).split("-")[:_GROUPS])
    row = {
        "id": tools.new_id(),
        "staff_id": staff_id,
        "token_hash": token_hash(token),
        "purpose": PURPOSE,
        "expires_at": tools.now() + LINK_LIFE,
        "spoken_hash": _digest(tools, staff_id, code),
    }
    session.execute(insert(table_of(StaffLink)), [row])
    return f"{tools.base_url}/set-up/{token}", code


def _digest(tools: Tools, staff_id: str, typed: str) -> str:
    return tools.vault.digest("staff", "spoken_code", f"{staff_id}|{recovery.canonical(typed)}")
