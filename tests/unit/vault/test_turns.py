"""Writers of one process: in the order they came, none for ever, nobody left behind by who gave up."""

from __future__ import annotations

import os
import signal
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
    turns.hand_over()
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


def _interrupted(turns: Turns) -> None:
    """Wait for a turn in this thread, and be torn out of it by a signal."""

    class Torn(Exception):
        """What the signal raises."""

    def tear(_number: int, _frame: object) -> None:
        raise Torn

    def tear_once_it_waits() -> None:
        _wait_until(turns, 1)
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    before = signal.signal(signal.SIGALRM, tear)
    watching = threading.Thread(target=tear_once_it_waits, daemon=True)
    try:
        watching.start()  # it waits for us to wait
        with pytest.raises(Torn), turns.taken():
            raise AssertionError("it was another's turn")
        watching.join(SOON)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such signal")
def test_who_is_torn_out_of_the_line_by_a_signal_leaves_no_gap_in_it() -> None:
    turns, goes_on, writes = Turns(SOON), threading.Event(), threading.Event()

    def write() -> None:
        with turns.taken():
            writes.set()
            goes_on.wait(SOON)

    other = threading.Thread(target=write, daemon=True)
    other.start()
    assert writes.wait(SOON)
    _interrupted(turns)
    goes_on.set()
    other.join(SOON)
    with turns.taken():
        pass


def test_a_turn_that_came_to_whoever_is_torn_out_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes between the turn and the look at it."""
    turns = Turns(SOON)

    class Called:
        """A place in the line whose owner gets the turn and the signal at once."""

        def __init__(self) -> None:
            self.is_first = True

        def acquire(self, timeout: float = -1) -> bool:
            if self.is_first:
                self.is_first = False
                return True
            turns.hand_over()
            raise KeyboardInterrupt

        def release(self) -> None:
            """It is called."""

    turns.take()
    monkeypatch.setattr("portal.turns.Lock", Called)
    with pytest.raises(KeyboardInterrupt):
        turns.take()
    monkeypatch.undo()
    with turns.taken():
        pass
