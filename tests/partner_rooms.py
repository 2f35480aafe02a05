"""One person who has joined, at any step of the way in: at the services, and in a browser without script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import (
    Account,
    CaseFile,
    Consent,
    Intake,
    Partner,
    Practice,
    SealedEntry,
    Statement,
    table_of,
)
from portal.services import contacts, sessions
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place

PASSWORD = "a quiet green morning"
CONTACT = {
    "channel": "phone",
    "address": "+1 555 0100",
    "hours": "weekdays at noon",
    "time_zone": "America/New_York",
    "voicemail_ok": False,
    "name_ok": True,
}


@dataclass(frozen=True)
class Person:
    """Somebody who joined, and the cookie of their session."""

    viewer: Viewer
    case_id: str
    token: str


def join(store: Store, tools: Tools, *, step: str = "form", case_id: str = "", slot: str = "a") -> Person:
    """A person whose next page is ``step`` (account, leaving, consent, contact, form)."""
    order = ["account", "leaving", "consent", "contact", "form"]
    done = set(order[: order.index(step)])
    now, account_id, partner_id = tools.now(), tools.new_id(), tools.new_id()
    with store.staff.write() as session:
        if not case_id:
            case_id = tools.new_id()
            row = {"id": case_id, "origin": "staff", "opened_at": now, "waiting_since": now, "urgency": 4}
            session.execute(insert(table_of(CaseFile)), [row])
        row = {"id": partner_id, "case_id": case_id, "slot": slot, "created_at": now}
        session.execute(insert(table_of(Partner)), [row])
        session.execute(
            insert(table_of(Account)),
            [
                {
                    "id": account_id,
                    "partner_id": partner_id,
                    "name_digest": tools.new_token(),
                    "name_sealed": b"",
                    "password_hash": tools.passwords.hash(PASSWORD),
                    "recovery_hash": "-",
                    "created_at": now,
                    "language": "en",
                    "kept_at": now if "account" in done else None,
                    "leaving_seen_at": now if "leaving" in done else None,
                }
            ],
        )
        if "consent" in done:
            consent = {
                "id": tools.new_id(), "partner_id": partner_id, "version": "2026.1", "policy": "b",
                "language": "en", "text_hash": "-", "name_sealed": b"", "given_at": now,
            }  # fmt: skip
            session.execute(insert(table_of(Consent)), [consent])
    viewer = Viewer(kind="partner", id=account_id, partner_id=partner_id)
    with store.partner.write() as session:
        token = sessions.open_partner(session, tools, account_id=account_id)
        if "contact" in done:
            contacts.give(session, tools, contact=CONTACT, by=viewer)
    with store.partner.read() as session:
        seat = sessions.find_partner(session, tools, token)
    assert seat is not None
    return Person(seat.viewer, case_id, token)


@dataclass(frozen=True)
class Browser:
    """A signed-in partner's browser without script."""

    client: FlaskClient
    person: Person
    store: Store
    tools: Tools

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def csrf(self) -> str:
        return self.tools.vault.mac("csrf", self.person.token.encode())

    def post(self, path: str, *pairs: tuple[str, str], **fields: str) -> Any:
        """POST fields (and repeated or dotted ones as pairs) with the session's CSRF token."""
        body = {"csrf_token": [self.csrf()], **{key: [value] for key, value in fields.items()}}
        for key, value in pairs:
            body.setdefault(key, []).append(value)
        return self.client.post(path, data=body)

    def save(
        self, section: str, version: int, *pairs: tuple[str, str], go: str = "save", **fields: str
    ) -> Any:
        return self.post("/my/form", *pairs, section=section, version=str(version), go=go, **fields)

    def draft(self, section: str, version: int, *pairs: tuple[str, str], **fields: str) -> Any:
        return self.post("/my/form/draft", *pairs, section=section, version=str(version), **fields)

    def intake(self) -> Any:
        with self.store.staff.read() as session:
            return session.execute(
                select(table_of(Intake))
                .where(table_of(Intake).c.partner_id == self.person.viewer.partner_id)
                .order_by(table_of(Intake).c.round.desc())
            ).first()

    def sealed(self) -> list[tuple[str, dict[str, Any]]]:
        return opened_entries(self.store, self.tools)

    def version(self) -> int:
        """The counter in the page that stands open."""
        found = re.search(r'name="version" value="(\d+)"', self.get("/my/form").text)
        assert found is not None
        return int(found.group(1))


def opened_entries(store: Store, tools: Tools) -> list[tuple[str, dict[str, Any]]]:
    """Every sealed save, opened: (section, body), oldest first."""
    c = table_of(SealedEntry).c
    with store.staff.read() as session:
        rows = session.execute(
            select(c.id, c.section, c.body_sealed).order_by(c.version, c.saved_at, c.section)
        ).all()
    return [
        (
            row.section,
            json.loads(tools.vault.open(Place("sealed_entry", "body_sealed", row.id), row.body_sealed)),
        )
        for row in rows
    ]


def opened_statements(store: Store, tools: Tools) -> list[tuple[str, dict[str, Any]]]:
    """Every statement, opened: (kind, body), oldest first."""
    c = table_of(Statement).c
    with store.staff.read() as session:
        # Where the clock stood still: as they came.
        came = text("rowid" if not store.staff.is_postgres else "ctid")
        rows = session.execute(select(c.id, c.kind, c.body_sealed).order_by(c.said_at, came)).all()
    return [
        (row.kind, json.loads(tools.vault.open(Place("statement", "body_sealed", row.id), row.body_sealed)))
        for row in rows
    ]


def rows_of(store: Store, model: Any, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of every row of a table, sorted."""
    table = table_of(model)
    with store.staff.read() as session:
        found = session.execute(select(*(table.c[name] for name in columns))).all()
    return sorted((tuple(row) for row in found), key=repr)


@contextmanager
def statements_of(store: Store) -> Iterator[list[str]]:
    """Every statement both doors run, without BEGIN, COMMIT, PRAGMA and what takes a lock on PostgreSQL."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        is_begun = statement.startswith(
            ("BEGIN", "COMMIT", "PRAGMA", "ROLLBACK", "SELECT set_config", "SET ")
        )
        if not is_begun and "pg_advisory" not in statement and not statement.endswith("FOR UPDATE"):
            seen.append(statement)

    engines = (store.staff.engine, store.partner.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def settle_practice(store: Store) -> None:
    """A practice with a name, a number and somebody on call, whatever the migration left."""
    table = table_of(Practice)
    values = {"name": "Harbor Practice", "phone": "+1 555 0199", "has_on_call": True}
    with store.staff.write() as session:
        if session.execute(update(table).values(**values)).rowcount == 0:  # type: ignore[attr-defined]
            row = {
                "id": "practice", "time_zone": "America/New_York", "confidentiality": "b",
                "self_referral": True, "stale_days": 60, "alcohol_level": 8, "index_margin": 10,
                "clarity_for_two": True,
                "is_demo": False, **values,
            }  # fmt: skip
            session.execute(insert(table), [row])


def set_private(session: Session, intake_id: str, value: str) -> None:
    """What the first page would have stored."""
    table = table_of(Intake)
    session.execute(update(table).where(table.c.id == intake_id).values(private=value))
