"""Threads of a served process share one heap (glibc gives each its own, and that memory grows)."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from portal import heap

ROOT = Path(__file__).resolve().parents[3]
COUNT = """
import ctypes, threading
system = ctypes.CDLL(None)
system.fdopen.restype = ctypes.c_void_p
together = threading.Barrier(4)
def work():
    held = [bytearray(5000) for _ in range(100)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
told = ctypes.c_void_p(system.fdopen(1, b"w"))
system.malloc_info(0, told), system.fflush(told)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have no heaps of threads")
@pytest.mark.parametrize(("begin", "is_one"), [("", False), ("import wsgi", True)])
def test_a_served_process_has_one(begin: str, is_one: bool, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PORTAL_INSTANCE": str(tmp_path / "instance")}
    (tmp_path / "instance").mkdir(mode=0o700)
    told = subprocess.run(
        [sys.executable, "-c", f"{begin}\n{COUNT}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert (told.stdout.count(b"<heap nr=") == 1) is is_one


def test_elsewhere_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap.sys, "platform", "darwin")
    assert not heap.share()
    monkeypatch.undo()
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _name: object())
    assert not heap.share()
