"""Idle too long while typing: the text is kept unseen, and offered to its author alone (security.md §4.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from moving_clock import Clock
from partner_rooms import Browser, join, opened_entries, opened_statements, rows_of
from portal.models import AuditEvent, Intake, LateText, table_of
from portal.services import departures, desks, intakes, late_texts, sessions
from portal.services.tools import Tools
from portal.store import Store

WORDS = "I have never told anybody this."


@pytest.fixture
def house(app: Flask) -> Store:
    store: Store = app.extensions["portal.house"].store
    return store


@pytest.fixture
def sit(app: Flask, house: Store, tools: Tools) -> Callable[..., Browser]:
    """Somebody at a browser; ``again=`` the same person after signing in anew."""

    def seated(*, again: Browser | None = None, on: Any = None, **options: Any) -> Browser:
        person = join(house, tools, **options) if again is None else again.person
        if again is not None:
            with house.partner.write() as session:
                token = sessions.open_partner(session, tools, account_id=person.viewer.id)
            with house.partner.read() as session:
                seat = sessions.find_partner(session, tools, token)
            assert seat is not None
            person = type(person)(seat.viewer, person.case_id, token)
        client = on or app.test_client()
        client.set_cookie("portal", person.token)
        return Browser(client, person, house, tools)

    return seated


def offer(browser: Browser) -> bool:
    """Whether the own page offers something."""
    return 'id="late"' in browser.get("/my").text


def test_a_sealed_section_sent_too_late_is_kept_offered_and_taken_over(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    clock.move(minutes=16)
    answer = one.save("words", 0, own_words=WORDS)
    assert (answer.status_code, WORDS in answer.text, 'id="kept"' in answer.text) == (401, False, True)
    assert any(line.startswith("portal=;") for line in answer.headers.getlist("Set-Cookie"))
    assert opened_entries(house, tools) == []

    back = sit(again=one)
    page = back.get("/my").text
    assert ('id="late"' in page, WORDS in page) == (True, False)
    assert back.post("/my/late", choice="take").location == "/my"
    assert opened_entries(house, tools) == [("words", {"values": {"own_words": WORDS}, "clear": False})]
    with house.partner.read() as session:
        desk = desks.find(session, by=back.person.viewer)
    assert desk is not None
    assert (desk.version, desk.places["words"].touched, offer(back)) == (1, ("own_words",), False)


@pytest.mark.parametrize("becomes_short", ["before", "after"])
def test_what_a_short_form_does_not_ask_is_kept_and_taken_over_all_the_same(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock, becomes_short: str
) -> None:
    one = sit()
    clock.move(minutes=16)
    for when in ("before", "after"):
        if when == becomes_short:
            with house.staff.write() as session:
                session.execute(update(table_of(Intake)).values(variant="b+short"))
        if when == "before":
            assert one.save("words", 0, own_words=WORDS).status_code == 401
    assert sit(again=one).post("/my/late", choice="take").location == "/my"
    assert opened_entries(house, tools) == [("words", {"values": {"own_words": WORDS}, "clear": False})]


def test_a_readable_section_comes_back_beside_what_was_saved_before(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    assert one.draft("start", 0, adult="yes").status_code == 204
    clock.move(minutes=16)
    assert one.draft("start", 1, in_service_area="yes").status_code == 401
    back = sit(again=one)
    back.post("/my/late", choice="take")
    with house.partner.read() as session:
        desk = desks.find(session, by=back.person.viewer)
    assert desk is not None
    assert intakes.read_draft(tools, desk, "start") == {"adult": "yes", "in_service_area": "yes"}


def test_nothing_is_stored_for_a_silent_section_while_not_private(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    assert one.save("start", 0, private="no").status_code == 303
    clock.move(minutes=16)
    answer = one.save("safety", 1, fear="strong")
    assert (answer.status_code, rows_of(house, LateText, "target")) == (401, [])


def test_kept_before_and_not_private_any_more_is_not_stored(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    clock.move(minutes=16)
    assert one.save("safety", 0, fear="strong").status_code == 401
    back = sit(again=one)
    assert back.save("start", 0, private="no").status_code == 303
    back.post("/my/late", choice="take")
    assert (opened_entries(house, tools), offer(back)) == ([], False)


def test_a_message_sent_too_late_is_kept_and_taken_over(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    clock.move(hours=23)
    answer = one.post("/my/message", text=WORDS)
    assert (answer.status_code, WORDS in answer.text) == (401, False)
    back = sit(again=one)
    back.post("/my/late", choice="take")
    assert opened_statements(house, tools)[-1] == ("message", {"text": WORDS})


def test_an_addition_needs_a_form_that_was_sent(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one, other = sit(), sit()
    with house.partner.write() as session:
        intakes.submit(session, tools, by=one.person.viewer)
    clock.move(minutes=16)
    assert [who.post("/my/add", text=WORDS).status_code for who in (one, other)] == [401, 401]
    assert rows_of(house, LateText, "account_id", "target") == [(one.person.viewer.id, "addition")]
    back = sit(again=one)
    back.post("/my/late", choice="take")
    assert opened_statements(house, tools)[-1] == ("addition", {"text": WORDS})


def test_thrown_away_is_gone(sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock) -> None:
    one = sit()
    clock.move(minutes=16)
    one.save("words", 0, own_words=WORDS)
    back = sit(again=one)
    assert back.post("/my/late", choice="perhaps").status_code == 400
    assert offer(back)
    back.post("/my/late", choice="drop")
    assert (offer(back), opened_entries(house, tools)) == (False, [])
    told = [row for row in rows_of(house, AuditEvent, "verb", "detail") if row[0].startswith("late")]
    assert told == [("late_text.dropped", json.dumps({"count": 1})), ("late_text.kept", "{}")]


def test_the_other_person_on_the_same_device_sees_nothing(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    clock.move(minutes=16)
    one.save("words", 0, own_words=WORDS)
    other = sit(on=one.client, case_id=one.person.case_id, slot="b")
    plain = sit()
    seen = [re.sub(r'name="csrf_token" value="[^"]+"', "", who.get("/my").text) for who in (other, plain)]
    assert (seen[0], offer(other)) == (seen[1], False)


@pytest.mark.parametrize(
    "why", ["left", "a day later", "no token", "live again", "faulty", "blank", "unknown"]
)
def test_what_is_not_kept(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock, why: str
) -> None:
    one = sit()
    if why == "left":
        with house.partner.write() as session:
            departures.end(session, tools, by=one.person.viewer)
    clock.move(hours=25 if why == "a day later" else 1)
    if why == "live again":
        clock.move(hours=-1)
    fields = {
        "faulty": {"section": "words", "own_words": "x" * 20_001},
        "blank": {"section": "words", "own_words": ""},
        "unknown": {"section": "nothing", "own_words": WORDS},
    }.get(why, {"section": "words", "own_words": WORDS})  # fmt: skip
    token = "" if why == "no token" else one.csrf()
    answer = one.client.post("/my/form", data={"csrf_token": token, "version": "0", "go": "save", **fields})
    kept = rows_of(house, LateText, "target")
    assert (answer.status_code, kept) == (303 if why == "live again" else 401, [])


def test_no_more_than_some_are_kept(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_texts, "MOST", 2)
    one = sit()
    clock.move(minutes=16)
    for text in ("one", "two", "three"):
        one.client.set_cookie("portal", one.person.token)
        one.post("/my/message", text=text)
    assert len(rows_of(house, LateText, "id")) == 2
    back = sit(again=one)
    clock.move(days=8)
    back = sit(again=one)
    assert not offer(back)


def test_a_form_sent_meanwhile_stays_as_it_was_sent(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    clock.move(minutes=16)
    one.save("words", 0, own_words=WORDS)
    back = sit(again=one)
    with house.partner.write() as session:
        intakes.submit(session, tools, by=back.person.viewer)
    back.post("/my/late", choice="take")
    assert (opened_entries(house, tools), offer(back)) == ([], False)


def test_a_session_that_lives_has_nobody_late(
    sit: Callable[..., Browser], house: Store, tools: Tools, clock: Clock
) -> None:
    one = sit()
    found = []
    for minutes in (0, 15, 1, 24 * 60 - 16, 1):
        clock.move(minutes=minutes)
        with house.partner.read() as session:
            found.append(late_texts.find_author(session, tools, one.person.token) is not None)
    clock.move(days=-3)
    with house.partner.read() as session:
        found.append(late_texts.find_author(session, tools, one.person.token) is not None)
    assert found == [False, False, True, True, False, False]
