"""Help after a verified call: somebody who lost password and code is known by voice, and waits a day.

The practice has called the person back on the safe number and knows the voice. From then on a link waits for
a day before it works, without any code; anybody of the staff may stop it meanwhile. Nobody is told by mail:
the inbox may be the danger (security.md P7, P12).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Account, AccountLink, Partner, table_of
from portal.services import accounts, audit
from portal.services.errors import BadInput, OutOfOrder
from portal.services.resets import CALL_MARK
from portal.services.tools import Tools, token_hash
from portal.vault import Place

#: How long nothing can be done with it, and how long it then works.
WAITS: Final = timedelta(hours=24)
WORKS: Final = timedelta(hours=48)


@dataclass(frozen=True)
class Called:
    """A link given after a call, to pass on with the sign-in name. It works from ``opens_at`` on."""

    slot: str
    opens_at: datetime
    expires_at: datetime
    link: str = field(repr=False)
    sign_in_name: str = field(repr=False)


def verified(session: Session, tools: Tools, *, case_id: str, slot: str, by: Viewer) -> None:
    """A person of this case was known by voice: a link for them, which works in a day. Staff door.

    Ends an older one. Raises BadInput for no such slot, OutOfOrder ("not_joined") where nobody joined.
    """
    account_id = _account(session, case_id, slot)
    now, link_id, token = tools.now(), tools.new_id(), CALL_MARK + tools.new_token()
    accounts.cancel_links(session, tools, account_id=account_id)
    row = {
        "id": link_id,
        "account_id": account_id,
        "token_hash": token_hash(token),
        "opens_at": now + WAITS,
        "expires_at": now + WAITS + WORKS,
        "link_box": tools.vault.box("staff", _place(link_id), f"{tools.base_url}/password/reset/{token}"),
    }
    session.execute(insert(table_of(AccountLink)), [row])
    audit.record(session, tools, by=by, verb="reset.call_verified", subject=("account", account_id))


def stop(session: Session, tools: Tools, *, case_id: str, slot: str, by: Viewer) -> None:
    """Take such a link back. Raises BadInput or OutOfOrder as above, OutOfOrder ("nothing_waits")."""
    account_id = _account(session, case_id, slot)
    table = table_of(AccountLink)
    waiting = (table.c.account_id == account_id) & table.c.opens_at.is_not(None) & table.c.used_at.is_(None)
    ended = session.execute(update(table).where(waiting).values(used_at=tools.now()))
    if not cast("CursorResult[Any]", ended).rowcount:
        raise OutOfOrder("nothing_waits")
    audit.record(session, tools, by=by, verb="reset.call_stopped", subject=("account", account_id))


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[Called, ...]:
    """The links of a case that wait or work, by slot. One statement."""
    link, account, p = table_of(AccountLink).c, table_of(Account).c, table_of(Partner).c
    rows = session.execute(
        select(
            link.id, link.opens_at, link.expires_at, link.link_box, p.slot,
            account.id.label("account_id"), account.name_sealed,
        )
        .join_from(table_of(AccountLink), table_of(Account), link.account_id == account.id)
        .join(table_of(Partner), account.partner_id == p.id)
        .where(p.case_id == case_id, link.opens_at.is_not(None))
        .where(link.used_at.is_(None), link.expires_at > tools.now())
        .order_by(p.slot)
    ).all()  # fmt: skip
    return tuple(_opened(tools, row) for row in rows)


def _opened(tools: Tools, row: Any) -> Called:
    name_at = Place("account", "name_sealed", row.account_id)
    return Called(
        slot=row.slot,
        opens_at=row.opens_at,
        expires_at=row.expires_at,
        link=tools.vault.unbox("staff", _place(row.id), row.link_box),
        sign_in_name=tools.vault.open(name_at, row.name_sealed),
    )


def _account(session: Session, case_id: str, slot: str) -> str:
    a, p = table_of(Account).c, table_of(Partner).c
    if slot not in ("a", "b"):
        raise BadInput({"call_slot": "not_an_option"})
    found = session.scalar(
        select(a.id)
        .join_from(table_of(Account), table_of(Partner), a.partner_id == p.id)
        .where(p.case_id == case_id, p.slot == slot)
    )
    if found is None:
        raise OutOfOrder("not_joined")
    return str(found)


def _place(link_id: str) -> Place:
    return Place("account_link", "link_box", link_id)
