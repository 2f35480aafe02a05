"""Mail: a row with its cause, built from a neutral template when it is sent, one whole file or SMTP.

No activity mail to partners: invitations, sign-in help and what staff chose to send, nothing else.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from portal.content import letters
from portal.models import Mail, table_of
from portal.services import calendars
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.vault import Place

LEASE: Final = timedelta(minutes=2)
#: So many are taken together at most: a silent mail server takes 20 seconds over each.
AT_ONCE: Final = 5
GIVE_UP_AFTER: Final = 60
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: Sends one finished message; raises OSError (or a subclass) when it could not.
Carrier = Callable[[EmailMessage, str], None]


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
    """Write a mail to be sent; the address and the parameters are boxed with the staff ring."""
    row_id = tools.new_id()
    body = json.dumps({"to": to, "params": params}, ensure_ascii=False, sort_keys=True)
    row = {
        "id": row_id,
        "template": template,
        "language": language,
        "body_box": tools.vault.box("staff", Place("mail", "body_box", row_id), body),
        "due_at": tools.now(),
        "attempts": 0,
    }
    session.execute(insert(table_of(Mail)), [row])


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
    """Never send a mail that waited: its time has gone by."""
    c = table_of(Mail).c
    values = {"leased_until": None, "failed_at": tools.now()}
    session.execute(update(table_of(Mail)).where(c.id == mail.id).values(**values))


@dataclass(frozen=True)
class Undelivered:
    """A mail that was tried and has not gone out; ``is_given_up``: it is tried no more."""

    template: str
    to: str = field(repr=False)
    due_at: datetime
    attempts: int
    is_given_up: bool


def undelivered(session: Session, tools: Tools, *, limit: int = 20) -> tuple[Undelivered, ...]:
    """Mails that came back or found no server, newest first. For staff alone: no partner ever hears of it."""
    c = table_of(Mail).c
    rows = session.execute(
        select(c.id, c.template, c.body_box, c.due_at, c.attempts, c.failed_at)
        .where(c.sent_at.is_(None), c.attempts > 0)
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


def build(mail: WaitingMail, practice: PracticeView, *, sender: str, now: datetime) -> EmailMessage:
    """The message itself: plain text, neutral words, one idempotency key so that a twin can be told."""
    values = {"practice": practice.name or "—", "phone": practice.phone or "—", **mail.params}
    subject, body = letters.load().mails[mail.template].render(mail.language, **values)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = sender
    message["To"] = mail.to
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, charset="utf-8")
    if "starts_at" in mail.params:
        _attach_entry(message, mail, now)
    return message


def _attach_entry(message: EmailMessage, mail: WaitingMail, now: datetime) -> None:
    """The calendar entry of a proposed appointment; the mail itself says no more than any other."""
    file = calendars.entry(
        uid=mail.params["uid"],
        starts_at=datetime.fromisoformat(mail.params["starts_at"]),
        minutes=int(mail.params["minutes"]),
        language=mail.language,
        now=now,
    )
    message.add_attachment(file, maintype="text", subtype="calendar", filename="entry.ics")


def to_folder(folder: Path) -> Carrier:
    """Write each mail as one ``.eml``, whole or not at all."""

    def carry(message: EmailMessage, mail_id: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = folder / f".{mail_id}.half"
        half.write_bytes(message.as_bytes())
        half.replace(folder / f"{mail_id}.eml")

    return carry


class LoginInClear(OSError):
    """The server offers no encryption: a login there would be read, or was asked for by somebody between."""


def to_server(url: str) -> Carrier:
    """Hand each mail to an SMTP server: ``smtp://`` (STARTTLS if offered) or ``smtps://``.

    A login is never sent in clear but to this machine: LoginInClear, and the mail waits.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port

    def carry(message: EmailMessage, mail_id: str) -> None:
        with _connect(parts.scheme, host, port) as server:
            if parts.username:
                if host not in _LOOPBACK and not isinstance(server.sock, ssl.SSLSocket):
                    raise LoginInClear
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)

    return carry


def _connect(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=20, context=context)
    server = smtplib.SMTP(host, port or 587, timeout=20)
    try:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
    except OSError:
        server.close()
        raise
    return server
