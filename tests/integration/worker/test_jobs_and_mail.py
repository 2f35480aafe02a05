"""Jobs and mails as rows: leased, done, tried again; mail as one whole file or to a server."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal import assembly, keyfiles
from portal.config import Settings, load
from portal.models import Job, Mail, table_of
from portal.services import jobs, mail_carriers, mails
from portal.services.mails import WaitingMail
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.store import Store

LINK = {"link": "http://127.0.0.1:8000/caseload"}
PRACTICE = PracticeView(name="Riverside Practice", phone="555 0100")


def _rows(store: Store, model: Any, *columns: str) -> list[tuple[Any, ...]]:
    c = table_of(model).c
    with store.staff.read() as session:
        return [tuple(row) for row in session.execute(select(*[c[name] for name in columns]).order_by(c.id))]


def _add(store: Store, tools: Tools, *, minutes: int = 0) -> None:
    with store.partner.write() as session:
        due_at = tools.now() + timedelta(minutes=minutes) if minutes else None
        jobs.add(session, tools, kind="route", subject_id="case", due_at=due_at)


def _lease(store: Store, tools: Tools) -> tuple[jobs.WaitingJob, ...]:
    with store.staff.write() as session:
        return jobs.lease(session, tools)


def test_a_job_is_leased_once_until_its_lease_runs_out(store: Store, tools: Tools, clock: Any) -> None:
    _add(store, tools)
    _add(store, tools, minutes=5)
    first = _lease(store, tools)
    assert [(job.kind, job.subject_id, job.attempts) for job in first] == [("route", "case", 0)]
    assert _lease(store, tools) == ()
    clock.move(minutes=2)
    assert _lease(store, tools) == ()
    clock.move(microseconds=1)
    assert _lease(store, tools) == first
    with store.staff.write() as session:
        jobs.done(session, tools, first[0])
    clock.move(minutes=2)
    assert _lease(store, tools) == ()
    clock.move(minutes=1)
    assert [job.id == first[0].id for job in _lease(store, tools)] == [False]


def test_a_failed_job_waits_longer_each_time_and_is_never_given_up(
    store: Store, tools: Tools, clock: Any
) -> None:
    _add(store, tools)
    waits = []
    for _ in range(7):
        (job,) = _lease(store, tools)
        with store.staff.write() as session:
            jobs.failed(session, tools, job, ValueError("Ana said yes"))
        ((due_at, error),) = _rows(store, Job, "due_at", "last_error")
        waits.append((due_at - clock()) // timedelta(minutes=1))
        assert (error, _lease(store, tools)) == ("ValueError", ())
        clock.at = due_at
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def _queue(store: Store, tools: Tools, to: str = "thea@example.org") -> None:
    with store.staff.write() as session:
        mails.queue(session, tools, template="on_call_alert", to=to, language="en", params=LINK)


def _take(store: Store, tools: Tools) -> tuple[WaitingMail, ...]:
    with store.staff.write() as session:
        return mails.lease(session, tools)


def test_a_mail_is_leased_once_and_emptied_when_it_was_sent(store: Store, tools: Tools, clock: Any) -> None:
    _queue(store, tools)
    (mail,) = _take(store, tools)
    assert mail == WaitingMail(mail.id, "on_call_alert", "en", "thea@example.org", LINK, 0)
    assert _take(store, tools) == ()
    with store.staff.write() as session:
        mails.settle(session, tools, mail, is_sent=True)
    clock.move(days=1)
    assert _take(store, tools) == ()
    columns = ("body_box", "attempts", "leased_until", "failed_at")
    assert _rows(store, Mail, *columns) == [(b"", 1, None, None)]


def test_a_worker_killed_between_sending_and_noting_sends_a_twin_with_the_same_id(
    store: Store, tools: Tools, clock: Any, tmp_path: Path
) -> None:
    _queue(store, tools)
    carry, ids = mail_carriers.to_folder(tmp_path / "outbox"), []
    for _ in range(2):
        (mail,) = _take(store, tools)
        message = mail_carriers.build(mail, PRACTICE, sender="office@example.org", now=clock())
        carry(message, mail.id)
        ids.append(message["Message-ID"])
        clock.move(minutes=3)
    assert ids == [f"<{mail.id}@example.org>"] * 2
    assert [path.name for path in (tmp_path / "outbox").iterdir()] == [f"{mail.id}.eml"]


def test_a_mail_is_tried_for_a_day_and_then_given_up(store: Store, tools: Tools, clock: Any) -> None:
    _queue(store, tools)
    waits = []
    for _ in range(mails.GIVE_UP_AFTER):
        (mail,) = _take(store, tools)
        with store.staff.write() as session:
            mails.settle(session, tools, mail, is_sent=False)
        ((due_at, failed_at),) = _rows(store, Mail, "due_at", "failed_at")
        waits.append((due_at - clock()) // timedelta(minutes=1))
        clock.at = max(due_at, clock())
    assert waits == [1, 2, 4, 8, 16, *[30] * 54, 0]
    assert failed_at == clock()
    clock.move(days=30)
    assert _take(store, tools) == ()


def test_a_mail_to_a_partner_waits_a_drawn_while_and_an_alert_does_not(
    store: Store, tools: Tools, clock: Any
) -> None:
    spread = replace(tools, mail_spread=120)
    templates = ("invitation", "sign_in_help", "notify", "on_call_alert", "staff_set_up", "staff_reset")
    with store.staff.write() as session:
        for template in templates * 8:
            mails.queue(session, spread, template=template, to="a@example.org", language="en", params=LINK)
        c = table_of(Mail).c
        due = session.execute(select(c.template, c.due_at)).all()
    waits = {
        name: {int((at - clock()).total_seconds()) for one, at in due if one == name} for name in templates
    }
    assert [waits[name] for name in templates[3:]] == [{0}] * 3
    assert all(len(waits[name]) > 2 and max(waits[name]) < 120 for name in templates[:3])


@pytest.mark.parametrize("is_production", [False, True])
def test_mails_wait_in_production_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_production: bool
) -> None:
    settings = load({"PORTAL_INSTANCE": str(tmp_path)})
    keyfiles.make_missing(keys=settings.keys, private=settings.private_key, secret=settings.secret_file)
    monkeypatch.setattr(Settings, "is_production", is_production)
    assert assembly.tools_for(settings).mail_spread == (120 if is_production else 0)


def test_a_mail_is_plain_neutral_text(clock: Any) -> None:
    mail = WaitingMail("id", "on_call_alert", "es", "thea@example.org", LINK, 0)
    message = mail_carriers.build(mail, PRACTICE, sender="office@portal.example.org", now=clock())
    assert dict(message.items()) == {
        "Subject": "Por favor, revise los casos",
        "From": "office@portal.example.org",
        "To": "thea@example.org",
        "Date": "Mon, 23 Nov 2026 15:00:00 +0000",
        "Message-ID": "<id@portal.example.org>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "7bit",
        "MIME-Version": "1.0",
    }
    assert message.get_content().splitlines() == [
        "Por favor, revise los casos ahora.", "", "http://127.0.0.1:8000/caseload",
    ]  # fmt: skip


def test_an_unnamed_practice_shows_a_dash(clock: Any) -> None:
    mail = WaitingMail("id", "invitation", "en", "b@example.org", {**LINK, "date": "December 23, 2026"}, 0)
    text = mail_carriers.build(mail, PracticeView(), sender="office@example.org", now=clock()).get_content()
    assert ("—" in text, "{practice}" in text) == (True, False)


@pytest.mark.parametrize("to", ["a@example.org\nBcc: all@example.org", "a@example.org\r\n\r\nHello"])
def test_no_address_can_add_a_header(clock: Any, to: str) -> None:
    mail = WaitingMail("id", "on_call_alert", "en", to, LINK, 0)
    with pytest.raises(ValueError, match=r"linefeed|carriage"):
        mail_carriers.build(mail, PRACTICE, sender="office@example.org", now=clock())


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "office@example.org", "thea@example.org", "Look"
    message.set_content("Please look.")
    return message


def test_a_mail_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "outbox"
    carry = mail_carriers.to_folder(folder)

    def full(_path: Path, data: bytes) -> int:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="disk full"):
            carry(_message(), "id")
    assert list(folder.glob("*.eml")) == []
    carry(_message(), "id")
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [
        ("id.eml", _message().as_bytes())
    ]
    assert folder.stat().st_mode & 0o777 == 0o700


class _Talk(socketserver.StreamRequestHandler):
    """Enough of SMTP to take one mail; ``server.offers`` and ``server.refuses`` set the scene."""

    server: Any
    answers = {"DATA": b"354 go on", "QUIT": b"221 bye", "AUTH": b"235 welcome"}

    def handle(self) -> None:
        self.say(b"220 ready")
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            word = line.split()[0].upper()
            self.server.said.append(line)
            if word == self.server.refuses:
                self.say(b"550 no")
            elif word == "EHLO":
                self.say(b"250-here", *[b"250-" + one for one in self.server.offers], b"250 HELP")
            else:
                self.say(self.answers.get(word, b"250 ok"))
                if word == "DATA":
                    self.take()

    def say(self, *lines: bytes) -> None:
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))

    def take(self) -> None:
        body = [raw.decode().rstrip("\r\n") for raw in iter(self.rfile.readline, b".\r\n")]
        self.server.mails.append("\n".join(body))
        self.say(b"250 kept")


@contextmanager
def _server(*, offers: tuple[bytes, ...] = (), refuses: str = "") -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Talk) as server:
        kept: Any = server
        kept.offers, kept.refuses, kept.mails, kept.said = offers, refuses, [], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()


def test_a_server_takes_the_mail(tmp_path: Path) -> None:
    with _server() as server:
        mail_carriers.to_server(f"smtp://127.0.0.1:{server.server_address[1]}")(_message(), "id")
    assert len(server.mails) == 1
    assert "To: thea@example.org" in server.mails[0]
    assert [line.split()[0] for line in server.said] == ["ehlo", "mail", "rcpt", "data", "QUIT"]


def test_a_server_is_told_who_sends(tmp_path: Path) -> None:
    with _server(offers=(b"AUTH PLAIN",)) as server:
        url = f"smtp://off%40ice:p%3Aw@127.0.0.1:{server.server_address[1]}"
        mail_carriers.to_server(url)(_message(), "id")
    assert server.said[1] == "AUTH PLAIN AG9mZkBpY2UAcDp3"


def test_no_login_is_sent_in_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_carriers, "_LOOPBACK", frozenset({"localhost"}))
    with _server(offers=(b"AUTH PLAIN",)) as server:
        url = f"smtp://office:pw@127.0.0.1:{server.server_address[1]}"
        with pytest.raises(mail_carriers.LoginInClear):
            mail_carriers.to_server(url)(_message(), "id")
    assert ([line.split()[0] for line in server.said], server.mails) == (["ehlo", "QUIT"], [])


@pytest.mark.parametrize(("offers", "refuses"), [((), "RCPT"), ((), "DATA"), ((b"STARTTLS",), "STARTTLS")])
def test_a_server_that_refuses_is_an_os_error(offers: tuple[bytes, ...], refuses: str) -> None:
    with _server(offers=offers, refuses=refuses) as server:
        carry = mail_carriers.to_server(f"smtp://127.0.0.1:{server.server_address[1]}")
        with pytest.raises(OSError):  # noqa: PT011
            carry(_message(), "id")
    assert server.mails == []


def test_a_server_that_promises_encryption_and_speaks_plainly_gets_no_mail() -> None:
    with _server(offers=(b"STARTTLS",)) as server:
        carry = mail_carriers.to_server(f"smtp://127.0.0.1:{server.server_address[1]}")
        with pytest.raises(OSError):  # noqa: PT011
            carry(_message(), "id")
    assert server.mails == []


def test_no_server_is_an_os_error() -> None:
    with _server() as server:
        port = server.server_address[1]
    for url in (f"smtp://127.0.0.1:{port}", f"smtps://127.0.0.1:{port}"):
        with pytest.raises(OSError):  # noqa: PT011
            mail_carriers.to_server(url)(_message(), "id")
