"""Who runs out of tries, and who never does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from limits.errors import StorageError
from limits.storage import MemoryStorage

from portal.services import throttles
from portal.services.throttles import Knock, Throttle

AT_HOME = Knock("owner", "198.51.100.7")
KNOWN = Knock("owner", "198.51.100.7", "device")
ELSEWHERE = Knock("owner", "203.0.113.1")


def spend(throttle: Throttle, knock: Knock, times: int) -> None:
    for _ in range(times):
        throttle.note("sign_in", knock)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``later(5)``: five seconds pass for the stores that count."""
    began, passed = time.time(), [0.0]
    monkeypatch.setattr(time, "time", lambda: began + passed[0])

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


def test_switched_off_it_counts_nothing() -> None:
    throttle = throttles.build(is_on=False, redis_url=None)
    spend(throttle, AT_HOME, 1000)
    assert throttle.is_open("sign_in", AT_HOME)


def test_without_the_redis_package_it_counts_in_memory(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        throttle = throttles.build(is_on=True, redis_url="nosuch://127.0.0.1")
    spend(throttle, AT_HOME, 30)
    assert not throttle.is_open("sign_in", AT_HOME)
    assert [record.message for record in caplog.records] == [
        "REDIS_URL cannot be used (is the redis package installed?); counting in this process"
    ]


def test_a_shared_store_counts_and_when_it_is_gone_memory_does(caplog: pytest.LogCaptureFixture) -> None:
    shared = Flaky()
    throttle = Throttle(shared)
    spend(throttle, AT_HOME, 30)
    assert not throttle.is_open("sign_in", AT_HOME)
    shared.is_gone = True
    assert throttle.is_open("sign_in", AT_HOME)
    spend(throttle, AT_HOME, 30)
    assert not throttle.is_open("sign_in", AT_HOME)
    assert {record.message for record in caplog.records} == {
        "the shared throttle store is out of reach; counting in this process"
    }


def test_a_usable_address_is_used() -> None:
    throttle = throttles.build(is_on=True, redis_url="memory://")
    spend(throttle, AT_HOME, 30)
    assert not throttle.is_open("sign_in", AT_HOME)


class Flaky(MemoryStorage):
    """A shared store that can go away."""

    is_gone = False

    def acquire_entry(self, *args: Any, **options: Any) -> bool:
        self._fail()
        return super().acquire_entry(*args, **options)

    def get_moving_window(self, *args: Any) -> tuple[float, int]:
        self._fail()
        return super().get_moving_window(*args)

    def _fail(self) -> None:
        if self.is_gone:
            raise StorageError(OSError("gone"))
