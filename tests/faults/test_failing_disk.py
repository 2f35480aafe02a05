"""A disk that answers EIO: nothing is acknowledged that is not there, reading goes on, the text comes back.

The served portal runs with a few lines of C before its C library (``failing_disk.c``), so that what SQLite
asks of the disk fails for real. This takes Linux and a C compiler; without one the tests fail and say so.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import live_portal
from evening.plain_client import Browser
from evening.practices import PASSWORD, walk_in
from live_portal import LivePortal

pytestmark = pytest.mark.faults

WORDS = "We talk late at night, and then we stop."
SOURCE = Path(__file__).with_name("failing_disk.c")


@dataclass(frozen=True)
class OnFailingDisk(LivePortal):
    """A portal whose database lies on a disk that fails on command."""

    shim: Path = Path()

    @property
    def order(self) -> Path:
        """While this file is there, the disk fails."""
        return self.instance / "fault"

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"LD_PRELOAD": str(self.shim), "PORTAL_FAULT": str(self.order)}

    @contextmanager
    def failing(self, what: str) -> Iterator[None]:
        """The disk fails until the block ends."""
        self.order.write_text(what)
        try:
            yield
        finally:
            self.order.unlink()


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The few lines of C, compiled."""
    compiler = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.fail("a disk is made to fail by a few lines of C: this takes Linux and a compiler named cc")
    made = tmp_path_factory.mktemp("shim") / "failing_disk.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def portal(tmp_path: Path, shim: Path) -> OnFailingDisk:
    plain = live_portal.fresh(tmp_path / "instance")
    return OnFailingDisk(plain.instance, plain.port, shim=shim)


def kept(portal: LivePortal) -> int:
    """How many sealed sections are on the disk, read by somebody else."""
    with closing(sqlite3.connect(portal.instance / "portal.sqlite3", timeout=10)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found: int = database.execute("SELECT count(*) FROM sealed_entry WHERE section = 'words'").fetchone()[
            0
        ]
        return found


def test_the_disk_does_fail_on_command(portal: OnFailingDisk) -> None:
    """The test of the test."""
    program = (
        "import os; f = os.open('portal.sqlite3', os.O_CREAT | os.O_WRONLY); os.write(f, b'x'); os.fsync(f)"
    )
    environment = {**os.environ, **portal._environment()}

    def run() -> bytes:
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=environment, cwd=portal.instance, capture_output=True).stderr  # noqa: PLW1510

    assert run() == b""
    for what in ("sync", "write"):
        with portal.failing(what):
            assert b"Input/output error" in run()
    with portal.failing("nothing"):
        assert run() == b""


@pytest.mark.parametrize("what", ["sync", "write", "sync write"])
def test_a_failing_disk_is_a_503_that_keeps_the_text_and_loses_nothing(
    portal: OnFailingDisk, what: str
) -> None:
    with portal.serving():
        browser = Browser("127.0.0.1", portal.port)
        assert browser.submit("/begin", {"password": PASSWORD}).location == "/my/account"
        walk_in(browser)
        page = browser.get("/my/form")
        version, token = int(page.field("version")), page.field("csrf_token")

        def draft(text: str) -> int:
            fields = {"section": "words", "version": str(version), "own_words": text}
            return browser.post("/my/form/draft", fields, token=token).status

        for number in range(3):
            assert draft(f"word {number}") == 204
            version += 1
        with portal.failing(what):
            assert [draft(WORDS) for _ in range(3)] == [503] * 3
            fields = {"section": "words", "version": str(version), "own_words": WORDS, "go": "save"}
            whole = browser.post("/my/form", fields, token=token)
            letter = browser.post("/my/message", {"text": WORDS}, token=token)
            assert [(answer.status, WORDS in answer.text) for answer in (whole, letter)] == [(503, True)] * 2
            reading = [browser.get(path).status for path in ("/", "/my", "/my/form", "/my/form/check")]
            assert reading == [200] * 4
        assert kept(portal) == 3
        assert draft("after") == 204
        assert kept(portal) == 4
    with portal.serving():
        assert browser.get("/my/form").field("version") == str(version + 1)
    assert portal.command("audit", "verify").endswith("events checked\n")
