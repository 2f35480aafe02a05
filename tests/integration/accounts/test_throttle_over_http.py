"""The throttle as a visitor meets it: never visible, never for somebody else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from arrivals import PASSWORD
from browsers import Visitor, led
from flask import Flask

from portal.services.tools import Tools


@pytest.fixture
def guarded(tmp_path: Path, migrated: Path, tools: Tools) -> Iterator[Flask]:
    """The portal with its throttle on."""
    from portal import create_app

    instance = tmp_path / "guarded"
    instance.mkdir(mode=0o700)
    shutil.copy(migrated, instance / "portal.sqlite3")
    app = create_app({"PORTAL_INSTANCE": str(instance)}, overrides={"tools": tools})
    yield app
    app.extensions["portal.house"].close()


def test_after_thirty_failures_the_right_password_gets_the_wrong_one_s_page(guarded: Flask) -> None:
    owner, guesser = Visitor(guarded.test_client()), Visitor(guarded.test_client())
    owner.post("/begin", password=PASSWORD)
    owner.get("/my/account")
    name = owner.text_of("sign-in-name")
    guesser.get("/sign-in")
    pages = [
        guesser.client.post("/sign-in", data={"csrf_token": guesser.token, "name": name, "password": word})
        for word in ["not the password"] * 30 + [PASSWORD]
    ]
    assert {(page.status_code, page.text) for page in pages} == {(400, pages[0].text)}
    assert led(owner.post("/sign-in", name=name, password=PASSWORD)) == (303, "/my")


def test_a_link_is_tried_ten_times_an_hour_and_asked_for_ten_times(guarded: Flask) -> None:
    me = Visitor(guarded.test_client())
    me.get("/password/reset/x")
    tries = [
        me.client.post(
            path, data={"csrf_token": me.token, "password": PASSWORD, "name": "amber-canoe-willow"}
        )
        for path in ["/password/reset/x"] * 11 + ["/password/forgot"] * 11
    ]
    assert [led(one) for one in tries] == [(400, None)] * 11 + [(303, "/password/asked")] * 11


def test_joining_stops_at_three_hundred_tries_from_one_place(
    guarded: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.services import throttles

    monkeypatch.setitem(throttles.BUDGETS, "join", 1)
    me = Visitor(guarded.test_client())
    me.get("/begin")
    data = {"csrf_token": me.token, "password": PASSWORD}
    assert led(me.client.post("/begin", data=data)) == (303, "/my/account")
    again = me.post("/begin", password=PASSWORD)
    assert (again.status_code, "try again in an hour" in again.text) == (400, True)
    tries = [me.post(f"/join/{'x' * 43}", password=PASSWORD) for _ in range(2)]
    assert [("cannot be used" in one.text, "in an hour" in one.text) for one in tries] == [
        (True, False),
        (False, True),
    ]


def test_codes_run_out_too(guarded: Flask, tools: Tools) -> None:
    from arrivals import code, staff

    from portal.services import sign_ins

    store = guarded.extensions["portal.house"].store
    staff_id = staff(store, tools)
    with store.staff.read() as session:
        secret = sign_ins.authenticator(session, tools, staff_id=staff_id).secret
    me = Visitor(guarded.test_client())
    me.post("/sign-in", name="ada@practice.org", password=PASSWORD)
    me.get("/sign-in/second-step")
    codes = ["000000"] * 30 + [code(secret, tools.clock, steps=1)]  # type: ignore[arg-type]
    answers = [
        me.client.post("/sign-in/second-step", data={"csrf_token": me.token, "code": one}) for one in codes
    ]
    assert {answer.status_code for answer in answers} == {400}
