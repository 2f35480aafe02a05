"""Writers of one process: in the order they came, none for ever, nobody left behind by who gave up."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

import pytest

from portal.turns import Turns, WaitedTooLong

SOON = 30.0


def _wait_until(turns: Turns, waiting: int) -> None:
    give_up = time.monotonic() + SOON
    while len(turns._waiting) != waiting:
        assert time.monotonic() < give_up
        time.sleep(0.001)


def _writer(turns: Turns, name: int, order: list[int]) -> threading.Thread:
    def write() -> None:
        with turns.taken():
            order.append(name)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def test_they_write_in_the_order_they_came() -> None:
    turns, order = Turns(SOON), list[int]()
    with turns.taken():
        threads = []
        for name in range(6):
            threads.append(_writer(turns, name, order))
            _wait_until(turns, name + 1)
        assert order == []
    for thread in threads:
        thread.join(SOON)
    assert order == [0, 1, 2, 3, 4, 5]


def test_who_waits_too_long_is_told_as_of_a_locked_database_and_holds_up_nobody() -> None:
    turns, order, patient = Turns(0.02), list[int](), Turns(SOON)
    with turns.taken(), pytest.raises(WaitedTooLong, match="database is locked"), turns.taken():
        raise AssertionError("two at once")
    with turns.taken():
        order.append(1)
    with suppress(ValueError), patient.taken():
        raise ValueError("a write that failed")
    with patient.taken():
        order.append(2)
    assert order == [1, 2]


def test_a_turn_that_comes_at_the_last_moment_is_taken() -> None:
    turns = Turns(SOON)
    with turns.taken():
        called = threading.Lock()
        called.acquire()
        turns._waiting.append(called)
    assert turns._came_late(called)
    turns._hand_over()
    with turns.taken():
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_waits_for_nobody_of_its_parent() -> None:
    turns = Turns(0.02)
    with turns.taken():
        child = os.fork()
        if child == 0:
            with turns.taken():
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        with pytest.raises(WaitedTooLong), turns.taken():
            pass
