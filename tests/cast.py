"""A fixed cast, built through the real services: staff, couples, and what each person does in an evening."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from evening.answer_sheets import Sheet, sheet
from portal import worker
from portal.domain.access import Viewer, system
from portal.domain.answers import clean
from portal.domain.drafts import Go
from portal.models import PartnerSession, StaffAccount, table_of
from portal.services import (
    admin_cases,
    clearances,
    consents,
    contacts,
    couples,
    departures,
    desks,
    facts,
    intake_saves,
    intakes,
    interviews,
    joining,
    practice_settings,
    practices,
    requests,
    reviews,
    routing,
    set_ups,
    standing,
    statements,
)
from portal.services.intake_saves import Posted
from portal.services.tools import Tools
from portal.store import Store
from portal.workplace import Workplace

if TYPE_CHECKING:
    from moving_clock import Clock

PASSWORD = "harvest moon over water"
OFFICE = system("office")
CONTACT: Mapping[str, Any] = {"channel": "phone", "address": "555 0101", "hours": "evenings"}
ON_CALL = "on-call@example.org"


@dataclass
class Cast:
    """A practice with its tools and clock; mail lands in ``outbox``."""

    store: Store
    tools: Tools
    clock: Clock
    folder: Path = Path("nowhere")
    outbox: list[EmailMessage] = field(default_factory=list)

    @property
    def place(self) -> Workplace:
        """Where the worker works."""

        def carry(message: EmailMessage, _mail_id: str) -> None:
            self.outbox.append(message)

        return Workplace(self.store, self.tools, self.folder, carry, "office@example.org")

    def works(self) -> None:
        """The worker does everything that is due."""
        worker.sweep(self.place)

    def sets(self, **settings: str) -> None:
        """Change settings of the practice (names of contract.md)."""
        with self.store.staff.write() as session:
            practice_settings.change(session, self.tools, given=settings, by=OFFICE)

    def therapist(self, email: str = "thea@example.org", *, roles: Iterable[str] = ("therapist",)) -> Viewer:
        """Somebody on the staff who has set up their account."""
        with self.store.staff.write() as session:
            made = set_ups.create(
                session, self.tools, email=email, full_name="Thea Staff", roles=tuple(roles), by=OFFICE
            )
            set_up = set_ups.find(session, self.tools, token=made.link.rpartition("/")[2])
            # A hash indeed, though nobody signs in with it: to try one costs what it costs anybody.
            hashed = self.tools.passwords.hash("never typed by anybody")
            set_ups.finish(session, self.tools, set_up=set_up, password_hash=hashed, step=1)
            stored = session.scalar(
                select(table_of(StaffAccount).c.roles).where(table_of(StaffAccount).c.id == made.staff_id)
            )
        return Viewer(
            kind="staff", id=made.staff_id, roles=frozenset(str(stored).split(",")),
            authenticated_at=self.clock(),
        )  # fmt: skip

    def couple(self, *, therapist: str = "", both: bool = True) -> Pair:
        """A case opened by the practice; both (or one) invited by mail, nobody joined yet."""
        emails = {slot: f"{slot}-{self.tools.new_id()}@example.org" for slot in "ab"}
        with self.store.staff.write() as session:
            case_id = admin_cases.open_case(
                session, self.tools, email_a=emails["a"], email_b=emails["b"] if both else "",
                therapist=therapist, by=OFFICE,
            )  # fmt: skip
        self.works()
        people = {slot: Someone(self, case_id, slot, self.token_for(to)) for slot, to in emails.items()}
        return Pair(self, case_id, people["a"], people["b"])

    def token_for(self, address: str) -> str:
        """The token of the newest link mailed to an address; empty if there was none."""
        mails = [mail for mail in self.outbox if mail["To"] == address]
        found = re.search(r"/join/([\w-]+)", mails[-1].get_content()) if mails else None
        return "" if found is None else found[1]

    def alone(self, *, talk_first: bool = False) -> Someone:
        """Somebody who began on their own."""
        newcomer = joining.prepare(self.tools, password=PASSWORD, language="en")
        with self.store.partner.write() as session:
            joined = joining.begin(session, self.tools, newcomer=newcomer, talk_first=talk_first)
        someone = Someone(self, "", "a", "")
        someone.sits(joined)
        return someone

    def subjects(self) -> list[tuple[str, str]]:
        """(to, subject) of every mail but invitations, sorted; empties the outbox."""
        sent = [(mail["To"], mail["Subject"]) for mail in self.outbox if "/join/" not in mail.get_content()]
        self.outbox.clear()
        return sorted(sent)


@dataclass
class Someone:
    """One partner: ``a.joins()``, ``a.saves("safety", fear="some")``, ``a.sends()``."""

    cast: Cast
    case_id: str
    slot: str
    token: str
    viewer: Viewer = field(default_factory=lambda: Viewer(kind="partner"))

    def sits(self, joined: joining.Joined) -> None:
        """Take the seat that joining opened."""
        c = table_of(PartnerSession).c
        with self.cast.store.staff.read() as session:
            held = session.scalars(select(c.id).where(c.account_id == joined.account_id)).one()
        self.viewer = Viewer(
            kind="partner", id=joined.account_id, partner_id=joined.partner_id, session_id=held
        )

    def joins(self, *, device_hash: str | None = None, consents_too: bool = True) -> Someone:
        """Join by the invitation, agree, say how to be reached, and find the form laid out."""
        tools, store = self.cast.tools, self.cast.store
        newcomer = joining.prepare(tools, password=PASSWORD, language="en", device_hash=device_hash)
        with store.partner.write() as session:
            joined = joining.join(session, tools, token=self.token, newcomer=newcomer)
        self.sits(joined)
        return self.comes_in(consents_too=consents_too)

    def comes_in(self, *, consents_too: bool = True, contact: Mapping[str, Any] = CONTACT) -> Someone:
        """The way in after joining: consent and contact."""
        tools = self.cast.tools
        with self.cast.store.partner.write() as session:
            if consents_too:
                consents.give(
                    session, tools, full_name="Somebody", practice=practices.view(session),
                    language="en", by=self.viewer,
                )  # fmt: skip
            contacts.give(session, tools, contact=dict(contact), by=self.viewer)
        return self

    @property
    def intake_id(self) -> str:
        """The newest round."""
        return self.desk.intake_id

    @property
    def desk(self) -> desks.Desk:
        """Where the form stands."""
        with self.cast.store.partner.read() as session:
            desk = desks.find(session, by=self.viewer)
        assert desk is not None
        return desk

    def saves(self, section: str, go: str = "draft", *, to: str = "", **answers: str | list[str]) -> None:
        """Post one section; ``answers`` by item key (dots written as ``__``), "" is a blank."""
        desk, tools = self.desk, self.cast.tools
        asked = desk.questionnaire.section(section)
        fields = {
            key.replace("__", "."): value if isinstance(value, list) else [value]
            for key, value in answers.items()
        }
        cleaned = clean(asked, fields)
        assert (dict(cleaned.faults), cleaned.unexpected) == ({}, ())
        posted = Posted(asked, cleaned, str(desk.version), Go(go), to, {"section": [section], **fields})
        save = intake_saves.prepare(tools, desk, posted)
        with self.cast.store.partner.write() as session:
            intake_saves.store(session, tools, save=save, by=self.viewer)

    def fills(self, answers: Sheet | None = None, **changed: str | list[str]) -> Someone:
        """Save every section of an answer sheet and leave each, in order."""
        for section, items in (answers or sheet(**changed)).items():
            self.saves(section, "next", **{key.replace(".", "__"): value for key, value in items.items()})
        return self

    def sends(self, **changed: str | list[str]) -> Someone:
        """Fill in the safe sheet with changes, and send."""
        self.fills(**changed)
        return self.submits()

    def submits(self) -> Someone:
        """Send what was filled in."""
        with self.cast.store.partner.write() as session:
            assert intakes.submit(session, self.cast.tools, by=self.viewer)
        return self

    def says(self, kind: statements.Kind, **body: str | bool) -> str:
        """State something outside the form; the statement's id."""
        with self.cast.store.partner.write() as session:
            return statements.state(session, self.cast.tools, kind=kind, body=body, by=self.viewer)

    def leaves(self) -> None:
        """End the session (sign-out or quick exit)."""
        with self.cast.store.partner.write() as session:
            departures.end(session, self.cast.tools, by=self.viewer)


@dataclass
class Pair:
    """A case with its two people, and what staff do with it."""

    cast: Cast
    id: str
    a: Someone
    b: Someone

    def file(self) -> dict[str, Any]:
        """The couple file as of now."""
        with self.cast.store.staff.read() as session:
            return couples.couple_file(session, self.cast.tools, self.id)

    def findings(self) -> list[tuple[str, str, str, str]]:
        """(slot, rule, field, state) of every finding, sorted."""
        return sorted((view.slot, view.rule, view.field, view.state) for view in self.views())

    def views(self) -> tuple[standing.FindingView, ...]:
        """Every finding as staff see it."""
        with self.cast.store.staff.read() as session:
            return standing.of_case(session, self.cast.tools, self.id)

    def advice(self) -> routing.RecommendationView | None:
        """The newest recommendation."""
        with self.cast.store.staff.read() as session:
            return routing.latest(session, self.cast.tools, self.id)

    def route(self) -> tuple[str, str]:
        """Route and reason of the newest recommendation."""
        advice = self.advice()
        assert advice is not None
        return advice.body["route"], advice.body["reason"]

    def interview(
        self, slot: str, by: Viewer, *, ticks: tuple[bool, bool, bool] = (True, True, True)
    ) -> None:
        """An individual interview."""
        with self.cast.store.staff.write() as session:
            interviews.record(
                session, self.cast.tools, case_id=self.id, slot=slot, ticks=ticks, note="Calm.", by=by
            )

    def clear(self, tier: str, by: Viewer) -> datetime:
        """A clearance now; when it was."""
        with self.cast.store.staff.write() as session:
            clearances.give(session, self.cast.tools, case_id=self.id, tier=tier, note="Seen.", by=by)
        return self.cast.clock()

    def state(self, slot: str, by: Viewer, **said: str) -> None:
        """What staff say about one partner (``confirm="child_danger"`` included)."""
        with self.cast.store.staff.write() as session:
            facts.state(session, self.cast.tools, case_id=self.id, slot=slot, said=said, note="", by=by)

    def request(self, slot: str, kind: str, by: Viewer) -> None:
        """Open another round for one partner."""
        with self.cast.store.staff.write() as session:
            requests.send(session, self.cast.tools, case_id=self.id, slot=slot, kind=kind, by=by)

    def sign(self, by: Viewer, **choice: Any) -> None:
        """Accept the newest recommendation, or what ``choice`` says."""
        chosen = reviews.Choice(**{"decision": "accept", **choice})
        with self.cast.store.staff.write() as session:
            reviews.make(session, self.cast.tools, case_id=self.id, choice=chosen, by=by)
