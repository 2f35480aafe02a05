"""Several processes: reloaded and restarted under load, they lose no request and no save."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

import live_portal
from evening.plain_client import Browser
from evening.practices import PASSWORD, walk_in
from live_portal import LivePortal
from noninterference.process_memory import found_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SEVERAL = {"PORTAL_PROCESSES": "2", "PORTAL_ROLE": "staff", "PORTAL_LOG": "json"}


@pytest.fixture
def portal(tmp_path: Path) -> LivePortal:
    return live_portal.fresh(tmp_path / "instance", **SEVERAL)


def children(pid: int) -> set[int]:
    """The processes that serve."""
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()}


class Line(threading.Thread):
    """Somebody who asks again and again on a connection they would like to keep, and notes every answer."""

    def __init__(self, portal: LivePortal, cookies: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.line = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=60)
        self.answers: list[int] = []
        self.lost: list[str] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.is_set():
            try:
                self.answers.append(self.ask())
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                self.line.close()
        self.line.close()

    def ask(self) -> int:
        return self.said("GET", "/my", None)

    def said(self, method: str, path: str, body: str | None) -> int:
        headers = {"Cookie": self.cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        answer.read()
        return answer.status


class Writer(Line):
    """Saves one word after the other."""

    def __init__(self, portal: LivePortal, browser: Browser) -> None:
        super().__init__(portal, browser.cookies)
        page = browser.get("/my/form")
        self.version, self.token = int(page.field("version")), page.field("csrf_token")

    def ask(self) -> int:
        fields = {"section": "words", "version": self.version, "own_words": f"word {self.version}"}
        status = self.said("POST", "/my/form/draft", urlencode({"csrf_token": self.token, **fields}))
        self.version += status == 204
        return status


def somebody(portal: LivePortal) -> Browser:
    browser = Browser("127.0.0.1", portal.port)
    assert browser.submit("/begin", {"password": PASSWORD}).location == "/my/account"
    walk_in(browser)
    return browser


@contextmanager
def load(portal: LivePortal, *, writers: int = 3) -> Iterator[list[Line]]:
    """Writers and a reader at work until the block ends."""
    people = [somebody(portal) for _ in range(writers)]
    lines = [Writer(portal, one) for one in people] + [Line(portal, people[0].cookies)]
    for line in lines:
        line.start()
    yield lines
    for line in lines:
        line.is_over.set()
    for line in lines:
        line.join(60)


def kept(portal: LivePortal) -> list[int]:
    """How many saves each intake holds, fewest first."""
    count = "SELECT count(*) FROM sealed_entry WHERE section = 'words' GROUP BY intake_id ORDER BY 1"
    with closing(sqlite3.connect(portal.instance / "portal.sqlite3", timeout=10)) as database:
        return [row[0] for row in database.execute(count)]


def until(is_so: object, seconds: float = 120) -> None:
    give_up = time.monotonic() + seconds
    while not is_so() and time.monotonic() < give_up:  # type: ignore[operator]
        time.sleep(0.05)
    assert is_so()  # type: ignore[operator]


def expect_nothing_lost(portal: LivePortal, lines: list[Line]) -> None:
    assert [line.lost for line in lines] == [[]] * len(lines)
    assert [set(line.answers) for line in lines] == [{204}] * (len(lines) - 1) + [{200}]
    assert kept(portal) == sorted(len(line.answers) for line in lines[:-1])


def test_a_reload_under_load_loses_no_request_and_no_save(portal: LivePortal) -> None:
    with portal.process("staff") as master:
        with load(portal) as lines:
            before = children(master.pid)
            time.sleep(0.5)
            master.send_signal(signal.SIGHUP)
            until(lambda: len(children(master.pid)) == 2 and not children(master.pid) & before)
            served = [len(line.answers) for line in lines]
            until(lambda: all(len(line.answers) > was + 5 for line, was in zip(lines, served, strict=True)))
        expect_nothing_lost(portal, lines)
        private = b64decode((portal.instance / "private.key").read_text("ascii").split()[-1])
        holders = {pid: found_in(pid, {"private": private}) for pid in (master.pid, *children(master.pid))}
        assert [bool(holders[pid]) for pid in holders] == [False, True, True]
        expect_no_header_to_be_believed(portal)
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
    with socket.create_connection(("127.0.0.1", portal.port), timeout=10) as wire:
        wire.sendall("\r\n".join(request).encode())
        heard = b"".join(iter(lambda: wire.recv(65536), b""))
    assert (heard.split(b"\r\n")[0], b"gunicorn" in heard.lower()) == (b"HTTP/1.1 200 OK", False)


def start_on(portal: LivePortal, door: socket.socket) -> subprocess.Popen[bytes]:
    """As systemd starts it: the open door is handed over, and stays open while nobody stands behind it."""
    number = door.fileno()
    hand_over = f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
    words = ["/bin/sh", "-c", hand_over, "sh", *live_portal._flask("serve")]
    environment = portal._environment()
    with (portal.instance / "serve.log").open("ab") as log:
        return subprocess.Popen(
            words, cwd=live_portal.ROOT, env=environment, stdout=log, stderr=log, pass_fds=(number,)
        )


@pytest.mark.deep
def test_a_restart_behind_an_open_door_loses_nothing_either(portal: LivePortal) -> None:
    with socket.create_server(("127.0.0.1", portal.port), backlog=256) as door:
        master = start_on(portal, door)
        with load(portal) as lines:
            for _ in range(3):
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
        expect_nothing_lost(portal, lines)
        master.terminate()
        assert master.wait(60) == 0
