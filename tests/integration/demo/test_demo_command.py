"""`demo load` as a command: what it refuses, what it prints again, what it begins anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.content.words import WORDS
from portal.demo import cast, load, sittings, stage
from portal.demo.load import State
from portal.models import Account, AuditEvent, CaseFile, Practice, StaffAccount, table_of
from portal.services import passwords, set_ups
from portal.services.tools import Passwords


def _run(app: Flask) -> Any:
    return app.test_cli_runner().invoke(args=["demo", "load"])


def _state(app: Flask) -> State:
    with app.extensions["portal.house"].store.staff.read() as session:
        return load.state(session)


def _count(app: Flask, model: type) -> int:
    with app.extensions["portal.house"].store.staff.read() as session:
        return session.scalar(select(func.count()).select_from(table_of(model))) or 0


def _csrf(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]


@pytest.fixture
def two_couples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cast that is told in a second."""
    few = tuple(couple for couple in cast.couples() if couple.key in ("linnet", "harlow"))
    monkeypatch.setattr(cast, "couples", lambda: few)


def test_a_second_load_prints_the_same_and_changes_nothing(demo: Flask, instance: Path) -> None:
    events = _count(demo, AuditEvent)
    result = _run(demo)
    assert (result.exit_code, result.stdout) == (0, (instance / "printed.tsv").read_text())
    assert (_state(demo), _count(demo, AuditEvent)) == (State.WHOLE, events)


def test_progress_is_told_apart_from_the_sign_ins(empty: Flask, two_couples: None) -> None:
    result = _run(empty)
    assert (result.exit_code, _state(empty)) == (0, State.WHOLE)
    assert len(result.stdout.splitlines()) == 6
    assert result.stderr.splitlines()[-1] == "The demonstration practice is loaded."


def test_a_database_with_real_accounts_is_refused(empty: Flask) -> None:
    house = empty.extensions["portal.house"]
    with house.store.staff.write() as session:
        set_ups.create(
            session, house.tools, email="a@real.example", full_name="A", roles=["admin"], by=load.LOADER
        )
    result = _run(empty)
    assert (result.exit_code, result.stdout, _state(empty)) == (2, "", State.REAL)
    assert "real accounts" in result.stderr
    assert _count(empty, CaseFile) == 0


def test_production_is_refused(empty: Flask) -> None:
    empty.extensions["portal.settings"] = replace(empty.extensions["portal.settings"], env="production")
    result = _run(empty)
    assert (result.exit_code, result.stdout, _count(empty, StaffAccount)) == (2, "", 0)


def test_an_interrupted_load_is_begun_anew(
    empty: Flask, two_couples: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(load.stories, "tell", _stop_at_the_fourth())
        assert _run(empty).exit_code == 1
    assert (_state(empty), _count(empty, StaffAccount)) == (State.HALF, 4)
    result = _run(empty)
    assert (result.exit_code, _state(empty)) == (0, State.WHOLE)
    assert (_count(empty, StaffAccount), _count(empty, CaseFile), _count(empty, Account)) == (4, 2, 2)
    assert result.stderr.splitlines()[0] == "An earlier load was interrupted; starting anew."


def _stop_at_the_fourth() -> Any:
    tell, told = load.stories.tell, []

    def stop(play: Any, step: Any) -> None:
        told.append(step)
        if len(told) == 4:
            raise KeyboardInterrupt
        tell(play, step)

    return stop


def test_a_partner_signs_in_with_what_was_printed(demo: Flask, instance: Path) -> None:
    _role, name, password, _totp = (instance / "printed.tsv").read_text().splitlines()[4].split("\t")
    client = demo.test_client()
    page = client.get("/sign-in").text
    answer = client.post("/sign-in", data={"csrf_token": _csrf(page), "name": name, "password": password})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/my")


@pytest.mark.parametrize(("line", "home"), [(0, "/admin"), (1, "/caseload")])
def test_staff_sign_in_with_what_was_printed(demo: Flask, instance: Path, line: int, home: str) -> None:
    _role, name, password, totp = (instance / "printed.tsv").read_text().splitlines()[line].split("\t")
    client = demo.test_client()
    page = client.get("/sign-in").text
    answer = client.post("/sign-in", data={"csrf_token": _csrf(page), "name": name, "password": password})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/second-step")
    page = client.get("/sign-in/second-step").text
    code = pyotp.TOTP(totp).at(demo.extensions["portal.house"].tools.now())
    answer = client.post("/sign-in/second-step", data={"csrf_token": _csrf(page), "code": code})
    assert (answer.status_code, answer.headers["Location"]) == (303, home)
    assert client.get(home).status_code == 200


def test_passwords_are_the_installations_own_and_good_enough(demo: Flask, empty: Flask) -> None:
    here = stage.secrets_of(demo.extensions["portal.house"].tools)
    elsewhere = stage.secrets_of(empty.extensions["portal.house"].tools)
    assert here == stage.secrets_of(demo.extensions["portal.house"].tools)
    assert len({here.partner, here.staff, elsewhere.partner, elsewhere.staff}) == 4
    assert [passwords.fault(word) for word in (here.partner, here.staff)] == [None, None]
    assert set(here.partner.split("-")) <= set(WORDS)


def test_recovery_codes_of_invented_people_open_nothing(passwords: Passwords) -> None:
    few = stage.FewPasswords(passwords, ["a known password"], "thrown away")
    known, unknown = few.hash("a known password"), few.hash("ABCD1234")
    assert known == few.hash("a known password")
    assert few.is_match(known, "a known password")
    assert not few.is_match(unknown, "ABCD1234")


@pytest.mark.parametrize("hour", [0, 4, 5, 6, 13, 23])
@pytest.mark.parametrize("day", [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)])
def test_steps_keep_their_order_and_never_lie_ahead(day: datetime, hour: int) -> None:
    now = day + timedelta(hours=hour)
    for couple in cast.couples():
        times = [moment.at for moment in load._moments(now, couple)]
        assert times == sorted(times)
        assert now - timedelta(days=91) <= times[0]
        assert times[-1] < now


def test_somebody_without_a_session_or_form_is_named(demo: Flask) -> None:
    house = demo.extensions["portal.house"]
    place = stage.Stage.over(house.store, house.tools, lambda tools, carrier: None)
    with house.store.partner.read() as session, pytest.raises(LookupError):
        sittings.seated(session, place, "no such token")


def test_a_practice_is_a_demonstration_only_by_its_mark(demo: Flask) -> None:
    with demo.extensions["portal.house"].store.staff.write() as session:
        session.execute(update(table_of(Practice)).values(is_demo=False))
    assert _state(demo) is State.REAL
