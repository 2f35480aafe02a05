"""A house that does not open says in one line which setting to look at, and no traceback around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from portal import create_app
from portal.commands import serve
from portal.migrations.migrate import NotServed

AWAY = "postgresql://somebody@127.0.0.1:1/nowhere"
REFUSED = "the database does not open (connection failed: connection to server at"


def said(**settings: str) -> tuple[int, str]:
    """Exit code and words of a command that needs the house."""
    app = create_app(settings)
    done = app.test_cli_runner().invoke(args=["accounts", "first-link"])
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
