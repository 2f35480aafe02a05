"""The second factor of staff when the telephone is lost: recovery codes, hashed and single-use (T45)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from arrivals import PASSWORD, code, rows, staff, verbs
from browsers import Visitor, led
from flask import Flask

from portal.domain.access import Viewer
from portal.services import sign_ins, staff_codes, throttles
from portal.services.errors import Conflict
from portal.services.tools import Tools
from portal.store import Store

if TYPE_CHECKING:
    from moving_clock import Clock


@pytest.fixture
def ada(store: Store, tools: Tools) -> Viewer:
    return Viewer(kind="staff", id=staff(store, tools))


def test_each_code_counts_once_for_its_owner_alone(store: Store, tools: Tools, ada: Viewer) -> None:
    ben = Viewer(kind="staff", id=staff(store, tools, email="ben@practice.org"))
    with store.staff.write() as session:
        codes = staff_codes.draw(session, tools, by=ada)
    kept = {row["code_digest"] for row in rows(store, "staff_code")}
    assert (len(set(codes)), len(kept), kept & set(codes)) == (10, 10, set())
    with store.staff.write() as session, pytest.raises(Conflict):
        staff_codes.spend(session, tools, code=codes[0], by=ben)
    with store.staff.write() as session:
        staff_codes.spend(session, tools, code=codes[0].lower().replace("-", " "), by=ada)
        assert staff_codes.left(session, by=ada) == 9
    with store.staff.write() as session, pytest.raises(Conflict):
        staff_codes.spend(session, tools, code=codes[0], by=ada)


def test_new_codes_make_the_old_ones_useless(store: Store, tools: Tools, ada: Viewer) -> None:
    with store.staff.write() as session:
        old, new = (staff_codes.draw(session, tools, by=ada) for _ in range(2))
        assert (staff_codes.left(session, by=ada), set(old) & set(new)) == (10, set())
    with store.staff.write() as session, pytest.raises(Conflict):
        staff_codes.spend(session, tools, code=old[3], by=ada)
    assert [verb for verb in verbs(store) if "recovery" in verb] == ["staff.recovery_codes_drawn"] * 2


@pytest.fixture
def signed_in(app: Flask, tools: Tools, clock: Clock) -> Callable[[], tuple[Visitor, str]]:
    """Ada at a browser, and the secret of her app."""
    store: Store = app.extensions["portal.house"].store
    ada_id = staff(store, tools)

    def sit() -> tuple[Visitor, str]:
        with store.staff.read() as session:
            secret = sign_ins.authenticator(session, tools, staff_id=ada_id).secret
        me = Visitor(app.test_client())
        clock.move(minutes=1)
        me.post("/sign-in", name="ada@practice.org", password=PASSWORD)
        return me, secret

    return sit


def test_a_lost_telephone(signed_in: Callable[[], tuple[Visitor, str]], clock: Clock) -> None:
    me, secret = signed_in()
    assert led(me.post("/sign-in/second-step", code=code(secret, clock))) == (303, "/admin")
    assert led(me.post("/sign-in/recovery-codes")) == (303, "/sign-in/recovery-codes")
    page = me.get("/sign-in/recovery-codes").text
    codes = re.findall(r"<code>([0-9A-Z-]{24})</code>", page)
    assert (len(codes), me.text_of("codes-left")) == (10, "Codes that still count: 10")
    assert codes[0] not in me.get("/sign-in/recovery-codes").text

    me, _ = signed_in()
    assert led(me.post("/sign-in/second-step", code=codes[0])) == (303, "/admin")
    assert led(me.get("/admin")) == (200, None)
    again, _ = signed_in()
    refused = again.post("/sign-in/second-step", code=codes[0])
    assert (refused.status_code, led(again.get("/admin"))) == (400, (303, "/sign-in"))


def test_drawing_needs_a_fresh_sign_in(
    signed_in: Callable[[], tuple[Visitor, str]], clock: Clock, app: Flask
) -> None:
    me, secret = signed_in()
    me.post("/sign-in/second-step", code=code(secret, clock))
    clock.move(minutes=6)
    assert led(me.post("/sign-in/recovery-codes")) == (400, None)
    assert led(me.post("/sign-in/recovery-codes", password="wrong words here")) == (400, None)
    assert rows(app.extensions["portal.house"].store, "staff_code") == []
    assert led(me.post("/sign-in/recovery-codes", password=PASSWORD)) == (303, "/sign-in/recovery-codes")


def test_guessing_spends_the_budget_and_tells_nothing(
    signed_in: Callable[[], tuple[Visitor, str]], app: Flask, clock: Clock
) -> None:
    app.extensions["portal.throttle"] = throttles.build(is_on=True, redis_url=None)
    me, secret = signed_in()
    me.post("/sign-in/second-step", code=code(secret, clock))
    me.post("/sign-in/recovery-codes")
    codes = re.findall(r"<code>([0-9A-Z-]{24})</code>", me.get("/sign-in/recovery-codes").text)
    me, _ = signed_in()
    wrong = [me.post("/sign-in/second-step", code="0000-0000-0000-0000-0000") for _ in range(30)]
    right = me.post("/sign-in/second-step", code=codes[0])
    assert {(answer.status_code, answer.data) for answer in (*wrong, right)} == {(400, right.data)}


def test_staying_keeps_the_session_up_to_its_limit(
    signed_in: Callable[[], tuple[Visitor, str]], clock: Clock
) -> None:
    me, secret = signed_in()
    me.post("/sign-in/second-step", code=code(secret, clock))
    me.get("/admin")
    token, told = me.token, []
    while (answer := me.client.post("/sign-in/stay", data={"csrf_token": token})).status_code == 200:
        told.append(int(answer.text))
        clock.move(minutes=14)
    assert (told[:2], len(told), answer.status_code) == ([43200, 42360], 52, 401)
