"""How long an answer takes tells nothing (security.md §3.5, layer 3): measured, interleaved, by Welch's t.

The statements of every request are compared elsewhere, on every run; this looks for what they cannot show.
Two couples of one practice: the one's partner never came, the other's told the worst. Their other halves ask
for the same pages in an order drawn by chance. The clock is this thread's own, so that whatever else runs on
the machine hides nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance
from time import thread_time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from noninterference import worlds
from noninterference.planted import _other, _staff
from noninterference.stage import House, Person, Stage
from portal.models import Account, table_of
from portal.services import partner_pages, sign_ins, throttles

pytestmark = pytest.mark.deep

SAMPLES, AGAIN, LIMIT, KEPT = 1_000, 4_000, 4.5, 0.9
Asked = Callable[[], object]


def welch(one: list[float], other: list[float]) -> float:
    """Welch's t of two samples whose slowest tenth is left out."""
    one, other = (sorted(sample)[: int(len(sample) * KEPT)] for sample in (one, other))
    return (fmean(one) - fmean(other)) / sqrt(variance(one) / len(one) + variance(other) / len(other))


def measured(one: Asked, other: Asked, *, samples: int) -> float:
    """t of so many samples of each, in an order drawn by chance."""
    order = [False, True] * samples
    random.Random(samples).shuffle(order)
    taken: tuple[list[float], list[float]] = ([], [])
    for which in order:
        began = thread_time()
        (other if which else one)()
        taken[which].append(thread_time() - began)
    return welch(*taken)


def differ(one: Asked, other: Asked) -> bool:
    """Whether they can be told apart: at the first look and, four times as long, at the second."""
    for asked in (one, other) * 20:  # warm
        asked()
    return all(abs(measured(one, other, samples=samples)) >= LIMIT for samples in (SAMPLES, AGAIN))


@dataclass
class Practice:
    """Two people who did the same, and what is known of accounts."""

    house: House
    alone: Person
    of_danger: Person


def _walks_in(person: Person) -> None:
    person.begins()
    person.keeps_card()
    person.walks_in()
    person.saves("start", worlds.SAFE["start"])
    person.stage.works(person.name)


@pytest.fixture
def practice(house: House) -> Iterator[Practice]:
    stage = Stage(house)
    house.app.extensions["portal.throttle"] = throttles.build(is_on=False, redis_url=None)
    _walks_in(stage.c)
    _walks_in(stage.a)
    stage.case_id = stage.a.record["case"]
    for act in (worlds.invited, worlds.came, worlds.sent(worlds.DANGER), worlds.wrote):
        act(stage)
        stage.works("B")
    yield Practice(house, stage.c, stage.a)
    house.app.extensions["portal.throttle"] = throttles.build(is_on=True, redis_url=None)


def opens(client: FlaskClient, path: str) -> Asked:
    """One page, over and over."""

    def ask() -> None:
        assert client.get(path).status_code == 200

    return ask


@pytest.mark.parametrize("path", ["/my", "/my/form", "/my/partner"])
def test_a_page_takes_as_long_whatever_the_other_did(practice: Practice, path: str) -> None:
    assert not differ(opens(practice.alone.client, path), opens(practice.of_danger.client, path))


def _signs_in(name: str, person: Person) -> Asked:
    person.get("/sign-in")
    token = person.page.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "name": name, "password": "is it this one, perhaps"}

    def ask() -> None:
        assert person.client.post("/sign-in", data=fields).status_code == 400

    return ask


def _asks_for_a_link(name: str, person: Person) -> Asked:
    person.get("/password/forgot")
    token = person.page.split('name="csrf_token" value="')[1].split('"')[0]

    def ask() -> None:
        answer = person.client.post("/password/forgot", data={"csrf_token": token, "name": name})
        assert answer.status_code == 303

    return ask


@pytest.mark.parametrize("is_disabled", [False, True], ids=["live", "disabled"])
def test_signing_in_takes_as_long_for_a_name_that_nobody_has(practice: Practice, is_disabled: bool) -> None:
    name = practice.of_danger.sign_in_name
    if is_disabled:
        account = table_of(Account)
        digest = sign_ins.name_digest(practice.house.tools, name)
        with practice.house.store.staff.write() as session:
            closed = update(account).where(account.c.name_digest == digest)
            session.execute(closed.values(disabled_at=practice.house.clock()))
    stranger = Person(practice.alone.stage, "stranger", practice.house.app.test_client(), "")
    assert not differ(_signs_in(name, stranger), _signs_in("walnut-river-stone", stranger))


def test_asking_for_a_link_takes_as_long_for_a_name_that_nobody_has(practice: Practice) -> None:
    stranger = Person(practice.alone.stage, "stranger", practice.house.app.test_client(), "")
    known, unknown = practice.of_danger.sign_in_name, "walnut-river-stone"
    assert not differ(_asks_for_a_link(known, stranger), _asks_for_a_link(unknown, stranger))


def _posts(path: str, person: Person, status: int, **fields: str) -> Asked:
    """One form, over and over, answered with this status."""
    person.get(path)
    token = person.page.split('name="csrf_token" value="')[1].split('"')[0]

    def ask() -> None:
        assert person.client.post(path, data={"csrf_token": token, **fields}).status_code == status

    return ask


def test_a_reset_takes_as_long_for_a_link_that_nobody_has(practice: Practice) -> None:
    """A live link with a wrong code beside a link that was never given."""
    practice.of_danger.submit("/password/forgot", {"name": practice.of_danger.sign_in_name})
    practice.of_danger.stage.works("B")
    token = practice.of_danger.newest_token("password/reset")
    stranger = Person(practice.alone.stage, "stranger", practice.house.app.test_client(), "")
    given = {"password": "is it this one, perhaps", "recovery_code": "0000-1111-2222-3333-4444"}
    known, unknown = (
        _posts(f"/password/reset/{one}", stranger, 400, **given) for one in (token, "r" * len(token))
    )
    assert not differ(known, unknown)


def test_staff_are_not_told_from_nobody_by_the_time_it_takes(practice: Practice) -> None:
    stranger = Person(practice.alone.stage, "stranger", practice.house.app.test_client(), "")
    known, unknown = (
        _posts("/sign-in", stranger, 400, name=f"{name}@example.org", password="is it this one, perhaps")
        for name in ("thea", "nobody")
    )
    assert not differ(known, unknown)


def test_one_more_query_would_be_noticed(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test."""
    real = partner_pages.sent_at

    def planted(session: Any, *, by: Any) -> Any:
        if _other(by):
            _staff(select(func.count(table_of(Account).c.id)))
        return real(session, by=by)

    monkeypatch.setattr(partner_pages, "sent_at", planted)
    one, other = (opens(person.client, "/my") for person in (practice.alone, practice.of_danger))
    assert abs(measured(one, other, samples=SAMPLES)) >= LIMIT
