"""A database that is locked, a disk that is full, a clock that jumps: 503 or 401 with the text kept."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from moving_clock import Clock
from partner_rooms import Browser, join, opened_entries, rows_of
from portal import create_app
from portal.models import LateText
from portal.services import audit_chain, sessions
from portal.services.tools import Tools
from portal.store import Store

WORDS = "We talk late at night, and then we stop."


def browser_of(app: Flask, tools: Tools, **options: Any) -> Browser:
    """Somebody at the form."""
    store: Store = app.extensions["portal.house"].store
    person = join(store, tools, **options)
    client = app.test_client()
    client.set_cookie("portal", person.token)
    return Browser(client, person, store, tools)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else holds the writer lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@pytest.mark.engine("sqlite")  # a lock of its file; PostgreSQL: test_server_restarts.py
def test_a_locked_database_is_a_503_that_keeps_the_text(
    app: Flask, tools: Tools, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.handles._PRAGMAS", ("journal_mode=WAL", "busy_timeout=50"))
    one = browser_of(app, tools)
    one.store.dispose()
    clock.move(minutes=2)
    with locked(Path(app.extensions["portal.settings"].instance) / "portal.sqlite3"):
        reading = one.get("/my/form")
        draft = one.draft("words", 0, own_words=WORDS)
        whole = one.save("words", 0, own_words=WORDS)
        letter = one.post("/my/message", text=WORDS)
    told = [(answer.status_code, answer.headers.get("Retry-After")) for answer in (draft, whole, letter)]
    assert told == [(503, "10")] * 3
    assert (reading.status_code, draft.data, WORDS in whole.text, WORDS in letter.text) == (
        200,
        b"",
        True,
        True,
    )
    assert opened_entries(one.store, tools) == []
    assert one.save("words", 0, own_words=WORDS).status_code == 303


def test_a_clock_that_jumps_loses_nothing_and_raises_nobody(app: Flask, tools: Tools, clock: Clock) -> None:
    one, two = browser_of(app, tools), browser_of(app, tools)
    clock.move(days=1)
    assert one.save("words", 0, own_words=WORDS).status_code == 401
    assert len(rows_of(one.store, LateText, "id")) == 1
    clock.move(days=-1)
    assert two.save("words", 0, own_words=WORDS).status_code == 303
    two.get("/leave")
    for jump in ({"days": -1}, {"days": 366}, {"days": -400}):
        clock.move(**jump)
        with one.store.partner.read() as session:
            assert sessions.find_partner(session, tools, two.person.token) is None
    for _ in range(2):
        with one.store.staff.write() as session:
            audit_chain.extend(session, tools)
        browser_of(app, tools).get("/leave")
    with one.store.staff.read() as session:
        assert audit_chain.verify(session, tools)[1] is None


def test_the_text_survives_a_restart(tmp_path: Path, app: Flask, tools: Tools) -> None:
    one = browser_of(app, tools)
    page = one.get("/my/form")
    app.extensions["portal.house"].close()
    settings = app.extensions["portal.settings"]
    same = {
        "PORTAL_INSTANCE": str(settings.instance), "PORTAL_THROTTLE": "off",
        "DATABASE_URL": settings.database_url, "PARTNER_DATABASE_URL": settings.partner_database_url,
    }  # fmt: skip
    newer = create_app(same, overrides={"tools": tools})
    client = newer.test_client()
    client.set_cookie("portal", one.person.token)
    after = Browser(client, one.person, newer.extensions["portal.house"].store, tools)
    assert (page.status_code, after.draft("start", 0, adult="yes").status_code) == (200, 204)
    newer.extensions["portal.house"].close()


def test_too_much_at_once_keeps_everything_saved_before(app: Flask, tools: Tools) -> None:
    one = browser_of(app, tools)
    assert one.draft("start", 0, adult="yes").status_code == 204
    assert one.draft("words", 1, own_words="x" * (4 * 1024 * 1024)).status_code == 413
    assert one.save("words", 1, own_words="x" * (4 * 1024 * 1024)).status_code == 413
    assert one.draft("words", 1, own_words=WORDS).status_code == 204


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"this test mounts a small disk, which takes root: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def fill(disk: Path) -> Path:
    """Write until nothing more goes in."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filler


@pytest.fixture
def make(migrated: Path, tools: Tools) -> Iterator[Callable[[Path], Flask]]:
    """A portal on this disk."""
    made: list[Flask] = []

    def over(instance: Path) -> Flask:
        instance.mkdir(mode=0o700)
        shutil.copy(migrated, instance / "portal.sqlite3")
        config = {"PORTAL_INSTANCE": str(instance), "PORTAL_THROTTLE": "off"}
        made.append(create_app(config, overrides={"tools": tools}))
        return made[-1]

    yield over
    for app in made:
        app.extensions["portal.house"].close()


@pytest.mark.faults
def test_a_full_disk_is_a_503_that_keeps_the_text_and_reads_go_on(
    small_disk: Path, make: Callable[[Path], Flask], tools: Tools, clock: Clock
) -> None:
    one = browser_of(make(small_disk / "instance"), tools)
    assert one.draft("start", 0, adult="yes").status_code == 204
    filler, text = fill(small_disk), WORDS * 100
    clock.move(minutes=2)
    answers = [one.save("words", 1, own_words=text + "é" * step) for step in range(12)]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused, [answer.status_code for answer in answers]
    assert all(text in answer.text for answer in refused)
    stored = sum(answer.status_code == 303 for answer in answers)
    assert [one.get(path).status_code for path in ("/my", "/my/form", "/my/form/check")] == [200] * 3
    filler.unlink()
    assert one.draft("words", 1 + stored, own_words=WORDS).status_code == 204
    with closing(sqlite3.connect(small_disk / "instance" / "portal.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(opened_entries(one.store, tools)) == stored + 1


@pytest.mark.faults
def test_a_lock_of_fifteen_seconds_is_waited_for_ten(app: Flask, tools: Tools) -> None:
    one = browser_of(app, tools)
    one.get("/my/form")
    began = time.monotonic()
    with locked(Path(app.extensions["portal.settings"].instance) / "portal.sqlite3"):
        answer = one.save("words", 0, own_words=WORDS)
    waited = time.monotonic() - began
    assert (answer.status_code, WORDS in answer.text, 9 < waited < 15) == (503, True, True), waited
