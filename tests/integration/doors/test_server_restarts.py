"""PostgreSQL restarts, hangs or is locked: pages go on, a save works or keeps its text, nothing is half."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from cast import Cast
from databases import PostgresDatabases
from moving_clock import Clock
from partner_rooms import Browser, join, opened_entries, rows_of, settle_practice
from portal.models import AuditEvent, Job
from portal.services import sessions
from portal.services.tools import Tools
from portal.store import Store

pytestmark = pytest.mark.engine("postgresql")
WORDS = "We talk late at night, and then we stop."


@pytest.fixture
def one(app: Flask, tools: Tools, clock: Clock) -> Browser:
    """Somebody at the form."""
    held: Store = app.extensions["portal.house"].store
    settle_practice(held)
    client, person = app.test_client(), join(held, tools)
    client.set_cookie("portal", person.token)
    return Browser(client, person, held, tools)


@pytest.fixture
def restart(databases: PostgresDatabases, one: Browser) -> Callable[[], None]:
    """Every connection of this practice is broken off, as by a server that stops."""
    name = one.store.staff.engine.url.database

    def end_all() -> None:
        databases.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    return end_all


def before(one: Browser, words: str, act: Callable[[], None], *, times: int = 1) -> None:
    """Something happens just before a statement with these words, so many times."""
    left = [times]

    def hit(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if words in statement and left[0]:
            left[0] -= 1
            act()

    event.listen(one.store.partner.engine, "before_cursor_execute", hit)


def kept(one: Browser) -> tuple[list[Any], int, int]:
    """What a save leaves: its sealed rows, its events and its jobs."""
    events = [verb for (verb,) in rows_of(one.store, AuditEvent, "verb") if verb.startswith("section")]
    return opened_entries(one.store, one.tools), len(events), len(rows_of(one.store, Job, "id"))


def test_between_two_requests_nobody_notices(one: Browser, restart: Callable[[], None]) -> None:
    assert one.get("/my/form").status_code == 200
    restart()
    assert one.get("/my/form").status_code == 200
    restart()
    assert one.draft("words", 0, own_words=WORDS).status_code == 204
    restart()
    assert one.save("words", 1, own_words=WORDS).status_code == 303


def test_a_page_that_is_being_read_is_read_once_more(one: Browser, restart: Callable[[], None]) -> None:
    before(one, "FROM notice", restart)
    assert one.get("/my").status_code == 200


def test_a_page_is_not_asked_for_without_end(one: Browser, restart: Callable[[], None]) -> None:
    before(one, "FROM notice", restart, times=9)
    answer = one.get("/my")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "10")


@pytest.mark.parametrize(
    "words", ["FOR UPDATE", "UPDATE section_state", "INSERT INTO sealed_entry", "INTO job"]
)
def test_a_save_that_is_broken_off_keeps_its_text_and_leaves_nothing(
    one: Browser, restart: Callable[[], None], words: str
) -> None:
    """Never tried again by itself: whether it was written is known to whoever sends it once more."""
    empty = kept(one)
    before(one, words, restart)
    answer = one.save("words", 0, own_words=WORDS, go="next")
    assert (answer.status_code, answer.headers.get("Retry-After"), WORDS in answer.text) == (503, "10", True)
    assert kept(one) == empty
    assert one.save("words", 0, own_words=WORDS, go="next").status_code == 303
    assert len(kept(one)[0]) == 1


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("deadlock", "DO $$ BEGIN RAISE EXCEPTION 'kettle' USING ERRCODE = '40P01'; END $$"),
        ("serialization", "DO $$ BEGIN RAISE EXCEPTION 'kettle' USING ERRCODE = '40001'; END $$"),
        ("too long", "SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)"),
        ("standby", "DO $$ BEGIN RAISE EXCEPTION 'kettle' USING ERRCODE = '25006'; END $$"),
        ("disk full", "DO $$ BEGIN RAISE EXCEPTION 'kettle' USING ERRCODE = '53100'; END $$"),
    ],
)
def test_what_passes_by_itself_is_a_503_that_keeps_the_text(
    one: Browser, caplog: pytest.LogCaptureFixture, kind: str, cause: str
) -> None:
    def fail(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "UPDATE section_state" in statement:
            connection.exec_driver_sql(cause)

    event.listen(one.store.partner.engine, "before_cursor_execute", fail)
    draft = one.draft("words", 0, own_words=WORDS)
    whole = one.save("words", 0, own_words=WORDS)
    assert (draft.status_code, draft.data, whole.status_code, WORDS in whole.text) == (503, b"", 503, True)
    assert opened_entries(one.store, one.tools) == []
    assert ("kettle" in caplog.text, WORDS in caplog.text) == (False, False)
    event.remove(one.store.partner.engine, "before_cursor_execute", fail)
    assert one.save("words", 0, own_words=WORDS).status_code == 303


def test_a_writer_that_hangs_is_waited_for_a_while_and_reading_goes_on(one: Browser) -> None:
    def shorter(raw: Any, _record: object) -> None:
        raw.execute("SET lock_timeout = '50ms'")
        raw.commit()

    one.store.dispose()
    event.listen(one.store.partner.engine, "connect", shorter)
    with one.store.staff.write() as session:
        session.execute(text("SELECT 1"))
        answers = [
            one.get("/my/form"),
            one.save("words", 0, own_words=WORDS),
            one.post("/my/message", text=WORDS),
        ]
    assert [answer.status_code for answer in answers] == [200, 503, 503]
    assert all(WORDS in answer.text for answer in answers[1:])
    assert one.save("words", 0, own_words=WORDS).status_code == 303


def test_every_connection_has_its_bounds(one: Browser) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "TimeZone")
    for door in (one.store.staff, one.store.partner):
        with door.read() as session:
            told = [session.scalar(text(f"SHOW {name}")) for name in names]
        assert told == ["10s", "1min", "1min", "UTC"]


@pytest.mark.parametrize(
    "path", ["/cases/%00", "/cases/%00/partners/a", "/releases/a%00b", "/admin/audit?before=%00", "/my/%00"]
)
def test_a_nul_byte_in_an_address_is_nothing_of_ours(
    app: Flask, one: Browser, clock: Clock, tmp_path: Path, path: str
) -> None:
    """PostgreSQL does not take one even to look for it."""
    thea = Cast(one.store, one.tools, clock, tmp_path).therapist(roles=("therapist", "admin"))
    with one.store.staff.write() as session:
        token = sessions.open_staff(session, one.tools, staff_id=thea.id, second_factor=True)
    staff = app.test_client()
    assert staff.get(path).status_code in {303, 404}
    staff.set_cookie("portal-staff", token)
    assert staff.get("/admin/audit").status_code == 200
    assert (staff.get(path).status_code, one.get(path).status_code) == (404, 404)
