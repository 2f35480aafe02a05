"""A served practice to knock at: its people, its cases, its mail; every way in by contract.md alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy import Connection, create_engine, select, update

from evening.answer_sheets import Sheet, sheet
from evening.plain_client import Answer, Browser, Fields, totp
from live_portal import LivePortal
from portal.models import Job, StaffSession, table_of

PASSWORD = "a long quiet evening by the river"
SETTINGS = {
    "practice_name": "Riverside",
    "phone": "555 0100",
    "on_call_email": "oncall@example.org",
    "time_zone": "America/New_York",
    "confidentiality": "b",
    "self_referral": "yes",
}
Found = TypeVar("Found")
TICKS = {"identity_confirmed": "yes", "private_setting": "yes", "safety_reasked": "yes"}
CONTACT = {
    "channel": "email",
    "address": "alex@example.org",
    "hours": "after six",
    "time_zone": "America/New_York",
}


#: How much longer than promised a machine may take on which several suites run.
BUSY = 6


def within(seconds: float, look: Callable[[], Found]) -> Found:
    """Look until it is there; the contract promises five seconds for mail and routing, on a free machine."""
    give_up = time.monotonic() + BUSY * seconds
    while not (found := look()):
        assert time.monotonic() < give_up, "it did not come in time"
        time.sleep(0.05)
    return found


@dataclass
class Staff:
    """A signed-in member of staff."""

    browser: Browser
    email: str
    secret: str

    def sign_in(self, practice: Practice) -> Answer:
        """Both steps anew, in this person's browser; a code counts once, so it may wait for the next one."""
        self.browser.submit("/sign-in", {"name": self.email, "password": PASSWORD})
        code = practice.fresh_code(self.secret)
        return self.browser.submit("/sign-in/second-step", {"code": code})


@dataclass
class Practice:
    """The portal's address and its folder, from outside."""

    portal: LivePortal
    used_codes: set[tuple[str, str]] = field(default_factory=set)

    def visitor(self) -> Browser:
        """Somebody with an empty cookie jar."""
        return Browser("127.0.0.1", self.portal.port)

    def fresh_code(self, secret: str) -> str:
        """A code that was not used yet: this step's, or the next one's (clocks may be one step apart)."""
        for ahead in (0, 30):
            code = totp(secret, time.time() + ahead)
            if (secret, code) not in self.used_codes:
                self.used_codes.add((secret, code))
                return code
        raise AssertionError("two codes of one secret were used within a minute")

    def set_up_link(self, *roles: str, email: str, name: str = "Sam Staff") -> str:
        """The one-time link that the command prints, as a path."""
        words = [word for role in roles for word in ("--role", role)]
        printed = self.portal.command("accounts", "create", *words, "--email", email, "--name", name)
        return urlsplit(re.search(r"https?://\S+/set-up/\S+", printed)[0]).path  # type: ignore[index]

    def staff(self, *roles: str, email: str, name: str = "Sam Staff") -> Staff:
        """A new account, set up and signed in."""
        return self.set_up(self.set_up_link(*roles, email=email, name=name), email)

    def set_up(self, path: str, email: str) -> Staff:
        """Follow a set-up link."""
        browser = self.visitor()
        secret = browser.get(path).text_of("totp-secret").replace(" ", "")
        done = browser.submit(path, {"password": PASSWORD, "code": self.fresh_code(secret)})
        assert done.status == 303, done.text[-2000:]
        return Staff(browser, email, secret)

    def hire(self, admin: Staff, *roles: str, email: str, name: str) -> Staff:
        """An admin takes somebody in; the link comes by mail."""
        fields = {"email": email, "full_name": name, "roles": list(roles)}
        asked = admin.browser.submit("/admin/people", fields)
        assert (asked.status, asked.location) == (303, "/admin/people"), asked.text[-2000:]
        return self.set_up(self.link(email, "set-up"), email)

    def mails(self, address: str) -> list[EmailMessage]:
        """What was sent to an address."""
        return [mail for mail in self.portal.mails() if mail["To"] == address]

    def link(self, address: str, kind: str = "join") -> str:
        """The path of the newest link of a kind mailed to an address, as soon as it is there."""

        def look() -> str:
            for mail in reversed(self.mails(address)):
                found = re.search(rf"http://\S+/{kind}/\S+", plain_text(mail))
                if found:
                    return urlsplit(found[0]).path
            return ""

        return within(5, look)

    def invite(self, admin: Staff, therapist: Staff) -> tuple[str, str, str]:
        """A new case: its path, and both partners' links."""
        mark = uuid4().hex[:8]
        people = {"email_a": f"a-{mark}@example.org", "email_b": f"b-{mark}@example.org"}
        made = admin.browser.submit("/admin/cases", {**people, "therapist": therapist.email})
        assert made.status == 303, made.text[-2000:]
        case = "/cases/" + made.location.rsplit("/", 1)[1]
        return case, self.link(people["email_a"]), self.link(people["email_b"])

    def join(self, path: str) -> Browser:
        """Join by a link, or by ``/begin``, up to the first page of the form."""
        browser = self.visitor()
        choice = {"choice": "join"} if path.startswith("/join/") else {}
        assert browser.submit(path, {**choice, "password": PASSWORD}).location == "/my/account"
        walk_in(browser)
        return browser

    def begin(self) -> Browser:
        """Somebody who came on their own, at the first page of the form."""
        return self.join("/begin")

    def couple(self, admin: Staff, therapist: Staff, a: Sheet, b: Sheet) -> tuple[str, Browser, Browser]:
        """A case whose partners both sent; waits until the recommendation of both stands.

        Where danger is told a route stands before the second has sent: what waits for the worker tells.
        """
        case, to_a, to_b = self.invite(admin, therapist)
        one, other = self.join(to_a), self.join(to_b)
        fill_in(one, a)
        fill_in(other, b)
        within(5, lambda: routed(therapist.browser, case) not in (None, "wait"))
        within(5, self._is_looked_at)
        return case, one, other

    def _is_looked_at(self) -> bool:
        j = table_of(Job).c
        with self.database() as connection:
            waiting = connection.execute(select(j.id).where(j.kind == "submitted", j.done_at.is_(None)))
            return waiting.first() is None

    @contextmanager
    def aged(self) -> Iterator[None]:
        """Every staff sign-in is six minutes older, until the block ends."""
        self._shift_sign_ins(-6)
        yield
        self._shift_sign_ins(6)

    def _shift_sign_ins(self, minutes: int) -> None:
        columns = table_of(StaffSession).c
        with self.database() as connection:
            rows = connection.execute(select(columns.id, columns.authenticated_at)).all()
            for row in rows:
                moved = row.authenticated_at + timedelta(minutes=minutes)
                connection.execute(
                    update(table_of(StaffSession)).where(columns.id == row.id).values(authenticated_at=moved)
                )

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """A look into the practice's tables from outside; what it changes is kept."""
        engine = create_engine(self.portal.database_url)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()


def raw(browser: Browser, path: str, body: bytes, token: str = "") -> Answer:
    """A POST whose body is exactly these bytes, behind a valid token where one is given."""
    sent = b"csrf_token=" + token.encode() + b"&" + body if token else body
    return browser.request("POST", path, sent, [("Content-Type", "application/x-www-form-urlencoded")])


def plain_text(mail: EmailMessage) -> str:
    """The text/plain part."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def walk_in(browser: Browser, contact: Fields = CONTACT) -> None:
    """Card, leaving, consent, contact."""
    for page, fields, then in (
        ("/my/account", {"kept": "yes"}, "/my/leaving"),
        ("/my/leaving", {"seen": "yes"}, "/my/consent"),
        ("/my/consent", {"full_name": "Alex Morgan", "agree": "yes"}, "/my/contact"),
        ("/my/contact", contact, "/my/form"),
    ):
        assert browser.submit(page, fields).location == then


def save(browser: Browser, section: str, go: str = "next", **fields: str | list[str]) -> Answer:
    """Open a section and post it with the page's own version."""
    page = open_section(browser, section)
    body = {"section": section, "version": page.field("version"), "go": go, **fields}
    return browser.post("/my/form", body, token=page.field("csrf_token"))


def open_section(browser: Browser, section: str) -> Answer:
    """The form at a section."""
    page = browser.get("/my/form")
    if page.field("section") == section:
        return page
    fields = {"section": page.field("section"), "version": page.field("version"), "go": "open", "to": section}
    moved = browser.post("/my/form", fields, token=page.field("csrf_token"))
    assert (moved.status, moved.location) == (303, "/my/form")
    page = browser.get("/my/form")
    assert page.field("section") == section
    return page


def fill_in(browser: Browser, answers: Sheet) -> None:
    """The sections of a sheet, counting along from one page, then send."""
    page = browser.get("/my/form")
    version = int(page.field("version"))
    for section, items in answers.items():
        if items:
            fields = {"section": section, "version": str(version), "go": "next", **items}
            saved = browser.post("/my/form", fields, token=page.field("csrf_token"))
            assert saved.status == 303, section
            version += 1
    send(browser)


def send(browser: Browser) -> Answer:
    """From the check page."""
    check = browser.get("/my/form/check")
    sent = browser.post(
        "/my/form/submit", {"submit_key": check.field("submit_key")}, token=check.field("csrf_token")
    )
    assert (sent.status, sent.location) == (303, "/my")
    return sent


def recommendation(staff: Browser, case: str) -> dict[str, str]:
    """The attributes of ``#recommendation``; empty until computed."""
    element = staff.get(case).by_id("recommendation")
    return element.attributes if element is not None else {}


def routed(staff: Browser, case: str) -> str | None:
    """The recommended route."""
    return recommendation(staff, case).get("data-route")


def interview(staff: Browser, case: str, slots: Iterable[str] = "ab") -> None:
    """With each of the slots, all three ticks."""
    for slot in slots:
        done = staff.submit(case, {"slot": slot, **TICKS, "note": "Calm call."}, to=f"{case}/interviews")
        assert done.status == 303, done.text[-2000:]


def strong_fear() -> Sheet:
    """An intake with an acute finding."""
    return sheet(fear="strong")
