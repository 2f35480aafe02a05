"""The served portal, killed without warning again and again: what it acknowledged is there, once (§5.2)."""

from __future__ import annotations

import http.client
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

import live_portal
from evening.plain_client import Browser
from evening.practices import PASSWORD, walk_in
from live_portal import LivePortal

KILLS = 6


@pytest.fixture
def portal(tmp_path: Path) -> LivePortal:
    return live_portal.fresh(tmp_path / "instance")


def served(portal: LivePortal) -> subprocess.Popen[bytes]:
    """The portal as a process group of its own."""
    log = (portal.instance / "serve.log").open("ab")
    with log:
        process = subprocess.Popen(
            live_portal._flask("serve"), cwd=live_portal.ROOT, env=portal._environment(),
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    portal._wait_until_ready(process, portal.instance / "serve.log")
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Writer(threading.Thread):
    """Somebody who saves one word after the other, and sends at the end; remembers what was acknowledged."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(daemon=True)
        self.browser, self.acknowledged, self.tried = browser, 0, 0
        self.is_over = threading.Event()

    def run(self) -> None:
        with suppress(OSError, http.client.HTTPException, AssertionError):
            page = self.browser.get("/my/form")
            version, token = int(page.field("version")), page.field("csrf_token")
            while not self.is_over.is_set():
                self.tried = max(self.tried, self.acknowledged) + 1
                fields = {"section": "words", "version": str(version), "own_words": f"word {self.tried}"}
                if self.browser.post("/my/form/draft", fields, token=token).status == 204:
                    self.acknowledged, version = self.tried, version + 1


def rows(portal: LivePortal, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(portal.instance / "portal.sqlite3", timeout=10)) as database:
        return database.execute(statement).fetchall()


@pytest.fixture
def chance() -> random.Random:
    """When the blow falls; the same moments on every run."""
    return random.Random(5)


@pytest.mark.faults
def test_no_save_that_was_acknowledged_is_lost(portal: LivePortal, chance: random.Random) -> None:
    process = served(portal)
    browser = Browser("127.0.0.1", portal.port)
    assert browser.submit("/begin", {"password": PASSWORD}).location == "/my/account"
    walk_in(browser)
    acknowledged = 0
    for _ in range(KILLS):
        writer = Writer(browser)
        writer.acknowledged = acknowledged
        writer.start()
        time.sleep(chance.uniform(0.3, 1.5))
        kill(process)
        writer.is_over.set()
        writer.join(timeout=40)
        assert not writer.is_alive()
        kept = rows(portal, "SELECT count(*) FROM sealed_entry WHERE section = 'words'")[0][0]
        assert kept in (writer.acknowledged, writer.acknowledged + 1)
        acknowledged = int(str(kept))
        assert rows(portal, "PRAGMA integrity_check") == [("ok",)]
        process = served(portal)
    assert acknowledged > KILLS
    kill(process)


@pytest.mark.faults
def test_a_sending_is_there_with_its_job_or_not_at_all(portal: LivePortal, chance: random.Random) -> None:
    process = served(portal)
    for _ in range(KILLS):
        browser = Browser("127.0.0.1", portal.port)
        assert browser.submit("/begin", {"password": PASSWORD}).location == "/my/account"
        walk_in(browser)
        check = browser.get("/my/form/check")
        answers: list[int] = []

        def press(browser: Browser = browser, check: object = check, answers: list[int] = answers) -> None:
            fields = {"submit_key": check.field("submit_key")}  # type: ignore[attr-defined]
            with suppress(OSError, http.client.HTTPException):
                token = check.field("csrf_token")  # type: ignore[attr-defined]
                answers.append(browser.post("/my/form/submit", fields, token=token).status)

        pressing = threading.Thread(target=press, daemon=True)
        pressing.start()
        time.sleep(chance.uniform(0.0, 0.06))
        kill(process)
        pressing.join(timeout=40)
        sent = {one for (one,) in rows(portal, "SELECT id FROM intake WHERE submitted_at IS NOT NULL")}
        jobs = {one for (one,) in rows(portal, "SELECT subject_id FROM job WHERE kind = 'submitted'")}
        told = "SELECT subject_id FROM audit_event WHERE verb = 'intake.sent'"
        events = {one for (one,) in rows(portal, told)}
        assert sent == jobs == events
        process = served(portal)
        if answers:  # the button was answered, so it counts
            assert (answers, browser.get("/my/form/check").status) == ([303], 303)
    kill(process)
    assert portal.command("audit", "verify").endswith("events checked\n")
