"""Mail: a row with its cause. The message is made when it is sent, by ``mail_carriers``.

No activity mail to partners: invitations, sign-in help and what staff chose to send, nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Mail, table_of
from portal.services.tools import Tools
from portal.vault import Place

LEASE: Final = timedelta(minutes=2)
#: So many are taken together at most: a silent mail server takes 20 seconds over each.
AT_ONCE: Final = 5
GIVE_UP_AFTER: Final = 60
#: Nobody waits at home for these, and some of them tell of danger: they go out at once.
_AT_ONCE: Final = frozenset({"on_call_alert", "staff_set_up", "staff_reset"})


@dataclass(frozen=True)
class WaitingMail:
    """One mail to send, opened."""

    id: str
    template: str
    language: str
    to: str
    params: dict[str, str]
    attempts: int


def queue(
    session: Session, tools: Tools, *, template: str, to: str, language: str, params: dict[str, str]
) -> None:
    """Write a mail to be sent; the address and the parameters are boxed with the staff ring.

    One to a partner waits a while, so that its time does not tell what somebody did just then (0108).
    """
    row_id = tools.new_id()
    body = json.dumps({"to": to, "params": params}, ensure_ascii=False, sort_keys=True)
    row = {
        "id": row_id,
        "template": template,
        "language": language,
        "body_box": tools.vault.box("staff", Place("mail", "body_box", row_id), body),
        "due_at": tools.now() + timedelta(seconds=_wait(tools, template)),
        "attempts": 0,
    }
    session.execute(insert(table_of(Mail)), [row])


def _wait(tools: Tools, template: str) -> int:
    return tools.pick(tools.mail_spread) if tools.mail_spread and template not in _AT_ONCE else 0


def lease(session: Session, tools: Tools, *, limit: int = AT_ONCE) -> tuple[WaitingMail, ...]:
    """Take up to ``limit`` due mails for the next two minutes, so that two workers never send one twice."""
    c, now = table_of(Mail).c, tools.now()
    rows = session.execute(
        select(c.id, c.template, c.language, c.body_box, c.attempts)
        .where(c.sent_at.is_(None), c.failed_at.is_(None), c.due_at <= now)
        .where(or_(c.leased_until.is_(None), c.leased_until < now))
        .order_by(c.due_at, c.id)
        .limit(limit)
    ).all()
    if not rows:
        return ()
    ids = [row.id for row in rows]
    session.execute(update(table_of(Mail)).where(c.id.in_(ids)).values(leased_until=now + LEASE))
    waiting = []
    for row in rows:
        body = json.loads(tools.vault.unbox("staff", Place("mail", "body_box", row.id), row.body_box))
        waiting.append(
            WaitingMail(row.id, row.template, row.language, body["to"], body["params"], row.attempts)
        )
    return tuple(waiting)


def settle(session: Session, tools: Tools, mail: WaitingMail, *, is_sent: bool) -> None:
    """Note that a mail went out, or when to try again: after 1, 2, 4 … at most 30 minutes."""
    now, c = tools.now(), table_of(Mail).c
    values: dict[str, object] = {"leased_until": None, "attempts": mail.attempts + 1}
    if is_sent:
        values["sent_at"] = now
        values["body_box"] = b""
    elif mail.attempts + 1 >= GIVE_UP_AFTER:
        values["failed_at"] = now
    else:
        values["due_at"] = now + timedelta(minutes=min(2**mail.attempts, 30))
    session.execute(update(table_of(Mail)).where(c.id == mail.id).values(**values))


def withdraw(session: Session, tools: Tools, mail: WaitingMail) -> None:
    """Never send a mail that waited: its time has gone by. Its box is emptied as that of a sent one."""
    c = table_of(Mail).c
    values = {"leased_until": None, "failed_at": tools.now(), "body_box": b""}
    session.execute(update(table_of(Mail)).where(c.id == mail.id).values(**values))


@dataclass(frozen=True)
class Undelivered:
    """A mail that was tried and has not gone out; ``is_given_up``: it is tried no more."""

    template: str
    to: str = field(repr=False)
    due_at: datetime
    attempts: int
    is_given_up: bool


def is_undelivered() -> ColumnElement[bool]:
    """Tried, not sent, and not forgotten: a mail that was sent, withdrawn or let go by age has no body."""
    c = table_of(Mail).c
    return and_(c.sent_at.is_(None), c.attempts > 0, func.length(c.body_box) > 0)


def undelivered(session: Session, tools: Tools, *, limit: int = 20) -> tuple[Undelivered, ...]:
    """Mails that came back or found no server, newest first. For staff alone: no partner ever hears of it."""
    c = table_of(Mail).c
    rows = session.execute(
        select(c.id, c.template, c.body_box, c.due_at, c.attempts, c.failed_at)
        .where(is_undelivered())
        .order_by(c.due_at.desc(), c.id)
        .limit(limit)
    ).all()
    return tuple(
        Undelivered(
            template=row.template,
            to=json.loads(tools.vault.unbox("staff", Place("mail", "body_box", row.id), row.body_box))["to"],
            due_at=row.due_at,
            attempts=row.attempts,
            is_given_up=row.failed_at is not None,
        )
        for row in rows
    )
