"""Who runs out of tries, and who never does."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from limits.errors import StorageError
from limits.storage import MemoryStorage

from portal.services import throttles
from portal.services.throttles import Knock, Throttle

AT_HOME = Knock("owner", "198.51.100.7")
KNOWN = Knock("owner", "198.51.100.7", "device")


def spend(throttle: Throttle, knock: Knock, times: int) -> None:
    for _ in range(times):
        throttle.note("sign_in", knock)


def test_thirty_failures_for_one_account_from_one_place() -> None:
    throttle = throttles.build(is_on=True, redis_url=None)
    spend(throttle, AT_HOME, 29)
    assert throttle.is_open("sign_in", AT_HOME)
    spend(throttle, AT_HOME, 1)
    asked = (AT_HOME, KNOWN, Knock("other", "198.51.100.7"), Knock("owner", "203.0.113.1"))
    assert [throttle.is_open("sign_in", knock) for knock in asked] == [False, True, True, True]
    assert throttle.is_open("code", AT_HOME)


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
