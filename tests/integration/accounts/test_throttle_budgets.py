"""Who runs out of tries, and who never does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from fake_redis import RedisServer, redis_server
from portal.services import throttle_counts, throttles
from portal.services.throttle_counts import HOUR, Budget, Here
from portal.services.throttles import Knock, Throttle
from portal.services.tools import Tools

AT_HOME = Knock("owner", "198.51.100.7")
KNOWN = Knock("owner", "198.51.100.7", "device")
ELSEWHERE = Knock("owner", "203.0.113.1")


def spend(throttle: Throttle, knock: Knock, times: int) -> None:
    for _ in range(times):
        throttle.note("sign_in", knock)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``later(5)``: five seconds pass for the stores that count."""
    clocks = {name: getattr(time, name)() for name in ("time", "monotonic")}
    passed = [0.0]
    for name, began in clocks.items():
        monkeypatch.setattr(time, name, lambda began=began: began + passed[0])

    def move(seconds: float) -> None:
        passed[0] += seconds

    return move


def test_thirty_failures_for_one_account_from_one_place(later: Callable[[float], None]) -> None:
    throttle = throttles.build(is_on=True, redis_url=None)
    spend(throttle, AT_HOME, 29)
    later(throttles.LONGEST + 1)
    assert throttle.is_open("sign_in", AT_HOME)
    spend(throttle, AT_HOME, 1)
    later(throttles.LONGEST + 1)
    asked = (AT_HOME, KNOWN, Knock("other", "198.51.100.7"), Knock("owner", "203.0.113.1"))
    assert [throttle.is_open("sign_in", knock) for knock in asked] == [False, True, True, True]
    assert throttle.is_open("code", AT_HOME)


def test_a_clock_that_is_put_right_shuts_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle, now = Throttle(), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_400)
    spend(throttle, AT_HOME, throttles.FREE)
    monkeypatch.setattr(time, "time", lambda: now)
    passed = time.monotonic() + HOUR + 1
    monkeypatch.setattr(time, "monotonic", lambda: passed)
    spend(throttle, AT_HOME, 1)
    assert throttle.is_open("sign_in", AT_HOME)


def test_t36_each_failure_after_the_tenth_makes_the_same_guesser_wait_longer(
    later: Callable[[float], None],
) -> None:
    throttle = Throttle()
    spend(throttle, AT_HOME, throttles.FREE - 1)
    waited = []
    for _ in range(10):
        assert throttle.is_open("sign_in", AT_HOME)
        throttle.note("sign_in", AT_HOME)
        assert [throttle.is_open("sign_in", knock) for knock in (KNOWN, ELSEWHERE)] == [True, True]
        assert throttle.is_open("code", AT_HOME)
        seconds = 0
        while not throttle.is_open("sign_in", AT_HOME):
            later(1)
            seconds += 1
        waited.append(seconds)
    assert waited == [throttles.pause(number) for number in range(10, 20)]
    assert waited == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert throttles.pause(throttles.FREE - 1) == 0


def test_t36_a_known_device_waits_for_its_own_failures_alone(later: Callable[[float], None]) -> None:
    throttle = Throttle()
    spend(throttle, KNOWN, 12)
    assert [throttle.is_open("sign_in", knock) for knock in (KNOWN, AT_HOME)] == [False, True]
    later(5)
    assert throttle.is_open("sign_in", KNOWN)


@pytest.mark.parametrize("redis_url", [None, "memory://"])
def test_an_hour_later_a_spent_budget_is_open_whoever_went_on(
    later: Callable[[float], None], redis_url: str | None
) -> None:
    throttle = throttles.build(is_on=True, redis_url=redis_url)
    spend(throttle, AT_HOME, 30)
    later(HOUR / 2)
    spend(throttle, AT_HOME, 30)
    open_then = throttle.is_open("sign_in", AT_HOME)
    later(HOUR / 2 - 2)
    open_shortly_before = throttle.is_open("sign_in", AT_HOME)
    later(4)
    assert (open_then, open_shortly_before, throttle.is_open("sign_in", AT_HOME)) == (False, False, True)


def test_what_counts_no_more_is_forgotten(later: Callable[[float], None]) -> None:
    counts, last = Here(), Budget(30, "last")
    for number in range(50):
        counts.add(Budget(30, str(number)))
        counts.begin_pause(Budget(30, str(number)), 10, 60)
    later(HOUR - 1)
    counts.add(last)
    kept = (len(counts._times), len(counts._pauses))
    later(61)
    counts.add(Budget(30, "0"))
    assert (kept, set(counts._times), counts.failures(last)) == ((51, 0), {last, Budget(30, "0")}, 1)


def test_more_places_than_are_remembered_fill_no_memory_and_forgive_no_guesser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttle_counts, "MOST", 20)
    counts, guesser = Here(), Budget(100, "the codes of one person")
    for _ in range(throttle_counts.FEW):
        counts.add(guesser)
    flood = [Budget(30, f"place {number}") for number in range(200)]
    for budget in flood:
        counts.add(budget)
        assert len(counts._times) <= 20
    told = [counts.failures(budget) for budget in (guesser, flood[-1], flood[0])]
    assert told == [throttle_counts.FEW, 1, 0]


def test_a_link_is_not_slowed_down_it_is_counted() -> None:
    throttle = Throttle()
    for _ in range(12):
        throttle.note("join", AT_HOME)
    assert throttle.is_open("join", AT_HOME)


def test_a_known_device_has_a_budget_of_its_own() -> None:
    throttle = Throttle()
    spend(throttle, KNOWN, 30)
    assert [throttle.is_open("sign_in", knock) for knock in (KNOWN, AT_HOME)] == [False, True]


def test_a_source_alone_ends_at_three_hundred_but_never_for_known_devices() -> None:
    throttle = Throttle()
    for number in range(30):
        spend(throttle, Knock(f"account {number}", "198.51.100.7"), 10)
    asked = (Knock("fresh", "198.51.100.7"), Knock("fresh", "203.0.113.1"), KNOWN)
    assert [throttle.is_open("sign_in", knock) for knock in asked] == [False, True, True]


def test_whoever_guesses_on_fills_no_memory() -> None:
    throttle = Throttle()
    for number in range(throttles.SOURCE_BUDGET + 50):
        throttle.note("join", Knock(f"link {number}", "198.51.100.7"))
    kept = throttle._memory._times  # type: ignore[attr-defined]
    assert len(kept) == throttles.SOURCE_BUDGET + 1


def test_codes_are_tried_a_hundred_times_an_hour_from_wherever(later: Callable[[float], None]) -> None:
    throttle = Throttle()
    for number in range(throttles.CODES_ANYWHERE):
        assert throttle.is_open("code", ELSEWHERE)
        for purpose in ("code", "sign_in"):
            throttle.note(purpose, Knock("owner", f"203.0.113.{number + 2}"))  # type: ignore[arg-type]
    asked = [throttle.is_open("code", ELSEWHERE), throttle.is_open("sign_in", ELSEWHERE)]
    assert (asked, throttle.is_open("code", Knock("another", "203.0.113.1"))) == ([False, True], True)
    later(HOUR + 1)
    assert throttle.is_open("code", ELSEWHERE)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.8", False),
        ("198.51.100.7", "198.51.100.8", False),
        ("", "unix:", False),
    ],
)
def test_a_home_of_many_addresses_is_one_source(one: str, other: str, is_same: bool) -> None:
    throttle = Throttle()
    spend(throttle, Knock("owner", one), 30)
    assert throttle.is_open("sign_in", Knock("owner", other)) is not is_same


def test_switched_off_it_counts_nothing() -> None:
    throttle = throttles.build(is_on=False, redis_url=None)
    spend(throttle, AT_HOME, 1000)
    assert throttle.is_open("sign_in", AT_HOME)


def test_a_store_that_cannot_be_used_leaves_memory(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        throttle = throttles.build(is_on=True, redis_url="nosuch://127.0.0.1")
    spend(throttle, AT_HOME, 30)
    assert not throttle.is_open("sign_in", AT_HOME)
    assert [record.message for record in caplog.records] == [
        "REDIS_URL cannot be used; counting in this process"
    ]


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """A store; on a busy machine it may take longer than a page would wait for it."""
    monkeypatch.setattr(throttles, "_PATIENCE", 30.0)
    with redis_server() as served:
        yield served


def test_two_processes_count_together(redis: RedisServer) -> None:
    one, other = (throttles.build(is_on=True, redis_url=redis.url) for _ in range(2))
    spend(one, AT_HOME, 15)
    spend(other, AT_HOME, 15)
    assert [each.is_open("sign_in", AT_HOME) for each in (one, other)] == [False, False]
    assert [each.is_open("sign_in", KNOWN) for each in (one, other)] == [True, True]


def test_the_shared_store_makes_guessers_wait_too(redis: RedisServer) -> None:
    one, other = (throttles.build(is_on=True, redis_url=redis.url) for _ in range(2))
    spend(one, AT_HOME, throttles.FREE + 3)
    assert [other.is_open(purpose, AT_HOME) for purpose in ("sign_in", "code", "join")] == [False, True, True]


def test_the_shared_store_learns_neither_whom_nor_from_where(redis: RedisServer, tools: Tools) -> None:
    throttle = throttles.build(
        is_on=True, redis_url=redis.url, disguise=lambda text: tools.vault.digest("partner", "throttle", text)
    )
    spend(throttle, AT_HOME, 12)
    spend(throttle, Knock("someone", "198.51.100.7", "a-device"), 3)
    kept = redis.holds()
    assert "LIMITER" in kept
    assert [word for word in ("owner", "198.51", "someone", "a-device", "sign_in") if word in kept] == []


def test_the_portal_hands_its_key_to_the_throttle(app: Flask, redis: RedisServer, tmp_path: Path) -> None:
    from portal import create_app

    config = {"PORTAL_INSTANCE": str(tmp_path / "instance"), "REDIS_URL": redis.url}
    served = create_app(config, overrides={"tools": app.extensions["portal.house"].tools})
    visitor = served.test_client()
    page = visitor.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    given = {"csrf_token": token, "name": "amber-canoe-willow", "password": "a wrong password"}
    assert visitor.post("/sign-in", data=given).status_code == 400
    served.extensions["portal.house"].close()
    kept = redis.holds()
    assert ("LIMITER" in kept, "127.0.0.1" in kept, "canoe" in kept) == (True, False, False)


def test_the_store_gone_in_the_middle_forgives_nothing_and_nobody_waits_for_it(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = throttles.build(is_on=True, redis_url=redis.url)
    spend(throttle, AT_HOME, 29)
    redis.stop()
    began = time.monotonic()
    spend(throttle, AT_HOME, 1)
    asked = [throttle.is_open("sign_in", knock) for knock in (AT_HOME, KNOWN, ELSEWHERE)]
    assert (asked, time.monotonic() - began < 3) == ([False, True, True], True)
    assert [record.getMessage() for record in caplog.records] == [
        "the shared throttle store is out of reach; counting in this process"
    ]
    redis.start()  # empty: it was only in memory
    monkeypatch.setattr(time, "monotonic", lambda: began + throttles.SPELL + 5)
    assert throttle.is_open("sign_in", AT_HOME)


def test_a_question_to_a_store_that_has_gone_is_answered_from_memory(redis: RedisServer) -> None:
    throttle = throttles.build(is_on=True, redis_url=redis.url)
    spend(throttle, AT_HOME, 30)
    redis.stop()
    assert [throttle.is_open("sign_in", knock) for knock in (AT_HOME, KNOWN)] == [False, True]


def test_a_usable_address_is_used() -> None:
    throttle = throttles.build(is_on=True, redis_url="memory://")
    spend(throttle, AT_HOME, 30)
    assert not throttle.is_open("sign_in", AT_HOME)
