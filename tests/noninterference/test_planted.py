"""The test of the test: every planted leak must be noticed, or the worlds prove nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from databases import Databases, SqliteDatabases
from noninterference.observe import differences
from noninterference.planted import LEAKS as FIRST
from noninterference.planted import Leak
from noninterference.planted_since import SINCE
from noninterference.script import PHASES, Run, play
from noninterference.stage import House
from noninterference.worlds import FULL, NEVER, World

#: As far as a leak needs to be noticed: A has sent, and looks at every page once.
SHORT = PHASES[: PHASES.index("sent") + 1]

LEAKS = (*FIRST, *SINCE)
ALWAYS = (
    "notices without their viewer",
    "an invitation told as accepted",
    "a mail about a bounce",
    "counted ids",
)
WORLDS_OF_LEAKS = sorted({leak.world.name: leak.world for leak in LEAKS}.values(), key=str)


@pytest.fixture(scope="session")
def house_of_all_rows(
    tmp_path_factory: pytest.TempPathFactory, house: House, all_databases: Databases
) -> Iterator[House]:
    """Partners' queries give whatever they ask for: on SQLite the same house, since it has no policies."""
    if isinstance(all_databases, SqliteDatabases):
        yield house
        return
    other = House(tmp_path_factory.mktemp("all-rows"), all_databases, by_rows=False)
    yield other
    other.store.dispose()


@cache
def _known(house: House) -> Run:
    return play(house, FULL, phases=(), glances=(), last="new")


def _look(house: House, world: World, *, phases: tuple[str, ...] = SHORT[1:], is_full: bool = False) -> Run:
    full = ("sent",) if is_full else ()
    return play(house, world, knows=_known(house), phases=phases, glances=(), full=full, last="sent")


@cache
def _expected(house: House) -> Run:
    return _look(house, NEVER)


def _difference(expected: Run, run: Run) -> list[str]:
    return [line for phase in SHORT for line in differences(expected.seen[phase], run.seen[phase])]


def _param(leak: Leak) -> object:
    """Each plays two worlds, so that some of the later ones wait for `make test-deep`."""
    waits = leak in SINCE and leak.name not in ALWAYS
    return pytest.param(leak, id=leak.name, marks=pytest.mark.deep if waits else ())


def _noticed(house: House, leak: Leak, patch: pytest.MonkeyPatch) -> list[str]:
    """What A sees of the leak's world, beside the one in which nobody ever came."""
    _known(house)
    with patch.context() as planted:
        leak.plant(planted)
        expected = _look(house, NEVER, phases=(leak.phase,), is_full=leak.is_on_staff_pages)
        try:
            run = _look(house, leak.world, phases=(leak.phase,), is_full=leak.is_on_staff_pages)
        except AssertionError as barred:  # A's own way was barred, which A notices as well
            return [str(barred)]
        return _difference(expected, run)


@pytest.mark.parametrize("leak", [_param(leak) for leak in LEAKS])
def test_a_planted_leak_is_noticed(
    house: House, house_of_all_rows: House, leak: Leak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PostgreSQL holds back by its policies shows to a role that none binds, and only to that one."""
    unheld = house_of_all_rows if leak.is_held_by_rows else house
    assert _noticed(unheld, leak, monkeypatch) != []
    if unheld is not house:
        assert _noticed(house, leak, monkeypatch) == []


def test_the_registry_is_not_thinned_out() -> None:
    assert len({leak.name for leak in LEAKS}) == len(LEAKS) >= 34


@pytest.mark.parametrize("world", WORLDS_OF_LEAKS, ids=str)
def test_without_a_leak_nothing_is_noticed(house: House, world: World) -> None:
    """So that each leak above is noticed for its own sake."""
    assert _difference(_expected(house), _look(house, world)) == []
