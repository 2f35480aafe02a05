"""The content as another process reads it, for one that serves."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from portal import content_reader
from portal.content import shipped
from portal.content.faults import ContentError, Fault

ROOT = Path(__file__).parents[3]
_SERVES = """
import pickle, sys
from portal import content_reader
from portal.content import shipped
content_reader.begin()
content_reader.require_sound()
sys.stderr.write(str(sorted({"pydantic", "yaml", "portal.content.reading"} & set(sys.modules))))
sys.stdout.buffer.write(pickle.dumps(shipped.whole()))
"""


@pytest.fixture(autouse=True)
def nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_HELD", {})


def test_what_is_handed_over_is_what_the_files_say_and_their_reader_is_not_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", _SERVES], cwd=ROOT, capture_output=True, check=True)
    assert done.stderr == b"[]"
    assert pickle.loads(done.stdout) == shipped.whole()


def test_faults_are_handed_over_and_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    faults = (Fault("a.yaml", 1, "torn"), Fault("b.yaml", 7, "no Spanish"))

    def unsound() -> None:
        raise ContentError(faults)

    with monkeypatch.context() as patched:
        patched.setattr(shipped, "whole", unsound)
        content_reader.main()
    told = tmp_path / "told"
    told.write_bytes(capfdbinary.readouterr().out)
    content_reader.begin(["cat", str(told)])
    with pytest.raises(ContentError) as caught:
        content_reader.require_sound()
    assert (caught.value.faults, str(caught.value)) == (faults, "a.yaml:1: torn\nb.yaml:7: no Spanish")


@pytest.mark.parametrize("command", [["echo", "half an answ"], ["false"], ["sleep", "60"]])
def test_a_reader_that_is_lost_is_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, command: list[str]
) -> None:
    monkeypatch.setattr(content_reader, "PATIENCE", 0.3)
    read: list[str] = []
    monkeypatch.setattr(shipped, "part", read.append)
    monkeypatch.setattr(shipped, "LOADERS", [lambda: shipped.part("letters")])
    monkeypatch.setattr(shipped, "require_sound", lambda: shipped.LOADERS[0]())
    content_reader.begin(command)
    process = content_reader._begun[0]
    with caplog.at_level(logging.WARNING):
        content_reader.require_sound()
    assert (read, process.poll() is None, content_reader._begun) == (["letters"], False, [])
    assert "content is read here" in caplog.text


def test_where_none_can_be_started_it_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(shipped, "require_sound", lambda: read.append("here"))
    content_reader.begin(["/nowhere/python"])
    content_reader.require_sound()
    assert read == ["here"]
