"""A partner at the form: joining, the way in, filling in, sending, as a browser would do it.

A sitting is one transaction of the partner door, so that a hundred of them take seconds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.demo.cast import Couple, Person
from portal.demo.stage import Stage
from portal.demo.streams import Stream
from portal.domain import answers as cleaning
from portal.domain.access import Viewer
from portal.domain.answers import Answer
from portal.domain.drafts import Go
from portal.services import (
    accounts,
    consents,
    contacts,
    departures,
    desks,
    intake_saves,
    intakes,
    joining,
    practices,
    sessions,
    sign_ins,
    statements,
    way_in,
)
from portal.services.desks import Desk
from portal.services.intake_saves import Posted
from portal.services.joining import Joined, Newcomer


@dataclass(frozen=True)
class Known:
    """Somebody who joined, and how they come back."""

    account_id: str
    partner_id: str
    sign_in_name: str


@dataclass(frozen=True)
class Sitting:
    """One person at the form: their session, and the transaction everything of this sitting is in."""

    stage: Stage
    session: Session
    viewer: Viewer
    person: Person
    couple: str

    def reach_the_form(self) -> None:
        """Everything that comes before the form and was not done yet."""
        session, tools, viewer = self.session, self.stage.tools, self.viewer
        done = way_in.progress(session, by=viewer)
        if not done.leaving_seen:
            accounts.see_leaving(session, tools, by=viewer)
        if not done.consented:
            practice = practices.view(session)
            consents.give(
                session, tools, full_name=self.person.name, practice=practice,
                language=self.person.language, by=viewer,
            )  # fmt: skip
        if not done.contact_given:
            contacts.give(session, tools, contact=contact(self.person, self.couple), by=viewer)

    def fill(self, given: Mapping[str, Answer], *, sections: Iterable[str] | None = None) -> None:
        """Save these answers, section by section.

        With ``sections`` each is left by the button, as somebody does who comes back another day; without,
        every section is kept by the autosave and the form is then sent.
        """
        for key in sections or self.desk().questionnaire.section_keys:
            desk = self.desk()
            section = desk.questionnaire.section(key)
            fields = {
                item.key: value if isinstance(value, list) else [value]
                for item in section.items
                if (value := given.get(item.key)) is not None
            }
            posted = Posted(
                section=section,
                cleaned=cleaning.clean(section, fields),
                version=str(desk.version),
                go=Go.NEXT if sections else Go.DRAFT,
                to="",
                fields=fields,
            )
            save = intake_saves.prepare(self.stage.tools, desk, posted)
            intake_saves.store(self.session, self.stage.tools, save=save, by=self.viewer)
            self.stage.clock.move(minutes=2, seconds=len(fields) % 50)

    def send(self) -> None:
        """Send the form."""
        intakes.submit(self.session, self.stage.tools, by=self.viewer)

    def say(self, kind: statements.Kind, body: statements.Body) -> None:
        """Tell the practice something outside the form."""
        statements.state(self.session, self.stage.tools, kind=kind, body=body, by=self.viewer)

    def desk(self) -> Desk:
        """The form as it stands. Raises LookupError before it was laid out."""
        found = desks.find(self.session, by=self.viewer)
        if found is None:
            raise LookupError(self.couple)
        return found


def newcomer(stage: Stage, person: Person, couple: str, *, device: str | None) -> Newcomer:
    """What somebody brings along who joins."""
    return joining.prepare(
        stage.tools,
        password=stage.secrets.partner,
        language=person.language,
        email=address(person, couple),
        device_hash=device,
    )


def first_time(session: Session, stage: Stage, joined: Joined) -> Known:
    """The first minutes: the card with the sign-in name is written down."""
    viewer = seated(session, stage, joined.token)
    card = accounts.card(session, stage.tools, by=viewer)
    if card is None:
        raise LookupError(joined.account_id)
    accounts.keep(session, stage.tools, by=viewer)
    departures.end(session, stage.tools, by=viewer)
    return Known(joined.account_id, joined.partner_id, card.sign_in_name)


def seated(session: Session, stage: Stage, token: str) -> Viewer:
    """Who sits in the session of this cookie. Raises LookupError."""
    seat = sessions.find_partner(session, stage.tools, token)
    if seat is None:
        raise LookupError("no live session")
    return seat.viewer


@contextmanager
def sitting(
    stage: Stage, couple: Couple, slot: str, known: Known, *, device: str | None = None
) -> Iterator[Sitting]:
    """Sign in by name, do something, sign out."""
    with stage.store.partner.write() as session:
        claim = sign_ins.find_partner(session, stage.tools, name=known.sign_in_name, device_hash=device)
        token = sign_ins.enter_partner(session, stage.tools, claim=claim, device_hash=device)
        viewer = seated(session, stage, token)
        yield Sitting(stage, session, viewer, couple.person(slot), couple.key)
        departures.end(session, stage.tools, by=viewer)


def address(person: Person, couple: str) -> str:
    """An e-mail address that can never exist."""
    plain = unicodedata.normalize("NFKD", person.first_name.lower()).encode("ascii", "ignore").decode()
    return f"{plain}.{couple}@example.org"


def contact(person: Person, couple: str) -> dict[str, str | bool]:
    """The safe contact a person gives: telephone numbers and addresses that nobody has."""
    stream = Stream(f"{couple}/{person.name}/contact")
    telephone = f"+1 555 01{stream.below(100):02d}"
    addresses = {
        "phone": telephone,
        "text": telephone,
        "email": address(person, couple),
        "post": f"{1 + stream.below(90)} Nowhere Lane, Invented Falls",
        "none": "",
    }
    return {
        "channel": person.reach,
        "address": addresses[person.reach],
        "hours": stream.pick(
            ("weekdays 12-1", "weekdays after 5 pm", "Tuesday and Thursday mornings", "any time")
        ),
        "time_zone": "America/New_York",
        "voicemail_ok": stream.pick((True, False)),
        "name_ok": stream.pick((True, False)),
    }
