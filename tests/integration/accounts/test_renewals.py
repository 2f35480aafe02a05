"""A new authenticator for somebody of the staff who lost telephone and codes: inbox and voice, both (T43)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from arrivals import COMMAND, PASSWORD, code, rows, staff, verbs
from browsers import Visitor, led
from flask import Flask

from portal.domain.access import Viewer
from portal.services import renewals, resets, sessions, set_ups, sign_ins, staff_codes, throttles
from portal.services.errors import BadInput, Conflict, NotFound
from portal.services.tools import Tools, token_hash
from portal.store import Store
from portal.vault import Place

if TYPE_CHECKING:
    from moving_clock import Clock

NEW = "a wholly new evening by the sea"


def begin(store: Store, tools: Tools, staff_id: str, *, by: Viewer = COMMAND) -> tuple[str, str]:
    """The mailed link's token, and the code to be said."""
    with store.staff.write() as session:
        spoken = renewals.begin(session, tools, staff_id=staff_id, by=by)
    newest = rows(store, "mail", template="staff_set_up")[-1]
    body = tools.vault.unbox("staff", Place("mail", "body_box", newest["id"]), newest["body_box"])
    told = json.loads(body)
    assert (told["to"], spoken in body) == ("ada@practice.org", False)
    return told["params"]["link"].rpartition("/")[2], spoken


def secret_of(store: Store, tools: Tools, staff_id: str) -> str:
    with store.staff.read() as session:
        return sign_ins.authenticator(session, tools, staff_id=staff_id).secret


@pytest.fixture
def house(app: Flask) -> Store:
    store: Store = app.extensions["portal.house"].store
    return store


@pytest.fixture
def ada(house: Store, tools: Tools) -> str:
    return staff(house, tools)


def test_everything_old_is_dead_at_once(house: Store, tools: Tools, ada: str) -> None:
    by, old = Viewer(kind="staff", id=ada), secret_of(house, tools, ada)
    with house.staff.write() as session:
        cookie = sessions.open_staff(session, tools, staff_id=ada, second_factor=True)
        codes = staff_codes.draw(session, tools, by=by)
        resets.send_staff_link(session, tools, staff_id=ada, by=COMMAND)
    begin(house, tools, ada)
    assert secret_of(house, tools, ada) != old
    with house.staff.read() as session:
        assert sessions.find_staff(session, tools, cookie) is None
        claim = sign_ins.find_staff(session, tools, email="ada@practice.org", device_hash=None)
    assert not sign_ins.is_match(tools, claim, PASSWORD, is_open=True)
    with house.staff.write() as session, pytest.raises(Conflict):
        staff_codes.spend(session, tools, code=codes[0], by=by)
    assert [row["used_at"] is None for row in rows(house, "staff_link", purpose="reset")] == [False]
    before = len(rows(house, "mail"))
    with house.staff.write() as session:  # and no forgotten password brings it back
        resets.send_staff_link(session, tools, staff_id=ada, by=COMMAND)
    assert len(rows(house, "mail")) == before


def test_link_and_voice_together_bring_a_new_sign_in(
    app: Flask, house: Store, tools: Tools, clock: Clock, ada: str
) -> None:
    token, spoken = begin(house, tools, ada)
    me, path = Visitor(app.test_client()), f"/set-up/{token}"
    shown = me.get(path)
    secret = secret_of(house, tools, ada)
    assert (shown.status_code, secret in shown.text, 'name="spoken"' in shown.text) == (200, False, True)
    for typed in ("", "0000-0000-0000", secret):
        refused = me.post(path, spoken=typed, password=NEW, code=code(secret, clock))
        assert (refused.status_code, secret in refused.text) == (400, False)
    opened = me.post(path, spoken=spoken.lower().replace("-", " "))
    assert (opened.status_code, secret in opened.text) == (200, True)
    kept = re.search(r'name="spoken" value="([^"]+)"', opened.text)
    assert kept is not None
    wrong = me.post(path, spoken=kept[1], password=NEW, code="000000")
    assert (wrong.status_code, secret in wrong.text) == (400, True)
    done = me.post(path, spoken=kept[1], password=NEW, code=code(secret, clock))
    assert led(done) == (303, "/sign-in/recovery-codes")
    assert led(me.post("/sign-in/recovery-codes")) == (303, "/sign-in/recovery-codes")
    assert len(re.findall(r"(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}", me.get("/sign-in/recovery-codes").text)) == 10
    assert Visitor(app.test_client()).get(path).status_code == 404
    assert [verb for verb in verbs(house) if verb.startswith("staff.re")] == [
        "staff.recovery_codes_drawn", "staff.renewal_started", "staff.renewed",
    ]  # fmt: skip


def test_begun_again_only_the_newest_counts_and_only_for_a_day(
    house: Store, tools: Tools, clock: Clock, ada: str
) -> None:
    first, said_first = begin(house, tools, ada)
    clock.move(minutes=1)
    second, said_second = begin(house, tools, ada)
    with house.staff.read() as session:
        with pytest.raises(NotFound):
            set_ups.find(session, tools, token=first)
        held = set_ups.find(session, tools, token=second)
    fits = [
        renewals.is_spoken(tools, held.spoken_digest or "", staff_id=staff_id, typed=typed)
        for staff_id, typed in ((ada, said_second), (ada, said_first), ("somebody", said_second))
    ]
    assert fits == [True, False, False]
    assert rows(house, "staff_link", token_hash=token_hash(second))[0]["spoken_hash"] == held.spoken_digest
    clock.move(hours=24, seconds=1)
    with house.staff.read() as session, pytest.raises(NotFound):
        set_ups.find(session, tools, token=second)


def test_not_for_oneself_nor_for_nobody(house: Store, tools: Tools, ada: str) -> None:
    with house.staff.write() as session:
        made = set_ups.create(
            session, tools, email="new@practice.org", full_name="New", roles=["admin"], by=COMMAND
        )
    with pytest.raises(BadInput) as refused:
        begin(house, tools, ada, by=Viewer(kind="staff", id=ada))
    assert refused.value.faults == {"authenticator": "own_account"}
    for staff_id in ("nobody", made.staff_id):
        with pytest.raises(NotFound):
            begin(house, tools, staff_id)


def test_the_code_said_by_voice_is_not_guessed(
    app: Flask, house: Store, tools: Tools, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = throttles.build(is_on=True, redis_url=None)
    monkeypatch.setitem(app.extensions, "portal.throttle", throttle)
    token, spoken = begin(house, tools, ada)
    me = Visitor(app.test_client())
    for _ in range(30):
        assert me.post(f"/set-up/{token}", spoken="0000-0000-0000").status_code == 400
    assert me.post(f"/set-up/{token}", spoken=spoken).status_code == 400


def test_a_recovery_code_stands_in_for_the_app_when_the_password_is_forgotten(
    app: Flask, house: Store, tools: Tools, ada: str
) -> None:
    with house.staff.write() as session:
        codes = staff_codes.draw(session, tools, by=Viewer(kind="staff", id=ada))
        resets.send_staff_link(session, tools, staff_id=ada, by=COMMAND)
    body = rows(house, "mail", template="staff_reset")[0]
    link = json.loads(tools.vault.unbox("staff", Place("mail", "body_box", body["id"]), body["body_box"]))
    path = "/" + link["params"]["link"].split("/", 3)[3]
    me = Visitor(app.test_client())
    for typed in ("", "000000", "0000-0000-0000-0000-0000"):
        assert me.post(path, password=NEW, code=typed).status_code == 400
    assert led(me.post(path, password=NEW, code=codes[2])) == (303, "/sign-in")
    assert led(me.post("/sign-in", name="ada@practice.org", password=NEW)) == (303, "/sign-in/second-step")
    assert me.post("/sign-in/second-step", code=codes[2]).status_code == 400  # used up
    assert led(me.post("/sign-in/second-step", code=codes[3])) == (303, "/admin")


def test_the_only_admin_renews_by_command(app: Flask, house: Store, ada: str) -> None:
    def run(email: str) -> tuple[int, str, str]:
        result = app.test_cli_runner().invoke(args=["accounts", "renew", "--email", email])
        return result.exit_code, result.stdout, result.stderr

    status, out, _err = run("Ada@practice.org")
    assert (status, bool(re.fullmatch(r"(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\n", out))) == (0, True)
    assert run("nobody@practice.org") == (
        2, "", "--email: no account with this address that was set up and is not disabled\n",
    )  # fmt: skip
