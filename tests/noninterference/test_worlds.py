"""Reference "the partner never came" against every world: A must see the same bytes (security.md §3.5)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from noninterference.observe import Seen, differences
from noninterference.script import PHASES, MailSeen, Run, play, take_link
from noninterference.stage import House
from noninterference.worlds import FULL, NEVER, SWAPPED, USED_LINKS, WORLDS, World

NOTHING: dict[str, list[str]] = {phase: [] for phase in PHASES}
SHARED = ("invited", "unsafe", "reset asked", "letter to B")
JOINING = frozenset({"statements"})


@cache
def reference(house: House, releases: bool, shared: bool = False) -> tuple[Run, Run]:
    """What A may know of B's ids, and what A saw where B never came."""
    knows = play(house, FULL, phases=(), shared=shared)
    if shared:  # a link that A asks for in B's name would come to A's own inbox, and be no surprise
        knows = replace(knows, b_name="")
    return knows, play(house, replace(NEVER, releases=releases), knows=knows, shared=shared)


def requests(run: Run, phase: str, world: World) -> list[Seen]:
    """What A was answered. Where B left a session open, the first request carries B's cookie to the server:

    the browser shows it anyway, and the server has to look it up; only that look is not compared.
    """
    seen = [one for one in run.seen[phase] if isinstance(one, Seen)]
    if world.is_left_open and phase == "drafting":
        seen[0] = replace(seen[0], statements=())
    return seen


def mails(run: Run, phase: str) -> list[bytes]:
    """What lies in A's inbox."""
    return [one.whole for one in run.seen[phase] if isinstance(one, MailSeen)]


def compare(expected: Run, run: Run, world: World) -> dict[str, list[str]]:
    """By phase, the first few things that A saw differently."""
    return {
        phase: differences(requests(expected, phase, world), requests(run, phase, world))[:5]
        for phase in PHASES
    }


def test_one_world_played_twice_is_equal(house: House) -> None:
    knows, expected = reference(house, True)
    again = play(house, NEVER, knows=knows)
    assert compare(expected, again, NEVER) == NOTHING
    assert expected == replace(again, theirs=expected.theirs, b_name=expected.b_name)


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_nothing_of_the_other_can_be_seen(house: House, world: World) -> None:
    knows, expected = reference(house, world.releases)
    run = play(house, world, knows=knows)
    assert compare(expected, run, world) == NOTHING
    assert {phase: mails(run, phase) for phase in PHASES} == {
        phase: mails(expected, phase) for phase in PHASES
    }


@pytest.mark.parametrize("world", [world for world in WORLDS if world.name in SHARED], ids=str)
def test_a_shared_inbox_shows_the_neutral_mails_alone(house: House, world: World) -> None:
    """security.md §0: the worlds differ in the mail B was sent and in nothing else."""
    knows, expected = reference(house, world.releases, shared=True)
    run = play(house, world, knows=knows, shared=True)
    assert compare(expected, run, world) == NOTHING
    kept = {
        phase: [mail for mail in mails(run, phase) if mail not in mails(expected, phase)] for phase in PHASES
    }
    assert len(kept["leaving"]) == world.shared_mails
    assert [mail for mail in mails(expected, "leaving") if mail not in mails(run, "leaving")] == []
    for mail in kept["leaving"]:
        for word in (b"Ben", b"partner", b"couple", b"therap", b"relationship", b"Full name", b"safety"):
            assert word.lower() not in mail.lower(), mail.decode()


@cache
def _swapped(house: House, releases: bool) -> tuple[Run, Run]:
    """A in slot b, invited into the case that B opened and never came back to."""
    knows = play(house, SWAPPED[1], phases=(), swapped=True)
    return knows, play(house, replace(NEVER, releases=releases), knows=knows, swapped=True)


def _swapped_param(world: World) -> object:
    """Those that differ least from a world played the other way round wait for `make test-deep`."""
    waits = world.name in ("throttled", "edits many", "quick exit")
    return pytest.param(world, id=world.name, marks=pytest.mark.deep if waits else ())


@pytest.mark.parametrize("world", [_swapped_param(world) for world in SWAPPED])
def test_roles_swapped(house: House, world: World) -> None:
    """Whoever was invited sees as little of the one who came first."""
    knows, expected = _swapped(house, world.releases)
    run = play(house, world, knows=knows, swapped=True)
    assert compare(expected, run, world) == NOTHING
    assert {phase: mails(run, phase) for phase in PHASES} == {
        phase: mails(expected, phase) for phase in PHASES
    }


@cache
def _live_link(house: House) -> list[Seen]:
    return take_link(house, USED_LINKS[0])


@pytest.mark.parametrize("world", USED_LINKS[1:], ids=str)
def test_a_used_link_looks_like_a_live_one(house: House, world: World) -> None:
    """A opens B's link in the shared inbox: whether B has used it, and for what, cannot be seen.

    Not the statements of the join itself: a used link opens a second record (security.md P8), and two
    Argon2 hashes, a hundred times slower, stand before it.
    """
    assert differences(_live_link(house), take_link(house, world), besides=JOINING) == []


def test_the_sweep_reaches_every_page(house: House) -> None:
    """A page that is added is looked at from the day it is there; only leaving is the script's own."""
    _, expected = reference(house, True)
    reached = {one.label.rpartition(" (")[0] for one in requests(expected, "released", NEVER)}
    rules = {
        f"{method} {rule.rule}"
        for rule in house.app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if rule.endpoint not in ("static", "public.leave", "accounts.sign_out")
    }
    assert rules - reached == set()


@cache
def _on_any_page(house: House, releases: bool) -> tuple[Run, Run]:
    knows = play(house, FULL, phases=(), glances=())
    never = replace(NEVER, releases=releases)
    return knows, play(house, never, knows=knows, phases=PHASES, full=None)


@pytest.mark.deep
@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_nothing_can_be_seen_on_any_page_in_any_phase(house: House, world: World) -> None:
    """The same with every page and every kind of id after every step."""
    knows, expected = _on_any_page(house, world.releases)
    run = play(house, world, knows=knows, phases=PHASES, full=None)
    assert compare(expected, run, world) == NOTHING
