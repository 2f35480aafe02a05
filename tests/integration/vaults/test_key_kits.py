"""The recovery kit: with its passphrase every key again, without it nothing; no other key is replaced."""

from __future__ import annotations

import base64
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sealed_practice
from moving_clock import Clock
from portal import create_app, key_kits
from portal.services.tools import Passwords
from sealed_practice import Filled

ROOT = Path(__file__).parents[3]
PASSPHRASE = "seven quiet herons on the weir"
SECRET_FILES = ("portal-keys.json", "private.key", "secret.key")


def _run(folder: Path, *words: str, given: str = "") -> tuple[int, str]:
    app = create_app({"PORTAL_INSTANCE": str(folder)})
    done = app.test_cli_runner().invoke(args=["keys", *words], input=given)
    app.extensions["portal.house"].close()
    return done.exit_code, done.output


def _files(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in SECRET_FILES if (folder / name).exists()}


@pytest.fixture(scope="session")
def kept(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kit of the model practice, made once."""
    file = tmp_path_factory.mktemp("kit") / "practice.kit"
    folder = Path(shutil.copytree(model, file.parent / "instance"))
    code, said = _run(folder, "kit", str(file), given=f"{PASSPHRASE}\n")
    assert (code, said.splitlines()[0][:44]) == (0, "The recovery kit is written and opens. Keep ")
    return file


def test_a_lost_disk_comes_back(filled: Filled, kept: Path, passwords: Passwords) -> None:
    kit, told = kept, sealed_practice.texts(filled.store, filled.tools)
    assert kit.stat().st_mode & 0o777 == 0o600
    before = _files(filled.folder)
    for name in SECRET_FILES:
        (filled.folder / name).unlink()
    assert _run(filled.folder, "restore", str(kit), given=f"{PASSPHRASE}\n") == (
        0,
        "The keys are in place.\n",
    )
    assert _files(filled.folder) == before
    with sealed_practice.opened(filled.folder, Clock(), passwords) as again:
        assert told.items() <= sealed_practice.texts(again.store, again.tools).items()
    twice = _run(filled.folder, "restore", str(kit), given=f"{PASSPHRASE}\n")
    assert twice == (0, "These very keys are in place already.\n")


def test_the_kit_alone_tells_nothing(filled: Filled, kept: Path) -> None:
    kit = kept.read_text()
    raw = kit + base64.b64decode(json.loads(kit)["body"]).decode("latin-1")
    held = _files(filled.folder)
    secrets = [held["private.key"], held["secret.key"], PASSPHRASE]
    secrets += [
        key for ring in ("partner", "staff") for key in json.loads(held["portal-keys.json"])[ring]["keys"]
    ]
    assert [secret for secret in secrets if secret in raw] == []


@pytest.mark.parametrize("passphrase", ["", "seven quiet herons on the wei", PASSPHRASE.upper()])
def test_another_passphrase_opens_nothing(kept: Path, tmp_path: Path, passphrase: str) -> None:
    kit = kept
    code, said = _run(tmp_path / "new", "restore", str(kit), given=f"{passphrase}\n")
    assert (code, said) == (2, "the passphrase does not fit, or the kit was changed\n")
    assert not (tmp_path / "new").exists()


def test_letters_typed_another_way_are_the_same_passphrase(filled: Filled, tmp_path: Path) -> None:
    file = tmp_path / "practice.kit"
    assert _run(filled.folder, "kit", str(file), given="la cigüeña sobre el río\n")[0] == 0
    code, _ = _run(tmp_path / "new", "restore", str(file), given="la cigüeña sobre el río\n")
    assert code == 0


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"body": 1}', '{"body": "ä"}', '{"body": "x"}', "\0", '{"body": ""}']
)
def test_a_file_that_is_no_kit_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    code, said = _run(tmp_path / "new", "restore", str(file), given=f"{PASSPHRASE}\n")
    assert (code, len(said.splitlines())) == (2, 1)
    assert not (tmp_path / "new").exists()


def test_one_changed_letter_is_noticed(kept: Path, tmp_path: Path) -> None:
    kit = json.loads(kept.read_text())
    body = bytearray(base64.b64decode(kit["body"]))
    body[-1] ^= 1
    changed = tmp_path / "changed"
    changed.write_text(json.dumps({**kit, "body": base64.b64encode(body).decode()}))
    assert _run(tmp_path / "new", "restore", str(changed), given=f"{PASSPHRASE}\n")[0] == 2


def test_other_keys_are_never_replaced(kept: Path, tmp_path: Path) -> None:
    kit, other = kept, tmp_path / "other"
    assert _run(other, "rotate")[0] == 0
    before = _files(other)
    code, said = _run(other, "restore", str(kit), given=f"{PASSPHRASE}\n")
    assert (code, said.startswith("there are other keys here (private.key, portal-keys.json)")) == (2, True)
    assert _files(other) == before


def test_half_a_restore_is_finished_by_the_next_one(filled: Filled, kept: Path) -> None:
    kit, before = kept, _files(filled.folder)
    (filled.folder / "portal-keys.json").unlink()
    assert _run(filled.folder, "restore", str(kit), given=f"{PASSPHRASE}\n")[0] == 0
    assert _files(filled.folder) == before


def test_a_short_passphrase_and_a_taken_file_are_refused(filled: Filled, tmp_path: Path) -> None:
    code, said = _run(filled.folder, "kit", str(tmp_path / "a.kit"), given="fourteen signs\n")
    assert (code, said) == (2, "the passphrase needs at least 15 characters\n")
    (tmp_path / "b.kit").write_text("mine")
    code, said = _run(filled.folder, "kit", str(tmp_path / "b.kit"), given=f"{PASSPHRASE}\n")
    assert (code, said) == (2, "b.kit is there already; name a new file\n")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["b.kit"]
    folder = tmp_path / "file.kit" / "inside"
    (tmp_path / "file.kit").write_text("a file where a folder should be")
    assert _run(filled.folder, "kit", str(folder), given=f"{PASSPHRASE}\n")[0] == 2


def test_the_passphrase_may_stand_in_the_environment(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_KIT_PASSPHRASE", PASSPHRASE)
    file = tmp_path / "practice.kit"
    assert _run(filled.folder, "kit", str(file))[0] == 0
    assert json.loads(key_kits.opened(file.read_text(), PASSPHRASE)["keys"])["public"]


def test_on_a_terminal_it_is_asked_for_twice_and_not_shown(filled: Filled, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    file = tmp_path / "practice.kit"
    environ = {"PATH": os.environ["PATH"], "PORTAL_INSTANCE": str(filled.folder)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "keys", "kit", str(file)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as run:
        os.close(theirs)
        shown = b""
        for question in (b"Passphrase: ", b"confirmation: "):
            while not shown.endswith(question):
                shown += os.read(ours, 100)
            os.write(ours, f"{PASSPHRASE}\n".encode())
        assert run.wait(timeout=300) == 0
    os.close(ours)
    assert PASSPHRASE.encode() not in shown
    assert key_kits.opened(file.read_text(), PASSPHRASE)["private"]


def test_a_kit_of_damaged_keys_is_not_made(filled: Filled, tmp_path: Path) -> None:
    (filled.folder / "private.key").write_text("damaged")
    code, said = _run(filled.folder, "kit", str(tmp_path / "a.kit"), given=f"{PASSPHRASE}\n")
    assert (code, "restore both from your key backup" in said) == (2, True)
    assert not (tmp_path / "a.kit").exists()
