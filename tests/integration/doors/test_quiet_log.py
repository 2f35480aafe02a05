"""What goes wrong unforeseen is told by page, place and class: no answer, no name, no link in a log."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from portal.services import joining
from portal.store import Store

LINK = "a-secret-link-from-a-mail"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("Ana told us"), 500, "accounts.join_posted failed: ValueError at test_quiet_log.py:"),
        (
            OperationalError("Ana told us", {}, Exception("locked")),
            503,
            "accounts.join_posted found no database: OperationalError at test_quiet_log.py:",
        ),
    ],
)
def test_an_error_is_told_without_its_text_and_without_the_link(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    said: str,
) -> None:
    def burst(*_given: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(joining, "decline", burst)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    page = client.get(f"/join/{LINK}").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(f"/join/{LINK}", data={"csrf_token": token, "choice": "not_now"})
    assert answer.status_code == status
    assert caplog.records[-1].getMessage().startswith(said)
    assert (LINK in caplog.text, "Ana" in caplog.text) == (False, False)


def test_no_database_error_names_a_value(app: Flask) -> None:
    store: Store = app.extensions["portal.house"].store
    assert [door.engine.hide_parameters for door in (store.staff, store.partner)] == [True, True]
