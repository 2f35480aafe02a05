"""A house that does not open says in one line which setting to look at, and no traceback around it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal import create_app
from portal.assembly import NotYet
from portal.commands import serve
from portal.config import ConfigError
from portal.keyfiles import KeyFileError
from portal.migrations.migrate import NotServed

AWAY = "postgresql://somebody@127.0.0.1:1/nowhere"
REFUSED = "the database does not open (connection failed: connection to server at"


def said(*words: str, **settings: str) -> tuple[int, str]:
    """Exit code and words of a command that needs the house."""
    app = create_app(settings)
    done = app.test_cli_runner().invoke(args=words or ["accounts", "first-link"])
    app.extensions["portal.house"].close()
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"DATABASE_URL": AWAY}, "DATABASE_URL"),
        ({"PARTNER_DATABASE_URL": AWAY}, "PARTNER_DATABASE_URL"),
        ({"PARTNER_DATABASE_URL": AWAY, "PORTAL_ROLE": "partner"}, "PARTNER_DATABASE_URL"),
    ],
)
def test_a_database_that_does_not_answer_is_named(
    tmp_path: Path, settings: dict[str, str], setting: str
) -> None:
    code, words = said(PORTAL_INSTANCE=str(tmp_path / "instance"), **settings)
    assert (code, words.count("\n"), words.startswith(f"{setting}: {REFUSED}")) == (2, 1, True), words


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert said(PORTAL_INSTANCE=str(file / "i")) == (2, f"{file / 'i'}: Not a directory\n")


def test_serve_says_so_too_where_the_database_is_busy_when_its_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("database is locked"))

    monkeypatch.setattr(serve.jobs, "add_once", busy)
    code, words = said("serve", PORTAL_INSTANCE=str(tmp_path / "instance"), PORTAL_ROLE="worker")
    assert (code, words.count("\n"), "database is locked" in words) == (serve.AGAIN, 1, True), words


@pytest.mark.parametrize("role", ["all", "worker", "partner"])
def test_serve_says_that_another_try_is_worth_it_where_the_database_is_away(
    tmp_path: Path, role: str
) -> None:
    """systemd gives up on 2 alone: a portal that starts before its database would else stay away."""
    away = {"DATABASE_URL": AWAY, "PARTNER_DATABASE_URL": AWAY, "PORTAL_ROLE": role}
    code, words = said("serve", PORTAL_INSTANCE=str(tmp_path / "instance"), **away)
    assert (code, words.count("\n"), REFUSED in words) == (serve.AGAIN, 1, True), words


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "database"),
            75,
            "database: No space left on device",
        ),
        (NotYet("start a process of the staff first"), 75, "start a process of the staff first"),
        (OSError(errno.ENOTDIR, "Not a directory", "database"), 2, "database: Not a directory"),
        (ConfigError("PARTNER_DATABASE_URL: sees too much"), 2, "PARTNER_DATABASE_URL: sees too much"),
        (NotServed("This practice was moved"), 2, "This practice was moved"),
        (KeyFileError("private.key is damaged"), 2, "private.key is damaged"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Exception) else "",
)
def test_serve_gives_up_on_what_somebody_has_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, words: str
) -> None:
    def refuse(_settings: object) -> None:
        raise error

    monkeypatch.setattr("portal.assembly.tools_for", refuse)
    assert said("serve", PORTAL_INSTANCE=str(tmp_path / "instance")) == (code, f"{words}\n")


def test_an_error_in_an_open_house_is_told_with_its_place(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = FileNotFoundError(2, "No such file", "elsewhere")

    def fail(*_words: object, **_named: object) -> None:
        raise missing

    monkeypatch.setattr("portal.services.set_ups.first_link", fail)
    done = app.test_cli_runner().invoke(args=["accounts", "first-link"])
    assert (done.exit_code, done.exception) == (1, missing)


def test_a_process_that_may_not_serve_does_not_begin_and_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a reload those that serve would make room for it; a database that is away is waited for."""
    monkeypatch.setattr("portal.logs.begin", lambda _style: None)
    settings = {"PORTAL_INSTANCE": str(tmp_path / "instance")}
    first = create_app(settings)
    with first.extensions["portal.house"].store.staff.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'moved 1 x'")
    first.extensions["portal.house"].close()
    app = create_app(settings)
    with pytest.raises(NotServed):
        serve.furnish(app)
    assert app.test_client().get("/readyz").status_code == 503
    app.extensions["portal.house"].close()
    away = create_app({**settings, "DATABASE_URL": AWAY})
    serve.furnish(away)
    assert away.test_client().get("/readyz").status_code == 503
    away.extensions["portal.house"].close()
