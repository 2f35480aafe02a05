"""Exchanging keys: new writes at once, old rows still open; killed anywhere it goes on, old keys go last."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

import sealed_practice
from cast import OFFICE
from moving_clock import Clock
from portal import create_app, key_exchange, keyfiles
from portal.models.blobs import every
from portal.services import audit, audit_chain, export_files, key_changes
from portal.services.tools import Passwords, Tools
from portal.store import Store
from portal.vault import KeyMissing, KeyRetired, Place, Vault, VaultError, key_id_of
from sealed_practice import Filled

ROOT = Path(__file__).parents[3]
HERE = Place("note", "body_box", "1")


def _rotate(folder: Path) -> tuple[int, list[str]]:
    app = create_app({"PORTAL_INSTANCE": str(folder)})
    done = app.test_cli_runner().invoke(args=["keys", "rotate"])
    app.extensions["portal.house"].close()
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output.splitlines()


def _ids(folder: Path) -> dict[str, list[str]]:
    data = json.loads((folder / "portal-keys.json").read_text())
    return {name: sorted(data[name]["keys"]) for name in ("partner", "staff")} | {"public": [data["public"]]}


def _told(filled: Filled, told: dict[tuple[str, str, str], str]) -> bool:
    """Whether everything that was told still opens; the sweep at a command's end may have added to it, and
    reckoned the practice's figures anew."""
    now = sealed_practice.texts(filled.store, filled.tools)
    figures = {place for place in told if place[0] == "insight"}
    return figures <= now.keys() and {key: told[key] for key in told.keys() - figures}.items() <= now.items()


def _current(folder: Path, store: Store) -> bool:
    """Whether every blob stands under one of the keys that are there."""
    keys = keyfiles.load_keys(sealed_practice.paths_in(folder), role="all")
    return {key_id_of(blob) for blob in sealed_practice.blobs(store).values()} <= keys.honoured


def test_after_it_everything_opens_under_new_keys_only(filled: Filled) -> None:
    before, told = _ids(filled.folder), sealed_practice.texts(filled.store, filled.tools)
    secrets = [(filled.folder / name).read_text() for name in ("portal-keys.json", "private.key")]
    (filled.folder / ".private.key.0a0a0a0a.half").write_text("left by a run that was killed")
    code, said = _rotate(filled.folder)
    after = _ids(filled.folder)
    assert (code, said[0]) == (0, "New keys are current.")
    assert said[1].startswith(f"{len(told)} texts and 1 report files stand under the new keys")
    assert [len(ids) for ids in after.values()] == [1, 1, 1]
    assert all(set(after[name]).isdisjoint(before[name]) for name in before)
    # The process that was running all the while has followed.
    assert _told(filled, told)
    assert _current(filled.folder, filled.store)
    kept = "".join(path.read_text() for path in filled.folder.glob("p*") if path.suffix in {".json", ".key"})
    old = [*json.loads(secrets[0])["staff"]["keys"].values(), secrets[1]]
    assert [key for key in old if key in kept] == []
    assert [path.name for path in filled.folder.glob(".*")] == []
    assert (filled.folder / "private.key").stat().st_mode & 0o777 == 0o600


def test_the_trail_the_names_and_the_reports_go_on(filled: Filled) -> None:
    _rotate(filled.folder)
    with filled.store.staff.read() as session:
        checked, fault = audit_chain.verify(session, filled.tools)
        verbs = session.scalars(text("select verb from audit_event where verb like 'keys.%' order by number"))
        assert list(verbs) == ["keys.rotation_begun", "keys.rotated"]
    assert (checked > 60, fault) == (True, None)
    (report,) = (filled.folder / "exports").glob("*.box")
    assert b"".join(export_files.read(filled.tools, report, report.stem)).startswith(b"\xef\xbb\xbf")
    assert not export_files.renew(filled.tools, report)


def test_an_empty_practice_can_rotate_too(tmp_path: Path) -> None:
    assert _rotate(tmp_path / "instance")[0] == 0
    assert _rotate(tmp_path / "instance")[0] == 0


class Killed(BaseException):
    """The power went."""


def _killed_after(steps: int, function: Callable[..., object], count: list[int]) -> Callable[..., object]:
    def step(*given: object, **named: object) -> object:
        count[0] += 1
        if count[0] > steps:
            raise Killed
        done = function(*given, **named)
        if count[0] == steps:
            raise Killed
        return done

    return step


def test_killed_after_any_step_everything_opens_and_the_next_run_finishes(
    model: Path, tmp_path: Path, passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_changes.look, "__kwdefaults__", {"limit": 20})
    with sealed_practice.opened(
        Path(shutil.copytree(model, tmp_path / "whole")), Clock(), passwords
    ) as whole:
        told = sealed_practice.texts(whole.store, whole.tools)
    for steps in range(1, 60):
        folder, count = Path(shutil.copytree(model, tmp_path / f"killed-{steps}")), [0]
        with pytest.MonkeyPatch.context() as killing:
            killing.setattr(keyfiles, "put", _killed_after(steps, keyfiles.put, count))
            killing.setattr(key_changes, "keep", _killed_after(steps, key_changes.keep, count))
            killing.setattr(export_files, "renew", _killed_after(steps, export_files.renew, count))
            try:
                _rotate(folder)
                break
            except Killed:
                pass
        with sealed_practice.opened(folder, Clock(), passwords) as left:
            assert _told(left, told), steps
            assert _rotate(folder)[0] == 0
            assert _told(left, told), steps
            assert [len(ids) for ids in _ids(folder).values()] == [1, 1, 1], steps
            assert len(keyfiles.read_private(folder / "private.key")) == 1
            assert _current(folder, left.store)
    assert 8 < steps < 59


def test_what_a_request_wrote_under_a_key_that_is_gone_is_refused(filled: Filled) -> None:
    """It sealed before the exchange and commits after it: all or nothing, and the visitor tries again."""
    store, tools = filled.store, filled.tools
    blob = tools.vault.box("staff", HERE, "written just before")
    assert _rotate(filled.folder)[0] == 0
    with pytest.raises(KeyMissing):
        tools.vault.unbox("staff", HERE, blob)
    with pytest.raises(KeyRetired), store.staff.write() as session:
        audit.record(session, tools, by=OFFICE, verb="case.opened", subject=("case", "late"))
    with store.partner.write() as session:
        audit.record(session, tools, by=OFFICE, verb="case.opened", subject=("case", "again"))
    with store.staff.read() as session:
        found = session.scalars(
            text("select subject_id from audit_event where subject_id in ('late', 'again')")
        )
        assert list(found) == ["again"]


def test_a_page_asks_to_try_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(_vault: Vault) -> None:
        raise KeyRetired("the keys were exchanged; try again")

    monkeypatch.setattr(Vault, "require_honoured", gone)
    page = client.get("/begin").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    asked = {"csrf_token": token[1], "email": "kept@example.org", "password": "harvest moon over water"}
    answer = client.post("/begin", data=asked)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "kept@example.org" in answer.get_data(as_text=True)
    assert "harvest moon" not in answer.get_data(as_text=True)


def test_what_comes_in_at_the_last_moment_is_renewed_before_the_old_keys_go(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Committed under the old key after the last look: found again with the writer lock in hand."""
    place = Place("practice", "on_call_box", "practice")
    late, renew = filled.tools.vault.box("staff", place, "late@example.org"), export_files.renew

    def meanwhile(tools: Tools, file: Path) -> bool:
        with filled.store.staff.write() as session:
            session.execute(text("update practice set on_call_box = :late"), {"late": late})
        return renew(tools, file)

    monkeypatch.setattr(export_files, "renew", meanwhile)
    assert _rotate(filled.folder)[0] == 0
    told = sealed_practice.texts(filled.store, filled.tools)
    assert told["practice", "on_call_box", "practice"] == "late@example.org"


def test_while_it_is_going_on_both_keys_open_and_new_writes_use_the_new_one(filled: Filled) -> None:
    tools, paths = filled.tools, sealed_practice.paths_in(filled.folder)
    old = {ring: tools.vault.current_id(ring) for ring in ("partner", "staff", None)}  # type: ignore[arg-type]
    boxed, sealed = tools.vault.box("staff", HERE, "before"), tools.vault.seal(HERE, "before")
    partner = keyfiles.load_vault(keys=paths.keys, private=paths.private, role="partner")
    early = partner.seal(HERE, "by a process that serves partners")
    assert key_exchange.begin(paths)
    assert not key_exchange.begin(paths)
    assert (tools.vault.unbox("staff", HERE, boxed), tools.vault.open(HERE, sealed)) == ("before", "before")
    partner.require_honoured()
    late = partner.seal(HERE, "by the same one")
    assert [key_id_of(blob) == old[None] for blob in (early, late)] == [True, False]
    assert tools.vault.open(HERE, late) == "by the same one"
    for ring in ("partner", "staff"):
        assert key_id_of(tools.vault.box(ring, HERE, "x")) not in old.values()  # type: ignore[arg-type]
    key_exchange.end(paths)
    with pytest.raises(VaultError):
        tools.vault.open(HERE, sealed)


def test_a_row_changed_meanwhile_is_left_for_the_next_look(filled: Filled) -> None:
    store, tools = filled.store, filled.tools
    key_exchange.begin(sealed_practice.paths_in(filled.folder))
    with store.staff.read() as session:
        changes = key_changes.look(session, tools, limit=1000)
    column = next(c for c in every() if (c.table.name, c.column) == ("finding", "body_box"))
    with store.staff.write() as session:
        session.execute(column.table.update().values(body_box=b"changed by somebody"))
    touched = sum(change.column.table.name == "finding" for change in changes)
    with store.staff.write() as session:
        assert key_changes.keep(session, changes) == len(changes) - touched
        assert touched > 0


def test_a_process_without_the_staff_keys_cannot_rotate(filled: Filled) -> None:
    app = create_app({"PORTAL_INSTANCE": str(filled.folder), "PORTAL_ROLE": "partner"})
    done = app.test_cli_runner().invoke(args=["keys", "rotate"])
    app.extensions["portal.house"].close()
    assert (done.exit_code, done.output) == (2, "this command needs the keys of PORTAL_ROLE=all\n")
    assert [len(ids) for ids in _ids(filled.folder).values()] == [1, 1, 1]


def test_keys_that_cannot_be_read_for_a_moment_change_nothing(filled: Filled) -> None:
    blob = filled.tools.vault.box("staff", HERE, "kept")
    paths = sealed_practice.paths_in(filled.folder)
    whole = paths.keys.read_text()
    paths.keys.unlink()
    assert filled.tools.vault.unbox("staff", HERE, blob) == "kept"
    paths.keys.write_text("{")
    assert filled.tools.vault.unbox("staff", HERE, blob) == "kept"
    paths.keys.write_text(whole)
    assert filled.tools.vault.unbox("staff", HERE, blob) == "kept"


@pytest.mark.faults
def test_killed_by_the_system_again_and_again(model: Path, tmp_path: Path, passwords: Passwords) -> None:
    """Real processes, kill -9 after a random while, forty times; then one run to the end."""
    folder, chance = Path(shutil.copytree(model, tmp_path / "instance")), Random(5)
    with sealed_practice.opened(folder, Clock(), passwords) as filled:
        told = sealed_practice.texts(filled.store, filled.tools)
        killed = 0
        for _ in range(40):
            killed += _kill_a_run(folder, chance.uniform(0.4, 1.4))
            assert _told(filled, told)
        assert _rotate(folder)[0] == 0
        assert _told(filled, told)
        assert _current(folder, filled.store)
    assert killed > 10


def _kill_a_run(folder: Path, seconds: float) -> bool:
    environ = {"PATH": os.environ["PATH"], "PORTAL_INSTANCE": str(folder)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "keys", "rotate"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL) as run:
        time.sleep(seconds)
        run.send_signal(signal.SIGKILL)
        return run.wait() == -signal.SIGKILL


def test_tools_in_memory_are_never_refused(tools: Tools) -> None:
    tools.vault.box("staff", HERE, "x")
    tools.vault.require_honoured()
