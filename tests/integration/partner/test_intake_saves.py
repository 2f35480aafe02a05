"""Saving a section at the services: what is stored, what is sealed, what the counter says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from partner_rooms import Person, opened_entries, rows_of, set_private
from portal.domain import answers
from portal.domain.drafts import Go
from portal.models import AuditEvent, Intake, Job, PartnerSession, SectionState, table_of
from portal.services import desks, intake_saves, intakes
from portal.services.errors import Conflict
from portal.services.intake_saves import Ended, Posted, Result
from portal.services.tools import Tools
from portal.store import Store


def desk_of(store: Store, tools: Tools, person: Person) -> desks.Desk:
    with store.partner.read() as session:
        seat = desks.find_seat(session, tools, person.token)
    assert seat is not None
    assert seat.desk is not None
    return seat.desk


def posted(
    desk: desks.Desk,
    section: str,
    fields: Mapping[str, list[str]],
    *,
    version: int | None = None,
    go: Go = Go.DRAFT,
    to: str = "",
) -> Posted:
    given = desk.version if version is None else version
    body = {"section": [section], "version": [str(given)], **fields}
    spec = desk.questionnaire.section(section)
    return Posted(spec, answers.clean(spec, body), str(given), go, to, body)


def save(
    store: Store, tools: Tools, person: Person, section: str, fields: Mapping[str, list[str]], **more: Any
) -> Result:
    desk = desk_of(store, tools, person)
    prepared = intake_saves.prepare(tools, desk, posted(desk, section, fields, **more))
    with store.partner.write() as session:
        return intake_saves.store(session, tools, save=prepared, by=person.viewer)


def state(store: Store, section: str) -> dict[str, Any]:
    columns = ("section", "version", "touched", "draft_box", "opened_at", "left_at")
    rows = [dict(zip(columns, row, strict=True)) for row in rows_of(store, SectionState, *columns)]
    return next(row for row in rows if row["section"] == section)


def test_a_readable_draft_is_boxed_and_can_be_read_again(store: Store, tools: Tools, person: Person) -> None:
    assert (
        save(store, tools, person, "start", {"adult": ["yes"], "preference_note": ["at noon"]})
        is Result.STORED
    )
    assert save(store, tools, person, "start", {"adult": [""], "call_first": ["no"]}) is Result.STORED
    desk = desk_of(store, tools, person)
    assert intakes.read_draft(tools, desk, "start") == {"preference_note": "at noon", "call_first": "no"}
    assert desk.touched["start"] == ("call_first", "preference_note")
    assert desk.version == 2
    assert opened_entries(store, tools) == []
    assert b"at noon" not in (state(store, "start")["draft_box"] or b"")


def test_a_draft_blanked_whole_leaves_nothing(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "start", {"adult": ["yes"]})
    save(store, tools, person, "start", {"adult": [""]})
    assert (state(store, "start")["touched"], state(store, "start")["draft_box"]) == ("", None)


def test_a_sealed_section_is_inserted_and_never_read(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "safety", {"fear": ["strong"], "control_received": ["", "money"]})
    save(store, tools, person, "safety", {"fear": [""], "harm_received.insult": ["declined"]})
    assert opened_entries(store, tools) == [
        ("safety", {"values": {"fear": "strong", "control_received": ["money"]}, "clear": False}),
        ("safety", {"values": {"harm_received.insult": "declined"}, "clear": False}),
    ]
    desk = desk_of(store, tools, person)
    assert set(desk.touched["safety"]) == {"harm_received.insult", "fear", "control_received"}
    assert intakes.read_draft(tools, desk, "safety") == {}


def test_blanks_alone_seal_nothing_and_still_count(store: Store, tools: Tools, person: Person) -> None:
    assert save(store, tools, person, "safety", {"fear": [""]}) is Result.STORED
    assert opened_entries(store, tools) == []
    assert desk_of(store, tools, person).version == 1


def test_clearing_appends_a_marker_and_empties_what_was_touched(
    store: Store, tools: Tools, person: Person
) -> None:
    save(store, tools, person, "safety", {"fear": ["strong"]})
    save(store, tools, person, "safety", {"fear": ["some"]}, go=Go.CLEAR)
    assert opened_entries(store, tools)[-1] == ("safety", {"values": {}, "clear": True})
    assert state(store, "safety")["touched"] == ""
    assert state(store, "safety")["left_at"] is None


def test_clearing_a_readable_section_needs_no_marker(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "start", {"private": ["no"], "adult": ["yes"]})
    save(store, tools, person, "start", {}, go=Go.CLEAR)
    assert opened_entries(store, tools) == []
    assert (state(store, "start")["touched"], state(store, "start")["draft_box"]) == ("", None)
    assert rows_of(store, Intake, "private") == [(None,)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"private": ["no"]}, "no"),
        ({"private": ["unsure"]}, "unsure"),
        ({"private": [""]}, None),
        ({"adult": ["yes"]}, "yes"),
    ],
)
def test_private_alone_stands_in_clear(
    store: Store, tools: Tools, person: Person, fields: dict[str, list[str]], expected: str | None
) -> None:
    save(store, tools, person, "start", {"private": ["yes"]})
    save(store, tools, person, "start", fields)
    assert rows_of(store, Intake, "private") == [(expected,)]


def test_a_silent_section_keeps_nothing_while_private_is_no(
    store: Store, tools: Tools, person: Person
) -> None:
    save(store, tools, person, "start", {"private": ["no"]})
    assert save(store, tools, person, "safety", {"fear": ["strong"]}) is Result.NOT_KEPT
    assert desk_of(store, tools, person).version == 1
    assert save(store, tools, person, "safety", {"fear": ["strong"]}, go=Go.NEXT) is Result.STORED
    assert save(store, tools, person, "safety", {"fear": ["strong"]}, go=Go.CLEAR) is Result.STORED
    assert opened_entries(store, tools) == []
    assert state(store, "safety")["touched"] == ""
    assert desk_of(store, tools, person).version == 3


def test_a_silent_save_leaves_no_digest_of_its_answers(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "start", {"private": ["no"]})
    desk = desk_of(store, tools, person)
    one = intake_saves.prepare(tools, desk, posted(desk, "safety", {"fear": ["strong"]}, go=Go.NEXT))
    other = intake_saves.prepare(tools, desk, posted(desk, "safety", {"fear": ["none"]}, go=Go.NEXT))
    assert one.digest == other.digest


def test_private_again_is_normal_again(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "start", {"private": ["no"]})
    save(store, tools, person, "start", {"private": ["yes"]})
    assert save(store, tools, person, "safety", {"fear": ["none"]}) is Result.STORED
    assert opened_entries(store, tools) == [("safety", {"values": {"fear": "none"}, "clear": False})]


def test_one_counter_for_the_whole_intake(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "start", {"adult": ["yes"]})
    save(store, tools, person, "safety", {"fear": ["none"]})
    for version in (0, 1, 3):
        with pytest.raises(Conflict, match="newer"):
            save(store, tools, person, "start", {"adult": ["no"]}, version=version)
    assert desk_of(store, tools, person).version == 2


def test_the_last_save_sent_again_answers_as_before(store: Store, tools: Tools, person: Person) -> None:
    save(store, tools, person, "safety", {"fear": ["some"]})
    assert save(store, tools, person, "safety", {"fear": ["some"]}, version=0) is Result.REPEATED
    with pytest.raises(Conflict):
        save(store, tools, person, "safety", {"fear": ["none"]}, version=0)
    assert len(opened_entries(store, tools)) == 1
    assert desk_of(store, tools, person).version == 1


def test_two_equal_sends_at_once_are_one_save(store: Store, tools: Tools, person: Person) -> None:
    desk = desk_of(store, tools, person)
    twice = [intake_saves.prepare(tools, desk, posted(desk, "safety", {"fear": ["some"]})) for _ in range(2)]
    other = intake_saves.prepare(tools, desk, posted(desk, "safety", {"fear": ["none"]}))
    with store.partner.write() as session:
        assert intake_saves.store(session, tools, save=twice[0], by=person.viewer) is Result.STORED
    with store.partner.write() as session:
        assert intake_saves.store(session, tools, save=twice[1], by=person.viewer) is Result.REPEATED
    with pytest.raises(Conflict, match="newer"), store.partner.write() as session:
        intake_saves.store(session, tools, save=other, by=person.viewer)
    assert len(opened_entries(store, tools)) == 1


def test_a_save_that_crosses_the_sending_is_refused(store: Store, tools: Tools, person: Person) -> None:
    desk = desk_of(store, tools, person)
    late = intake_saves.prepare(tools, desk, posted(desk, "safety", {"fear": ["some"]}))
    with store.partner.write() as session:
        assert intakes.submit(session, tools, by=person.viewer)
    with pytest.raises(Conflict, match="newer"), store.partner.write() as session:
        intake_saves.store(session, tools, save=late, by=person.viewer)
    with pytest.raises(Conflict, match="sent"):
        save(store, tools, person, "safety", {"fear": ["some"]})
    assert opened_entries(store, tools) == []


def test_a_save_that_crosses_signing_out_is_refused(store: Store, tools: Tools, person: Person) -> None:
    desk = desk_of(store, tools, person)
    late = intake_saves.prepare(tools, desk, posted(desk, "safety", {"fear": ["some"]}))
    with store.staff.write() as session:
        session.execute(update(table_of(PartnerSession)).values(revoked_at=tools.now()))
    with pytest.raises(Ended), store.partner.write() as session:
        intake_saves.store(session, tools, save=late, by=person.viewer)
    assert opened_entries(store, tools) == []


def test_a_save_whose_form_is_gone_meanwhile_is_refused(store: Store, tools: Tools, person: Person) -> None:
    desk = desk_of(store, tools, person)
    late = intake_saves.prepare(tools, desk, posted(desk, "safety", {"fear": ["some"]}))
    save(store, tools, person, "safety", {"fear": ["none"]})
    nobody = replace(person.viewer, id=tools.new_id())
    with pytest.raises(Ended), store.partner.write() as session:
        intake_saves.store(session, tools, save=late, by=nobody)
    assert len(opened_entries(store, tools)) == 1


def test_next_leaves_and_opens_with_events_and_a_job(
    store: Store, tools: Tools, person: Person, clock: Any
) -> None:
    begun = tools.now()
    clock.move(minutes=2)
    save(store, tools, person, "start", {"adult": ["yes"]}, go=Go.NEXT)
    intake_id = desk_of(store, tools, person).intake_id
    assert rows_of(store, Intake, "position") == [("basics",)]
    assert state(store, "start")["left_at"] == begun + timedelta(minutes=2)
    assert state(store, "basics")["opened_at"] == begun + timedelta(minutes=2)
    events = [
        row for row in rows_of(store, AuditEvent, "verb", "detail", "actor_id") if row[0] != "contact.stated"
    ]
    assert events == sorted(
        [
            ("intake.begun", "{}", person.viewer.id),
            ("section.left", json.dumps({"section": "start"}), person.viewer.id),
            ("section.opened", json.dumps({"section": "basics"}), person.viewer.id),
            ("section.opened", json.dumps({"section": "start"}), person.viewer.id),
        ]
    )
    assert ("left", intake_id) in rows_of(store, Job, "kind", "subject_id")


def test_opening_again_keeps_the_first_opening(
    store: Store, tools: Tools, person: Person, clock: Any
) -> None:
    first = tools.now()
    save(store, tools, person, "start", {}, go=Go.OPEN, to="goals")
    clock.move(minutes=3)
    save(store, tools, person, "goals", {}, go=Go.OPEN, to="start")
    save(store, tools, person, "start", {}, go=Go.OPEN, to="goals")
    assert state(store, "goals")["opened_at"] == first
    assert [row[0] for row in rows_of(store, AuditEvent, "verb")].count("section.opened") == 4


def test_an_autosave_writes_no_event_and_no_job(store: Store, tools: Tools, person: Person) -> None:
    before = (rows_of(store, AuditEvent, "id"), rows_of(store, Job, "id"))
    save(store, tools, person, "start", {"adult": ["yes"]})
    save(store, tools, person, "safety", {"fear": ["none"]})
    assert (rows_of(store, AuditEvent, "id"), rows_of(store, Job, "id")) == before


def test_fields_nobody_asked_for_are_counted_once(store: Store, tools: Tools, person: Person) -> None:
    fields = {"adult": ["yes"], "submitted_at": ["now"], "role": ["admin"]}
    save(store, tools, person, "start", fields)
    save(store, tools, person, "start", fields, version=0)
    found = [row for row in rows_of(store, AuditEvent, "verb", "detail") if row[0].startswith("request.")]
    assert found == [("request.unexpected_fields", '{"count": 2}')]


def test_a_section_that_took_answers_over_keeps_them_touched(
    store: Store, tools: Tools, person: Person
) -> None:
    save(store, tools, person, "start", {"adult": ["yes"], "call_first": ["no"]})
    with store.partner.write() as session:
        intakes.submit(session, tools, by=person.viewer)
    with store.staff.write() as session:
        intakes.open_round(
            session, tools, partner_id=person.viewer.partner_id, kind="missing", by=person.viewer
        )
    save(store, tools, person, "start", {"private": ["yes"], "adult": [""]})
    desk = desk_of(store, tools, person)
    assert desk.touched["start"] == ("private", "adult", "call_first")
    assert intakes.read_draft(tools, desk, "start") == {"private": "yes"}
    save(store, tools, person, "start", {}, go=Go.CLEAR)
    assert opened_entries(store, tools)[-1] == ("start", {"values": {}, "clear": True})
    assert desk_of(store, tools, person).touched["start"] == ()


def test_private_that_was_declined_nowhere_is_text(store: Store, tools: Tools, person: Person) -> None:
    desk = desk_of(store, tools, person)
    with store.staff.write() as session:
        set_private(session, desk.intake_id, "unsure")
    save(store, tools, person, "start", {"adult": ["no"]})
    assert rows_of(store, Intake, "private") == [("unsure",)]
