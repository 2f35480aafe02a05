"""The same portal, other settings: PostgreSQL, a queue there, Redis, pages and worker apart."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import live_portal
from databases import PARTNERS, PostgresDatabases, server
from evening.answer_sheets import sheet
from evening.practices import SETTINGS, Practice, routed
from fake_redis import redis_server
from live_portal import LivePortal
from steady_load import KEPT, children, expect_more_answers, expect_nothing_lost, load, until

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture
def postgres() -> Iterator[PostgresDatabases]:
    with server() as databases:
        databases.prepare()
        databases.sql("CREATE ROLE woken LOGIN", "CREATE DATABASE queues OWNER woken")
        yield databases


@contextmanager
def working(portal: LivePortal) -> Iterator[None]:
    """The worker beside the pages, until the block ends."""
    environment = {**portal._environment(), "PORTAL_ROLE": "worker", "PORTAL_PROCESSES": "1"}
    with (portal.instance / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            live_portal._flask("serve"), cwd=live_portal.ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        worker.terminate()
        assert worker.wait(30) == 0


def kept(address: str) -> list[int]:
    """How many saves each intake holds."""
    with psycopg.connect(address) as connection:
        return [row[0] for row in connection.execute(KEPT)]


def test_a_couple_is_routed_and_a_reload_loses_nothing(postgres: PostgresDatabases, tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    with redis_server() as redis:
        portal = live_portal.fresh(
            folder, PORTAL_PROCESSES="2", PORTAL_ROLE="staff", PORTAL_LOG="json", PORTAL_THROTTLE="on",
            PORTAL_QUEUE=postgres.url("queues", "woken"), REDIS_URL=redis.url,
            **postgres.fresh(folder, by_rows=True),
        )  # fmt: skip
        assert portal.settings["PARTNER_DATABASE_URL"].startswith(f"postgresql://{PARTNERS}@")
        with portal.process("staff") as master, working(portal):
            practice = Practice(portal)
            staff = practice.staff("admin", "therapist", email="ada@example.org")
            assert staff.browser.submit("/admin/settings", SETTINGS).status == 303
            case, *_partners = practice.couple(staff, staff, sheet(), sheet())
            assert routed(staff.browser, case) == "couples"
            with load(portal) as lines:
                before = children(master.pid)
                expect_more_answers(lines)
                master.send_signal(signal.SIGHUP)
                until(lambda: len(children(master.pid)) == 2 and not children(master.pid) & before)
                expect_more_answers(lines)
        saved = kept(portal.settings["DATABASE_URL"])
        expect_nothing_lost(lines, [count for count in saved if count > 1])
        assert not (folder / "portal.sqlite3").exists()
        assert not (folder / "jobs.queue").exists()
