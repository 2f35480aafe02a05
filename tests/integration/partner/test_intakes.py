"""An intake from its beginning to being sent, and opened again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from test_intake_saves import desk_of, save

from partner_rooms import PASSWORD, Person, join, opened_entries, rows_of, settle_practice
from portal.content import questionnaire as bank
from portal.domain.access import Viewer
from portal.domain.drafts import Go
from portal.domain.lifecycle import WayIn
from portal.models import (
    AuditEvent,
    Intake,
    Job,
    PartnerSession,
    Practice,
    SealedEntry,
    SectionState,
    table_of,
)
from portal.services import desks, intakes, partner_pages, practices, statements
from portal.services.errors import OutOfOrder
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Vault

SECTIONS = bank.load().section_keys
STAFF = Viewer(kind="staff", id="s", roles=frozenset({"therapist"}))


def begin(store: Store, tools: Tools, person: Person, **more: bool) -> str:
    with store.partner.write() as session:
        return intakes.begin(session, tools, partner_id=person.viewer.partner_id, by=person.viewer, **more)


def submit(store: Store, tools: Tools, person: Person) -> bool:
    with store.partner.write() as session:
        return intakes.submit(session, tools, by=person.viewer)


def open_round(store: Store, tools: Tools, person: Person, kind: str) -> str:
    with store.staff.write() as session:
        return intakes.open_round(session, tools, partner_id=person.viewer.partner_id, kind=kind, by=STAFF)


def test_beginning_lays_out_one_empty_place_a_section(store: Store, tools: Tools) -> None:
    settle_practice(store)
    person = join(store, tools, step="contact")
    intake_id = begin(store, tools, person)
    assert begin(store, tools, person) == intake_id
    columns = ("round", "kind", "questionnaire", "variant", "position", "private", "submitted_at")
    assert rows_of(store, Intake, *columns) == [(1, "first", bank.CURRENT, "b+oncall", "start", None, None)]
    places = rows_of(
        store, SectionState, "section", "version", "touched", "draft_box", "opened_at", "left_at"
    )
    assert sorted(places) == sorted(
        (key, 0, "", None, tools.now() if key == "start" else None, None) for key in SECTIONS
    )
    assert [row[0] for row in rows_of(store, AuditEvent, "verb")] == ["intake.begun", "section.opened"]


def test_somebody_who_wants_to_talk_first_finds_it_filled_in(store: Store, tools: Tools) -> None:
    person = join(store, tools, step="contact")
    begin(store, tools, person, call_first=True)
    desk = desk_of(store, tools, person)
    assert intakes.read_draft(tools, desk, "start") == {"call_first": "yes"}
    assert desk.touched["start"] == ("call_first",)
    assert desk.version == 0


def test_a_seat_knows_the_way_in_and_the_desk(store: Store, tools: Tools) -> None:
    new, ready = join(store, tools, step="account"), join(store, tools)
    with store.partner.read() as session:
        seats = [desks.find_seat(session, tools, person.token) for person in (new, ready)]
        assert desks.find_seat(session, tools, "nobody") is None
        assert desks.find(session, by=new.viewer) is None
    assert [seat.way for seat in seats if seat] == [
        WayIn(kept=False, leaving_seen=False, consented=False, contact_given=False, sent=False),
        WayIn(kept=True, leaving_seen=True, consented=True, contact_given=True, sent=False),
    ]
    assert seats[0] is not None
    assert seats[0].desk is None
    assert seats[1] is not None
    assert seats[1].desk is not None
    assert set(seats[1].desk.places) == set(SECTIONS)


def test_a_page_finds_the_practice_beside_the_seat_as_it_stands_now(store: Store, tools: Tools) -> None:
    person = join(store, tools)

    def found() -> tuple[PracticeView | None, PracticeView]:
        with store.partner.read() as session:
            seat = desks.find_seat_for_page(session, tools, person.token)
            plain = desks.find_seat(session, tools, person.token)
            assert seat is not None
            assert replace(seat, practice=None) == plain
            return seat.practice, practices.view(session)

    told = []
    for texts in ('{"office_email": "a@example.org"}', '{"office_email": "b@example.org"}'):
        settle_practice(store)
        with store.staff.write() as session:
            session.execute(update(table_of(Practice)).values(public_texts=texts))
        beside, alone = found()
        assert beside == alone
        told.append(alone.told("office_email"))
    assert told == ["a@example.org", "b@example.org"]
    with store.staff.write() as session:
        session.execute(delete(table_of(Practice)))
    assert found() == (PracticeView(), PracticeView())


@pytest.mark.parametrize("ended", ["revoked", "idle"])
def test_an_ended_session_has_no_desk(store: Store, tools: Tools, clock: Any, ended: str) -> None:
    person = join(store, tools)
    if ended == "idle":
        clock.move(minutes=16)
    else:
        with store.staff.write() as session:
            session.execute(update(table_of(PartnerSession)).values(revoked_at=tools.now()))
    with store.partner.read() as session:
        assert desks.find_seat(session, tools, person.token) is None


def test_sending_seals_what_could_be_read_and_empties_it(
    store: Store, tools: Tools, person: Person, clock: Any
) -> None:
    save(store, tools, person, "safety", {"fear": ["none"]})
    save(store, tools, person, "start", {"private": ["yes"], "adult": ["yes"]})
    save(store, tools, person, "patterns", {"gottman_1": ["3"]})
    clock.move(minutes=1)
    intake_id = desk_of(store, tools, person).intake_id
    assert submit(store, tools, person) is True
    assert opened_entries(store, tools) == [
        ("safety", {"values": {"fear": "none"}, "clear": False}),
        ("start", {"values": {"adult": "yes", "private": "yes"}, "clear": False}),
        ("patterns", {"values": {"gottman_1": "3"}, "clear": False}),
    ]
    assert rows_of(store, Intake, "submitted_at") == [(tools.now(),)]
    assert set(rows_of(store, SectionState, "draft_box", "left_at")) == {(None, tools.now())}
    assert [row for row in rows_of(store, Job, "kind", "subject_id") if row[0] == "submitted"] == [
        ("submitted", intake_id)
    ]
    sent = [
        row
        for row in rows_of(store, AuditEvent, "verb", "subject_kind", "subject_id")
        if row[0] == "intake.sent"
    ]
    assert sent == [("intake.sent", "intake", intake_id)]


def test_sending_again_changes_nothing(store: Store, tools: Tools, person: Person) -> None:
    assert submit(store, tools, person) is True
    before = (
        rows_of(store, Job, "id"),
        rows_of(store, AuditEvent, "id"),
        rows_of(store, Intake, "submitted_at"),
    )
    assert submit(store, tools, person) is False
    after = (
        rows_of(store, Job, "id"),
        rows_of(store, AuditEvent, "id"),
        rows_of(store, Intake, "submitted_at"),
    )
    assert after == before


def test_nothing_can_be_sent_before_it_is_begun(store: Store, tools: Tools) -> None:
    person = join(store, tools, step="contact")
    with pytest.raises(OutOfOrder, match="not_begun"):
        submit(store, tools, person)


@pytest.mark.parametrize("kind", ["refresh", "repeat"])
def test_a_request_opens_an_empty_round(store: Store, tools: Tools, person: Person, kind: str) -> None:
    save(store, tools, person, "start", {"adult": ["yes"]})
    submit(store, tools, person)
    open_round(store, tools, person, kind)
    desk = desk_of(store, tools, person)
    assert (desk.round, desk.is_open, desk.version) == (2, True, 0)
    assert set(desk.touched.values()) == {()}
    assert [row[:2] for row in rows_of(store, Intake, "round", "kind")] == [(1, "first"), (2, kind)]


def test_a_request_for_what_is_missing_takes_the_answers_over(
    store: Store, tools: Tools, person: Person, clock: Any
) -> None:
    save(store, tools, person, "start", {"adult": ["yes"]})
    save(store, tools, person, "safety", {"fear": ["strong"], "control_received": ["money", "phone"]})
    sent_at = tools.now()
    submit(store, tools, person)
    clock.move(minutes=9)
    with store.staff.write() as session:
        session.execute(update(table_of(Practice)).values(confidentiality="a"))
    intake_id = open_round(store, tools, person, "missing")
    desk = desk_of(store, tools, person)
    assert (desk.intake_id, desk.variant, desk.version) == (intake_id, "b+oncall", 0)
    assert desk.touched["start"] == ("adult",)
    assert set(desk.touched["safety"]) == {"fear", "control_received"}
    c = table_of(SealedEntry).c
    with store.staff.read() as session:
        rows = session.execute(
            select(c.section, c.version, c.saved_at, c.screened_at).where(c.intake_id == intake_id)
        ).all()
    assert sorted(map(tuple, rows)) == [("safety", 0, sent_at, sent_at), ("start", 0, sent_at, sent_at)]
    assert intakes.read_draft(tools, desk, "start") == {}


def test_a_round_that_took_nothing_over(store: Store, tools: Tools, person: Person) -> None:
    submit(store, tools, person)
    open_round(store, tools, person, "missing")
    assert opened_entries(store, tools) == []


def test_an_answer_that_is_no_longer_asked_is_left_behind(store: Store, tools: Tools, person: Person) -> None:
    intake_id = desk_of(store, tools, person).intake_id
    stray = intakes.sealed_row(
        tools, intake_id=intake_id, section="start", version=1, values={"no_such_item": "yes", "adult": "no"}
    )
    with store.staff.write() as session:
        session.execute(table_of(SealedEntry).insert(), [stray])
    submit(store, tools, person)
    open_round(store, tools, person, "missing")
    assert opened_entries(store, tools)[0] == ("start", {"values": {"adult": "no"}, "clear": False})


def test_an_open_form_is_not_opened_twice(store: Store, tools: Tools, person: Person) -> None:
    with pytest.raises(OutOfOrder, match="not_sent"):
        open_round(store, tools, person, "repeat")
    newcomer = join(store, tools, step="contact")
    with pytest.raises(OutOfOrder, match="not_sent"):
        open_round(store, tools, newcomer, "repeat")


def test_another_kind_of_request_is_refused(store: Store, tools: Tools, person: Person) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        open_round(store, tools, person, "nonsense")


@pytest.mark.engine("sqlite")  # reads its file; what PostgreSQL is sent are the same values
def test_nothing_of_an_intake_stands_in_clear(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "words", {"own_words": ["the blue kettle"]})
    save(store, tools, person, "start", {"preference_note": ["the red kettle"]})
    submit(store, tools, person)
    with store.staff.read() as session:
        path = str(session.get_bind().url.database)  # type: ignore[union-attr]
    store.dispose()
    with open(path, "rb") as file:  # noqa: PTH123
        raw = file.read()
    assert b"kettle" not in raw
    assert PASSWORD.encode() not in raw
    assert json.dumps("strong").encode() not in raw


def test_a_partner_role_process_needs_neither_private_key_nor_staff_ring(
    store: Store, tools: Tools, person: Person
) -> None:
    whole = tools.vault
    bare = Vault(public=whole._keys.public, private=None, partner=whole._keys.partner, staff=None)
    outside = replace(tools, vault=bare)
    save(store, outside, person, "start", {"adult": ["yes"]}, go=Go.NEXT)
    save(store, outside, person, "safety", {"fear": ["none"]})
    with store.partner.write() as session:
        statements.state(session, outside, kind="message", body={"text": "x"}, by=person.viewer)
    assert submit(store, outside, person) is True
    with store.partner.read() as session:
        home = partner_pages.home(
            session, outside, practice=PracticeView(time_zone="Europe/Madrid"), by=person.viewer
        )
    assert home.sent_at == tools.now()
