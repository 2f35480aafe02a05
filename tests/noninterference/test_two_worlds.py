"""Two worlds at once, told by chance (security.md §3.5, layer 2): A does the same in both, the others do not.

What B and the staff do is drawn for each world on its own. After each step of theirs A looks at every page
and tries what a curious partner would; any difference is a leak, and Hypothesis tells its shortest story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.exc import SQLAlchemyError

from databases import Databases
from evening.answer_sheets import sheet
from noninterference import planted, planted_since, worlds
from noninterference.observe import differences
from noninterference.planted import Leak
from noninterference.script import Run, glance, play
from noninterference.stage import House, Person, Stage
from portal.services.errors import NotFound, Refused
from portal.vault import new_vault

Act = Callable[[Stage], None]
SECTIONS = ("start", "direction", "safety", "satisfaction", "health")
PAGES = ("/my", "/my/form", "/my/form/check", "/my/account", "/my/partner", "/help", "/sign-in")


def nothing(_stage: Stage) -> None:
    """Nobody does anything: the world to compare with."""


#: What B may do, in any order; what cannot be done just then is not done.
OF_B: tuple[Act, ...] = (
    nothing, worlds.invited, worlds.bounced, worlds.opened, worlds.joined, worlds.came, worlds.half_done,
    worlds.sent(worlds.SAFE), worlds.sent(worlds.DANGER), worlds.sent(worlds.SUICIDAL), worlds.drafted_danger,
    worlds.not_private, worlds.exited, worlds.reset_asked, worlds.reset_done, worlds.withdrew, worlds.not_now,
    worlds.chose("will_not_join"), worlds.chose("do_not_contact"), worlds.wrote, worlds.speaks_spanish,
    worlds.claimed, worlds.deleted,
)  # fmt: skip
OF_STAFF: tuple[Act, ...] = (
    nothing, worlds.read, worlds.interviewed, worlds.cleared, worlds.ACCEPTED, worlds.DEFERRED,
    worlds.DOUBTED, worlds.BROKE_GLASS, worlds.wrote_to_b, worlds.appointed_b, worlds.asked_b_again,
)  # fmt: skip
#: B cannot do it now, or not yet: no link came, no form is open, the letter is blocked.
_NOT_NOW = (AssertionError, TypeError, ValueError, KeyError, LookupError, Refused, NotFound, SQLAlchemyError)


class TwoWorlds(RuleBasedStateMachine):
    """One A, twice. ``houses`` and ``knows`` are set by the test."""

    houses: tuple[House, House]
    knows: Run

    def __init__(self) -> None:
        super().__init__()
        self.stages = tuple(Stage(house) for house in self.houses)
        self.hours, self.is_in, self.has_walked, self.has_sent = 0.0, False, False, False

    def same(self, act: Callable[[Person], object]) -> None:
        """A does this in both worlds, and must see the same."""
        for stage in self.stages:
            stage.a.seen.clear()
            act(stage.a)
            stage.works("A")
        one, other = self.stages
        assert differences(one.a.seen, other.a.seen)[:3] == []
        letters = [[mail.as_bytes() for mail in stage.a.inbox] for stage in self.stages]
        assert letters[0] == letters[1]

    @initialize()
    def begin(self) -> None:
        def begins(a: Person) -> None:
            a.begins()
            a.keeps_card()
            a.stage.works("A")
            a.stage.case_id = a.record["case"]

        self.same(begins)
        self.is_in = True

    @precondition(lambda self: self.is_in and not self.has_walked)
    @rule()
    def walk_in(self) -> None:
        self.same(lambda a: a.walks_in())
        self.has_walked = True

    @precondition(lambda self: self.is_in and self.has_walked and not self.has_sent)
    @rule(section=st.sampled_from(SECTIONS), go=st.sampled_from(("save", "next")))
    def save(self, section: str, go: str) -> None:
        self.same(lambda a: a.saves(section, sheet()[section], go=go))

    @precondition(lambda self: self.is_in and self.has_walked and not self.has_sent)
    @rule()
    def send(self) -> None:
        self.same(lambda a: a.sends())
        self.has_sent = True

    @rule(path=st.sampled_from(PAGES))
    def look(self, path: str) -> None:
        self.same(lambda a: a.get(path))

    @rule()
    def guess(self) -> None:
        """A tries B's name at the sign-in page and asks for a link to it."""

        def tries(a: Person) -> None:
            a.get("/help")
            a.post("/sign-in", {"name": self.knows.b_name, "password": "is it this one, perhaps"})
            a.post("/password/forgot", {"name": self.knows.b_name})

        self.same(tries)

    @precondition(lambda self: self.is_in)
    @rule()
    def leave(self) -> None:
        self.same(lambda a: a.leaves())
        self.is_in = False

    @precondition(lambda self: not self.is_in)
    @rule()
    def come_back(self) -> None:
        self.same(lambda a: a.signs_in())
        self.is_in = True

    @rule(minutes=st.sampled_from((1, 5, 600, 3000)))
    def wait(self, minutes: int) -> None:
        self.hours += minutes / 60
        for stage in self.stages:
            stage.at(self.hours)
        if minutes > 10 and self.is_in:
            self.is_in = False
            self.same(lambda a: a.get("/my"))

    @rule(first=st.sampled_from(OF_B), second=st.sampled_from(OF_B))
    def b_lives(self, first: Act, second: Act) -> None:
        for stage, act in zip(self.stages, (first, second), strict=True):
            with suppress(*_NOT_NOW):
                if stage.b.sign_in_name:
                    stage.b.signs_in()
                act(stage)
            stage.office.bounces = ""
            stage.works("B")
        self.same(partial(glance, known=self.knows))

    @rule(first=st.sampled_from(OF_STAFF), second=st.sampled_from(OF_STAFF))
    def staff_work(self, first: Act, second: Act) -> None:
        for stage, act in zip(self.stages, (first, second), strict=True):
            with suppress(*_NOT_NOW):
                act(stage)
        self.same(partial(glance, known=self.knows))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, all_databases: Databases) -> Iterator[type[TwoWorlds]]:
    """The machine over two houses with the same keys."""
    vault = new_vault()
    houses = tuple(
        House(tmp_path_factory.mktemp(name), all_databases, vault=vault) for name in ("one", "other")
    )
    knows = play(houses[0], worlds.FULL, phases=(), glances=())
    yield type("Machine", (TwoWorlds,), {"houses": houses, "knows": knows})
    for house in houses:
        house.store.dispose()


def told(machine: type[TwoWorlds], *, examples: int, steps: int) -> None:
    """So many stories of so many steps; bounded, whatever the profile says."""
    bounds = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine, settings=bounds)


@pytest.mark.deep
def test_no_story_shows_the_other(machine: type[TwoWorlds]) -> None:
    told(machine, examples=20, steps=18)


_CAUGHT = [
    leak
    for leak in (*planted.LEAKS, *planted_since.SINCE)
    if leak.name
    in (
        "a status that knows the other",
        "one more query where there is another",
        "counted ids",
        "a mail about a bounce",
    )
]


@pytest.mark.deep
@pytest.mark.parametrize("leak", _CAUGHT, ids=str)
def test_stories_find_a_planted_leak(
    machine: type[TwoWorlds], leak: Leak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: chance finds the plain ones without being told where to look.

    The first story that shows it ends the search, mostly among the first twenty, now and then the fiftieth.
    """
    leak.plant(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        told(machine, examples=300, steps=12)
