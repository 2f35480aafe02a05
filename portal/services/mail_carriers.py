"""A mail as a message: made from a neutral template when it is sent, one whole file or SMTP.

For the worker alone: who serves pages writes rows (``mails``), and loads nothing of this.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from portal.content import letters
from portal.services import calendars
from portal.services.mails import WaitingMail
from portal.services.practices import PracticeView

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: Sends one finished message; raises OSError (or a subclass) when it could not.
Carrier = Callable[[EmailMessage, str], None]


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
        half.touch(mode=0o600)
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
