"""Consent, contact, and what a partner tells the practice: sealed, with event and job."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from partner_rooms import CONTACT, Person, join, opened_statements, rows_of, settle_practice
from portal.models import AuditEvent, Consent, Intake, Job, Notice, table_of
from portal.services import consents, contacts, intakes, partner_pages, practices, statements
from portal.services.partner_pages import Home, NoticeView
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place

HERE = PracticeView(time_zone="America/New_York")
MADRID = PracticeView(time_zone="Europe/Madrid")


def give_consent(store: Store, tools: Tools, person: Person, name: str = "Ada Example") -> consents.Given:
    with store.partner.write() as session:
        practice = practices.view(session)
        return consents.give(
            session, tools, full_name=name, practice=practice, language="es", by=person.viewer
        )


def test_consent_keeps_version_policy_hash_and_time_and_seals_the_name(store: Store, tools: Tools) -> None:
    settle_practice(store)
    person = join(store, tools, step="consent")
    with store.partner.read() as session:
        assert consents.latest(session, by=person.viewer) is None
        text = consents.page(practices.view(session), "es")
    given = give_consent(store, tools, person)
    assert given == consents.Given(version=text.version, policy="b", given_at=tools.now())
    with store.staff.read() as session:
        row = session.execute(select(table_of(Consent))).one()
    assert (row.version, row.policy, row.language, row.partner_id) == (
        text.version, "b", "es", person.viewer.partner_id,
    )  # fmt: skip
    assert "sha256:" + row.text_hash == text.digest
    assert tools.vault.open(Place("consent", "name_sealed", row.id), row.name_sealed) == "Ada Example"
    assert ("consent.given", "consent", row.id) in rows_of(
        store, AuditEvent, "verb", "subject_kind", "subject_id"
    )


def test_the_first_consent_stands(store: Store, tools: Tools, clock: Any) -> None:
    person = join(store, tools, step="consent")
    first = give_consent(store, tools, person)
    clock.move(hours=1)
    assert give_consent(store, tools, person, "Somebody Else") == first
    assert len(rows_of(store, Consent, "id")) == 1


def test_the_first_contact_lays_the_form_out(store: Store, tools: Tools) -> None:
    person = join(store, tools, step="contact")
    for _ in range(2):
        with store.partner.write() as session:
            intake_id = contacts.give(session, tools, contact=CONTACT, by=person.viewer)
    assert rows_of(store, Intake, "id") == [(intake_id,)]
    assert opened_statements(store, tools) == [("contact", CONTACT), ("contact", CONTACT)]


@pytest.mark.parametrize(
    ("kind", "body", "verb"),
    [
        ("message", {"text": "hello"}, "message.written"),
        ("addition", {"text": "and this"}, "addition.written"),
        ("withdrawal", {"reason": ""}, "intake.withdrawn"),
        ("appointment_answer", {"choice": "fits", "text": ""}, "appointment.answered"),
        (
            "partner_choice",
            {"choice": "will_not_join", "channel": "", "address": ""},
            "partner.choice_stated",
        ),
    ],
)
def test_a_statement_is_sealed_with_its_event_and_job(
    store: Store, tools: Tools, kind: Any, body: dict[str, str], verb: str
) -> None:
    person = join(store, tools, step="contact")
    with store.partner.write() as session:
        statement_id = statements.state(session, tools, kind=kind, body=body, by=person.viewer)
    assert opened_statements(store, tools) == [(kind, body)]
    assert rows_of(store, Job, "kind", "subject_id") == [("statement", statement_id)]
    assert rows_of(store, AuditEvent, "verb", "subject_id", "actor_id", "detail") == [
        (verb, statement_id, person.viewer.id, "{}")
    ]


def test_only_that_and_when_something_was_said_is_known(store: Store, tools: Tools, clock: Any) -> None:
    person, other = join(store, tools, step="contact"), join(store, tools, step="contact")
    for text in ("one", "two"):
        clock.move(minutes=1)
        with store.partner.write() as session:
            statements.state(session, tools, kind="message", body={"text": text}, by=person.viewer)
    with store.partner.read() as session:
        assert statements.last_said(session, by=person.viewer) == {"message": tools.now()}
        assert statements.last_said(session, by=other.viewer) == {}


def home(store: Store, tools: Tools, person: Person) -> Home:
    with store.partner.read() as session:
        return partner_pages.home(session, tools, practice=HERE, by=person.viewer)


def test_the_start_page_before_and_after_sending(store: Store, tools: Tools, person: Person) -> None:
    assert home(store, tools, person) == Home("form", None, None, None, ())
    with store.partner.write() as session:
        intakes.submit(session, tools, by=person.viewer)
    assert home(store, tools, person) == Home("home", tools.now(), date(2026, 11, 30), None, ())


def test_the_day_of_the_call_is_counted_where_the_practice_is() -> None:
    late_on_friday = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
    assert partner_pages.call_by(late_on_friday, HERE) == date(2026, 12, 4)
    assert partner_pages.call_by(late_on_friday, MADRID) == date(2026, 12, 4)
    assert partner_pages.call_by(late_on_friday - timedelta(hours=24), MADRID) == date(2026, 12, 4)
    assert partner_pages.call_by(late_on_friday - timedelta(hours=24), HERE) == date(2026, 12, 3)


def test_the_day_of_the_call_is_a_day_on_which_the_practice_works() -> None:
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    closed = PracticeView(time_zone="America/New_York", working_days="1,2,3,4", holidays="2026-12-01")
    assert partner_pages.call_by(friday, closed) == date(2026, 12, 8)


def test_a_withdrawal_stands_until_something_is_sent(
    store: Store, tools: Tools, person: Person, clock: Any
) -> None:
    with store.partner.write() as session:
        statements.state(session, tools, kind="withdrawal", body={"reason": ""}, by=person.viewer)
    withdrawn_at = tools.now()
    assert home(store, tools, person).withdrawn_at == withdrawn_at
    clock.move(minutes=1)
    with store.partner.write() as session:
        intakes.submit(session, tools, by=person.viewer)
    assert home(store, tools, person).withdrawn_at is None


def test_released_notices_are_the_own_ones_that_are_due(store: Store, tools: Tools, person: Person) -> None:
    other = join(store, tools)
    for owner, text, minutes in (
        (person, "first", -9),
        (person, "second", -1),
        (person, "soon", 5),
        (other, "x", -3),
    ):
        notice_id = tools.new_id()
        box = tools.vault.box("partner", Place("notice", "body_box", notice_id), f'{{"text": "{text}"}}')
        row = {
            "id": notice_id, "partner_id": owner.viewer.partner_id, "kind": "letter", "body_box": box,
            "shown_from": tools.now() + timedelta(minutes=minutes),
        }  # fmt: skip
        with store.staff.write() as session:
            session.execute(insert(table_of(Notice)), [row])
    assert home(store, tools, person).notices == (
        NoticeView("letter", tools.now() - timedelta(minutes=1), {"text": "second"}),
        NoticeView("letter", tools.now() - timedelta(minutes=9), {"text": "first"}),
    )
