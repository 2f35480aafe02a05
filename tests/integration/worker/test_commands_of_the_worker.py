"""``worker``, ``audit verify`` and what every command says before it refuses: exit 0, 1 or 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal import create_app, keyfiles
from portal.content import shipped
from portal.content.faults import ContentError, Fault
from portal.services import mails
from portal.store import Store

ROOT = Path(__file__).parents[3]


def _run(app: Flask, *words: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=list(words))
    return done.exit_code, done.output


def test_worker_does_what_is_due_and_chains(app: Flask) -> None:
    house = app.extensions["portal.house"]
    with house.store.staff.write() as session:
        mails.queue(
            session, house.tools, template="on_call_alert", to="t@example.org", language="en",
            params={"link": "http://127.0.0.1:8000/caseload"},
        )  # fmt: skip
    assert _run(app, "worker") == (0, "")
    outbox = Path(app.extensions["portal.settings"].outbox)
    assert len(list(outbox.glob("*.eml"))) == 1
    assert _run(app, "audit", "verify") == (0, "0 events checked\n")


def test_verify_tells_the_first_fault(app: Flask) -> None:
    made = _run(app, "accounts", "create", "--role", "admin", "--email", "a@example.org", "--name", "A")
    assert made[0] == 0
    code, said = _run(app, "audit", "verify")
    assert (code, said.endswith(" events checked\n")) == (0, True)
    store: Store = app.extensions["portal.house"].store
    with store.staff.write() as session:
        session.execute(text("update audit_event set verb = 'x' where number = 1"))
    assert _run(app, "audit", "verify") == (1, "event 1 was changed\n")


@pytest.mark.parametrize("words", [("worker",), ("questionnaire", "export"), ("demo", "load"), ("serve",)])
def test_bad_content_stops_a_command_with_all_its_faults(
    app: Flask, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def unsound() -> None:
        raise ContentError([Fault("letters.yaml", 7, "no Spanish"), Fault("consent.yaml", 3, "no text")])

    monkeypatch.setattr(shipped, "require_sound", unsound)
    assert _run(app, *words) == (2, "consent.yaml:3: no text\nletters.yaml:7: no Spanish\n")


def test_routing_needs_no_other_content(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "require_sound", lambda: 1 / 0)
    done = app.test_cli_runner().invoke(args=["routing", "recommend", "-"], input="{}")
    assert (done.exit_code, done.output) == (2, "line 1: as_of: is missing\n")


@pytest.mark.parametrize("damage", ["both", "private alone", "keys gone"])
def test_damaged_keys_are_named_and_never_replaced(tmp_path: Path, damage: str) -> None:
    app = create_app({"PORTAL_INSTANCE": str(tmp_path)})
    keys, private = tmp_path / "portal-keys.json", tmp_path / "private.key"
    keyfiles.make_missing(keys=keys, private=private, secret=tmp_path / "secret.key")
    private.write_text("damaged")
    if damage == "both":
        keys.write_text("{")
    if damage == "keys gone":
        keys.unlink()
    code, said = _run(app, "worker")
    app.extensions["portal.house"].close()
    assert (code, "private.key" in said, "key backup" in said) == (2, True, True)
    assert private.read_text() == "damaged"


def test_bad_settings_are_named_line_by_line_without_a_traceback(tmp_path: Path) -> None:
    environ = {**os.environ, "PORTAL_INSTANCE": str(tmp_path), "PORTAL_PORT": "x", "PORTAL_ROLE": "y"}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        env=environ, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (
        2,
        "",
        [
            "PORTAL_PORT must be a number from 1 to 65535",
            "PORTAL_ROLE must be one of all, partner, staff, worker",
        ],
    )
