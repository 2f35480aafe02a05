"""Reference "the partner never came" against every world: A must see the same bytes (security.md §3.5)."""

from __future__ import annotations

from functools import cache

import pytest

from noninterference.observe import differences
from noninterference.script import PHASES, Run, play
from noninterference.stage import House
from noninterference.worlds import FULL, NEVER, WORLDS, World


@cache
def _reference(house: House, releases: bool) -> tuple[Run, Run]:
    """(what A knows of B's ids, the reference run)."""
    knows = play(house, FULL, phases=())
    return knows, play(house, World("never", releases=releases), knows=knows)


def test_one_world_played_twice_is_equal(house: House) -> None:
    knows, reference = _reference(house, True)
    again = play(house, NEVER, knows=knows)
    assert {phase: differences(reference.seen[phase], again.seen[phase]) for phase in PHASES} == {
        phase: [] for phase in PHASES
    }


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_nothing_of_the_other_can_be_seen(house: House, world: World) -> None:
    knows, reference = _reference(house, world.releases)
    run = play(house, world, knows=knows)
    assert {phase: differences(reference.seen[phase], run.seen[phase])[:5] for phase in PHASES} == {
        phase: [] for phase in PHASES
    }
