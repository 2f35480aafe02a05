"""The stage: one portal whose clock, mail and randomness are in hand, and the people who act on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from cast import Cast, Pair, Someone
from databases import Databases
from evening.answer_sheets import Sheet
from moving_clock import Clock
from noninterference.observe import Seen, tracing, watch
from noninterference.streams import Streams, acting
from portal import create_app, worker
from portal.models import Account, Partner, table_of
from portal.services import throttles
from portal.services.tools import Passwords, Tools
from portal.vault import Vault, new_vault
from portal.workplace import Workplace

PASSWORD = "a long quiet evening by the river"
A_MAIL, B_MAIL, OTHER_MAIL = "ana@example.org", "ben@example.org", "cleo@example.org"
_BEGINNING = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
Fields = Mapping[str, str | list[str]]


class House:
    """One application for every world: its database is put back to empty in between.

    ``by_rows`` False: on PostgreSQL the partners' role is bound by no policy, as none is on SQLite.
    """

    def __init__(
        self, folder: Path, databases: Databases, *, vault: Vault | None = None, by_rows: bool = True
    ) -> None:
        self.clock, self.streams = Clock(), Streams()
        self.tools = Tools(
            vault=vault or new_vault(),
            passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
            base_url="http://localhost",
            clock=self.clock,
            draw=self.streams,
        )
        instance = folder / "instance"
        instance.mkdir(mode=0o700)
        self._databases, self._urls = databases, databases.fresh(instance, by_rows=by_rows)
        config = {"PORTAL_INSTANCE": str(instance), **self._urls}
        self.app: Flask = create_app(config, overrides={"tools": self.tools})
        self.store = self.app.extensions["portal.house"]._store
        for door in (self.store.staff, self.store.partner):
            watch(door.engine)

    def restart(self) -> None:
        """An empty practice on a Monday morning."""
        self.store.dispose()
        self._databases.again(self._urls)
        self.streams.restart()
        self.clock.at = _BEGINNING
        self.app.extensions["portal.throttle"] = throttles.build(is_on=True, redis_url=None)


class Office(Cast):
    """The staff and the worker; mail to a ``bounces`` address is refused by its server."""

    bounces: str = ""

    @property
    def place(self) -> Workplace:
        def carry(message: EmailMessage, _mail_id: str) -> None:
            if message["To"] == self.bounces:
                raise OSError("no such mailbox")
            self.outbox.append(message)

        return Workplace(self.store, self.tools, Path("nowhere"), carry, "office@example.org")


@dataclass
class Person:
    """Somebody at a browser. What ``A`` sees is written down."""

    stage: Stage
    name: str
    client: FlaskClient
    mail: str
    address: str = "10.0.0.2"
    page: str = ""
    sign_in_name: str = ""
    recovery_code: str = ""
    token: str = ""
    seen: list[Seen] = field(default_factory=list)

    def send(self, method: str, path: str, fields: Fields | None = None, *, label: str = "") -> TestResponse:
        """One request; redirects are not followed."""
        with acting(self.name), tracing() as trace:
            answer = self.client.open(
                path, method=method, data=fields, environ_base={"REMOTE_ADDR": self.address}
            )
        if answer.mimetype == "text/html" and "csrf_token" in answer.text:
            self.page = answer.text
        jar = sorted((key[-1], cookie.value) for key, cookie in self.client._cookies.items())
        self.seen.append(
            Seen(
                label=f"{method} {label or path}",
                status=answer.status_code,
                headers=tuple(pair for pair in answer.headers.items() if pair[0] != "Date"),
                body=answer.data,
                cookies=tuple(jar),
                statements=tuple((sql, rows) for sql, rows in trace),
            )
        )
        return answer

    def get(self, path: str, *, label: str = "") -> TestResponse:
        return self.send("GET", path, label=label)

    def post(self, path: str, fields: Fields | None = None, *, label: str = "") -> TestResponse:
        """With the token of the page last seen."""
        found = _TOKEN.search(self.page)
        return self.send(
            "POST", path, {"csrf_token": found[1] if found else "", **(fields or {})}, label=label
        )

    def submit(self, path: str, fields: Fields, *, then: str | None = None) -> TestResponse:
        """Open the page, post its form; ``then``: where that must lead."""
        self.get(path)
        answer = self.post(path, fields)
        if then is not None:
            assert answer.headers.get("Location") == then, (
                f"{self.name} {path}: {answer.status} {answer.text}"
            )
        return answer

    def begins(self, *, with_mail: bool = True) -> None:
        given = {"email": self.mail} if with_mail else {}
        self.submit("/begin", {"password": PASSWORD, **given}, then="/my/account")
        self.reads_card()

    def joins(self, token: str) -> None:
        self.token = token
        self.submit(f"/join/{token}", {"choice": "join", "password": PASSWORD}, then="/my/account")
        self.reads_card()

    def reads_card(self) -> None:
        text = self.get("/my/account").text
        name = re.search(r'id="sign-in-name"[^>]*>([^<]+)<', text)
        self.sign_in_name = name[1].strip() if name else self.sign_in_name
        self.recovery_code = re.search(r'id="recovery-code"[^>]*>([^<]+)<', text)[1].strip()  # type: ignore[index]

    def keeps_card(self, then: str = "/my/leaving") -> None:
        self.submit("/my/account", {"kept": "yes"}, then=then)

    def walks_in(self) -> None:
        self.submit("/my/leaving", {"seen": "yes"}, then="/my/consent")
        self.submit(
            "/my/consent", {"full_name": f"Full name of {self.name}", "agree": "yes"}, then="/my/contact"
        )
        contact = {"channel": "email", "address": self.mail, "hours": "noon", "time_zone": "America/New_York"}
        self.submit("/my/contact", contact, then="/my/form")

    def comes(self, token: str = "") -> Person:
        """All the way to the form, by an invitation or alone."""
        if token:
            self.joins(token)
        else:
            self.begins()
        self.keeps_card()
        self.walks_in()
        return self

    def signs_in(self) -> None:
        self.submit("/sign-in", {"name": self.sign_in_name, "password": PASSWORD}, then="/my")

    def leaves(self) -> None:
        self.get("/leave")

    def saves(self, section: str, answers: Fields, *, go: str = "next") -> None:
        self.get("/my/form")
        version = re.search(r'name="version" value="(\d+)"', self.page)[1]  # type: ignore[index]
        body = {"section": section, "version": version, "go": go, **answers}
        answer = self.post("/my/form", body)
        assert answer.status_code == 303, answer.text

    def drafts(self, section: str, answers: Fields) -> int:
        self.get("/my/form")
        version = re.search(r'name="version" value="(\d+)"', self.page)[1]  # type: ignore[index]
        return self.post("/my/form/draft", {"section": section, "version": version, **answers}).status_code

    def fills(self, answers: Sheet) -> None:
        for section, items in answers.items():
            if items:
                self.saves(section, items)

    def sends(self) -> None:
        check = self.get("/my/form/check").text
        key = re.search(r'name="submit_key" value="([^"]+)"', check)[1]  # type: ignore[index]
        answer = self.post("/my/form/submit", {"submit_key": key})
        assert answer.headers.get("Location") == "/my", answer.text

    @property
    def inbox(self) -> list[EmailMessage]:
        """Every mail to this person's address."""
        return [mail for mail in self.stage.office.outbox if mail["To"] == self.mail]

    def newest_token(self, kind: str = "join") -> str:
        """Of the newest link of a kind in the inbox; empty without one."""
        for mail in reversed(self.inbox):
            found = re.search(rf"/{kind}/([\w-]+)", mail.get_content())
            if found:
                return found[1]
        return ""

    @property
    def record(self) -> Mapping[str, str]:
        """The ids the database knows this person by."""
        a, p = table_of(Account).c, table_of(Partner).c
        digest = self.stage.house.tools.vault.digest("partner", "sign_in_name", self.sign_in_name)
        with self.stage.house.store.staff.read() as session:
            row = session.execute(
                select(a.id.label("account"), p.id.label("partner"), p.case_id.label("case"), p.slot)
                .join_from(table_of(Account), table_of(Partner), a.partner_id == p.id)
                .where(a.name_digest == digest)
            ).one()
        return dict(row._mapping)


@dataclass
class Stage:
    """One world while it is played. ``a`` watches; ``b`` and ``c`` live their lives; staff do theirs."""

    house: House
    shared: bool = False

    def __post_init__(self) -> None:
        self.house.restart()
        with acting("house"):
            self.house.app.test_client().get("/")
        self.office = Office(self.house.store, self.house.tools, self.house.clock)
        with acting("house"):
            self.office.sets(practice_name="Riverside", phone="555 0100", on_call_email="oncall@example.org")
            self.thea = self.office.therapist("thea@example.org")
            self.theo = self.office.therapist("theo@example.org")
            self.boss = self.office.therapist("ada@example.org", roles=("admin",))
        self.a = self._person("A", A_MAIL, "10.0.0.2")
        self.b = self._person("B", A_MAIL if self.shared else B_MAIL, "10.0.0.2")
        self.c = self._person("C", OTHER_MAIL, "10.0.0.2")
        self.case_id = ""

    def _person(self, name: str, mail: str, address: str) -> Person:
        return Person(self, name, self.house.app.test_client(), mail, address)

    def at(self, hours: float) -> None:
        """The same moment in every world."""
        self.house.clock.at = _BEGINNING + timedelta(hours=hours)

    def works(self, cause: str) -> None:
        """The worker does what is due, on behalf of whoever caused it."""
        with acting(f"worker for {cause}"):
            worker.sweep(self.office.place)

    def staff(self, verb: Callable[..., Any], *, target: str, by: Any = None, **given: Any) -> Any:
        """A service of the staff room, aimed at ``target``; the therapist has just signed in."""
        who = replace(by or self.thea, authenticated_at=self.house.clock())
        with acting(f"staff for {target}"), self.house.store.staff.write() as session:
            done = verb(session, self.house.tools, by=who, **given)
        self.works(f"staff for {target}")
        return done

    def pair(self) -> Pair:
        """The case as staff see it."""
        nobody = Someone(self.office, self.case_id, "a", "")
        return Pair(self.office, self.case_id, nobody, nobody)
