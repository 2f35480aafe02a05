"""Several processes: reloaded and restarted under load, they lose no request and no save."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from test_wire import expect_a_neutral_refusal, head, said

import live_portal
from fake_redis import redis_server
from live_portal import LivePortal
from noninterference.process_memory import found_in
from steady_load import KEPT, children, expect_more_answers, expect_nothing_lost, load, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
#: What gunicorn answers by itself.
REFUSED = (
    (400, ("GET /bird HTTP/1.1", "X-Odd : bird")),
    (400, ("GET /bird bird HTTP/1.1",)),
    (417, ("POST /bird HTTP/1.1", "Expect: bird")),
    (431, ("GET /bird HTTP/1.1", *(f"X-{number}: bird" for number in range(101)))),
    (414, ("GET /" + "a" * 5_000 + " HTTP/1.1",)),
    (400, ("POST /bird HTTP/1.1", "Transfer-Encoding: gzip")),
)
SEVERAL = {"PORTAL_PROCESSES": "2", "PORTAL_ROLE": "staff", "PORTAL_LOG": "json"}


@pytest.fixture
def portal(tmp_path: Path) -> LivePortal:
    return live_portal.fresh(tmp_path / "instance", **SEVERAL)


def kept(portal: LivePortal) -> list[int]:
    """How many saves each intake holds."""
    with closing(sqlite3.connect(portal.instance / "portal.sqlite3", timeout=10)) as database:
        return [row[0] for row in database.execute(KEPT)]


@contextmanager
def standing_still(pids: set[int]) -> Iterator[None]:
    """These processes get no further until the block ends, however fast the machine."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def test_a_reload_under_load_loses_no_request_and_no_save(portal: LivePortal) -> None:
    with portal.process("staff") as master:
        with load(portal) as lines:
            before = children(master.pid)
            expect_more_answers(lines)
            master.send_signal(signal.SIGHUP)
            until(lambda: len(children(master.pid)) == 4)
            with standing_still(children(master.pid) - before):  # the old ones serve while the new ones load
                expect_more_answers(lines, 1)
                assert before < children(master.pid)
            until(lambda: len(children(master.pid)) == 2 and not children(master.pid) & before)
            expect_more_answers(lines)
        expect_nothing_lost(lines, kept(portal))
        private = b64decode((portal.instance / "private.key").read_text("ascii").split()[-1])
        holders = {pid: found_in(pid, {"private": private}) for pid in (master.pid, *children(master.pid))}
        assert [bool(holders[pid]) for pid in holders] == [False, True, True]
        expect_no_header_to_be_believed(portal)
        for status, lines in REFUSED:
            expect_a_neutral_refusal(said(portal, head(portal, *lines)), status)
    lines_of_log = (portal.instance / "serve.log").read_text("utf-8").splitlines()
    events = {json.loads(line)["event"] for line in lines_of_log}
    assert events == {"request", "gunicorn.error"}


def expect_no_header_to_be_believed(portal: LivePortal) -> None:
    """gunicorn itself takes nobody's word for who asks, and does not say what it is."""
    said = (
        "SCRIPT_NAME: /x",
        "X-Forwarded-Proto: https",
        "X-Forwarded-For: 192.0.2.1",
        "Forwarded: for=192.0.2.1",
    )
    request = ("GET /healthz HTTP/1.1", f"Host: 127.0.0.1:{portal.port}", *said, "", "")
    with socket.create_connection(("127.0.0.1", portal.port), timeout=60) as wire:
        wire.sendall("\r\n".join(request).encode())
        heard = b"".join(iter(lambda: wire.recv(65536), b""))
    assert (heard.split(b"\r\n")[0], b"gunicorn" in heard.lower()) == (b"HTTP/1.1 200 OK", False)


#: What systemd does: the open door becomes number three, and the one it is meant for is named.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def start_on(portal: LivePortal, door: socket.socket) -> subprocess.Popen[bytes]:
    """Serve behind a door that stays open while nobody stands behind it."""
    words = [sys.executable, "-c", HAND_OVER, str(door.fileno()), *live_portal._flask("serve")[1:]]
    with (portal.instance / "serve.log").open("ab") as log:
        return subprocess.Popen(
            words, cwd=live_portal.ROOT, env=portal._environment(), stdout=log, stderr=log,
            pass_fds=(door.fileno(),),
        )  # fmt: skip


@pytest.mark.deep
def test_a_restart_behind_an_open_door_loses_nothing_either(portal: LivePortal) -> None:
    with socket.create_server(("127.0.0.1", portal.port), backlog=256) as door:
        master = start_on(portal, door)
        until(lambda: portal._status("/readyz") == 200)
        with load(portal) as lines:
            for _ in range(2):
                time.sleep(1)
                master.terminate()
                assert master.wait(60) == 0
                master = start_on(portal, door)
                served = [len(line.answers) for line in lines]
                until(
                    lambda was=served: all(
                        len(one.answers) > n + 5 for one, n in zip(lines, was, strict=True)
                    )
                )
        expect_nothing_lost(lines, kept(portal))
        master.terminate()
        assert master.wait(60) == 0


@pytest.mark.deep
def test_a_reload_that_cannot_start_leaves_the_old_ones_serving(portal: LivePortal, tmp_path: Path) -> None:
    portal.command("accounts", "first-link")
    keys = {"PORTAL_KEYS": tmp_path / "portal-keys.json", "PORTAL_PRIVATE_KEY": tmp_path / "private.key"}
    for path in keys.values():
        (portal.instance / path.name).rename(path)
    with redis_server() as redis:
        strict = {
            "PORTAL_ENV": "production", "SECRET_KEY": "k" * 32, "PORTAL_THROTTLE": "on",
            "REDIS_URL": redis.url,
            "PORTAL_BASE_URL": f"https://127.0.0.1:{portal.port}", "PORTAL_TRUSTED_HOSTS": "127.0.0.1",
            **{name: str(path) for name, path in keys.items()},
        }  # fmt: skip
        production = replace(portal, settings=SEVERAL | strict)
        with production.process("staff") as master, load(production, writers=1) as lines:
            before = children(master.pid)
            keys["PORTAL_KEYS"].chmod(0o644)  # nothing starts with keys that others can read
            master.send_signal(signal.SIGHUP)
            until(lambda: len(children(master.pid)) == 4)
            until(lambda: children(master.pid) == before)
            expect_more_answers(lines)
        expect_nothing_lost(lines, kept(production))
