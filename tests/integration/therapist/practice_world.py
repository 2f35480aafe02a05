"""A small practice built through the real services: staff, cases, partners, sent intakes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from evening.answer_sheets import sheet
from portal import worker
from portal.domain.access import Viewer
from portal.models import CaseFile, Partner, SealedEntry, StaffAccount, Statement, table_of
from portal.services import (
    consents,
    intakes,
    interviews,
    jobs,
    joining,
    practices,
    questionnaires,
    reviews,
    routing,
)
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place
from portal.workplace import Workplace

PASSWORD = "a long quiet evening by the river"


@dataclass
class World:
    """A store and its tools, with verbs in the words of the tests."""

    store: Store
    tools: Tools
    mails: list[tuple[str, str]] = field(default_factory=list)

    def work(self) -> None:
        """Everything the worker has to do, mails into ``self.mails`` as (to, subject)."""

        def carry(message: EmailMessage, _mail_id: str) -> None:
            self.mails.append((message["To"], message["Subject"]))

        self.tools.clock.move(seconds=1)  # type: ignore[attr-defined]
        place = Workplace(self.store, self.tools, Path("nowhere"), carry, "practice@example.org")
        worker.sweep(place)

    def staff(self, name: str = "Thea", *, roles: tuple[str, ...] = ("therapist",)) -> Viewer:
        staff_id, now = self.tools.new_id(), self.tools.now()

        def box(column: str, text: str) -> bytes:
            return self.tools.vault.box("staff", Place("staff_account", column, staff_id), text)

        row = {
            "id": staff_id, "email_digest": staff_id, "email_box": box("email_box", f"{name}@example.org"),
            "name_box": box("name_box", name), "roles": ",".join(sorted(roles)),
            "totp_box": box("totp_box", "x"),
            "created_at": now, "set_up_at": now, "password_hash": self.tools.passwords.hash(PASSWORD),
        }  # fmt: skip
        with self.store.staff.write() as session:
            session.execute(insert(table_of(StaffAccount)), [row])
        return Viewer(kind="staff", id=staff_id, roles=frozenset(roles), authenticated_at=now)

    def case(self, *, therapist: Viewer | None = None, slots: str = "ab") -> Case:
        now, case_id = self.tools.now(), self.tools.new_id()
        ids = {slot: self.tools.new_id() for slot in slots}
        with self.store.staff.write() as session:
            session.execute(insert(table_of(CaseFile)), [{
                "id": case_id, "origin": "practice", "opened_at": now, "waiting_since": now, "urgency": 4,
                "therapist_id": therapist.id if therapist else None,
            }])  # fmt: skip
            for slot, partner_id in ids.items():
                row = {"id": partner_id, "case_id": case_id, "slot": slot, "created_at": now}
                session.execute(insert(table_of(Partner)), [row])
        return Case(self, case_id, ids, {})


@dataclass
class Case:
    """One case and what its people do."""

    world: World
    id: str
    ids: dict[str, str]
    people: dict[str, Viewer]

    def join(self, slot: str, name: str = "", *, contact: Mapping[str, Any] | None = None) -> Viewer:
        world = self.world
        newcomer = joining.prepare(world.tools, password=PASSWORD, language="en")
        with world.store.partner.write() as session:
            joined = joining._make_account(session, world.tools, partner_id=self.ids[slot], newcomer=newcomer)
        viewer = Viewer(kind="partner", id=joined.account_id, partner_id=self.ids[slot])
        self.people[slot] = viewer
        with world.store.partner.write() as session:
            practice = practices.view(session)
            consents.give(
                session, world.tools, full_name=name or f"Person {slot.upper()}", practice=practice,
                language="en", by=viewer,
            )  # fmt: skip
            intakes.begin(session, world.tools, partner_id=self.ids[slot], by=viewer)
        self.say(slot, "contact", contact or {"channel": "phone", "address": "555 0101", "hours": "evenings"})
        return viewer

    def say(self, slot: str, kind: str, body: Mapping[str, Any]) -> None:
        world = self.world
        with world.store.partner.write() as session:
            statement_id = world.tools.new_id()
            place = Place("statement", "body_sealed", statement_id)
            row = {
                "id": statement_id, "partner_id": self.ids[slot], "kind": kind, "said_at": world.tools.now(),
                "body_sealed": world.tools.vault.seal(place, json.dumps(dict(body))),
            }  # fmt: skip
            session.execute(insert(table_of(Statement)), [row])
            jobs.add(session, world.tools, kind="statement", subject_id=statement_id)
        world.work()

    def save(self, slot: str, *, intake_id: str = "", **changed: Any) -> str:
        """Save every section with these answers (dots as ``__``), own words among them; the intake's id."""
        world, viewer = self.world, self.people[slot]
        asked = questionnaires.of("2026.1", "b")
        known = {key for items in sheet().values() for key in items}
        answers = sheet(**{key: value for key, value in changed.items() if key.replace("__", ".") in known})
        for key in changed.keys() - {key.replace(".", "__") for key in known}:
            answers[asked.section_of(key).key][key] = changed[key]
        with world.store.partner.write() as session:
            if not intake_id:
                intake_id = intakes.begin(session, world.tools, partner_id=self.ids[slot], by=viewer)
            rows = [
                intakes.sealed_row(world.tools, intake_id=intake_id, section=key, version=1, values=values)
                for key, values in answers.items()
            ]
            session.execute(insert(table_of(SealedEntry)), rows)
        world.work()
        return intake_id

    def send(self, slot: str, name: str = "", **changed: Any) -> None:
        """Join if needed, fill in and send; the worker routes."""
        world = self.world
        viewer = self.people.get(slot) or self.join(slot, name)
        self.save(slot, **changed)
        with world.store.partner.write() as session:
            intakes.submit(session, world.tools, by=viewer)
        world.work()

    def route(self) -> str:
        """Let the worker do what is due; the route that stands then."""
        self.world.work()
        with self.world.store.staff.read() as session:
            view = routing.latest(session, self.world.tools, self.id)
            assert view is not None
            return str(view.body["route"])

    def see(self, slot: str, by: Viewer, *, ticks: tuple[bool, bool, bool] = (True, True, True)) -> None:
        """An individual interview."""
        with self.world.store.staff.write() as session:
            interviews.record(
                session, self.world.tools, case_id=self.id, slot=slot, ticks=ticks, note="Calm.", by=by
            )

    def sign(self, by: Viewer, **choice: Any) -> None:
        """Accept the newest recommendation (or whatever ``choice`` says)."""
        with self.world.store.staff.write() as session:
            chosen = reviews.Choice(**{"decision": "accept", **choice})
            reviews.make(session, self.world.tools, case_id=self.id, choice=chosen, by=by)


@dataclass
class Desk:
    """A staff member's browser: pages, and posts with the page's token."""

    client: FlaskClient

    def get(self, path: str, status: int = 200) -> str:
        """A page; fails on any other status."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text[:3000]
        return answer.text

    def post(self, path: str, fields: Mapping[str, Any], status: int = 303) -> TestResponse:
        """Post a form; fails on any other status."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/caseload"))
        assert found is not None
        answer = self.client.post(path, data={"csrf_token": found[1], **fields})
        assert answer.status_code == status, answer.text[:6000]
        return answer
