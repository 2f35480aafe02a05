"""The order of the way in, as a truth table."""

from __future__ import annotations

from itertools import product

import pytest

from portal.domain.lifecycle import WayIn, may_open, next_step

T, F = True, False


@pytest.mark.parametrize(
    ("done", "step"),
    [
        (WayIn(kept=F, leaving_seen=F, consented=F, contact_given=F, sent=F), "account"),
        (WayIn(kept=T, leaving_seen=F, consented=F, contact_given=F, sent=F), "leaving"),
        (WayIn(kept=T, leaving_seen=T, consented=F, contact_given=F, sent=F), "consent"),
        (WayIn(kept=T, leaving_seen=T, consented=T, contact_given=F, sent=F), "contact"),
        (WayIn(kept=T, leaving_seen=T, consented=T, contact_given=T, sent=F), "form"),
        (WayIn(kept=T, leaving_seen=T, consented=T, contact_given=T, sent=T), "home"),
        (WayIn(kept=F, leaving_seen=T, consented=T, contact_given=T, sent=T), "account"),
        (WayIn(kept=T, leaving_seen=F, consented=T, contact_given=T, sent=T), "leaving"),
    ],
)
def test_the_first_thing_not_done_comes_next(done: WayIn, step: str) -> None:
    assert next_step(done) == step


def test_a_later_page_never_opens_before_its_turn() -> None:
    done = WayIn(kept=T, leaving_seen=T, consented=F, contact_given=F, sent=F)
    steps = ("account", "leaving", "consent", "contact", "form", "home")
    assert [step for step in steps if may_open(step, done)] == ["account", "leaving", "consent"]


def test_every_state_has_a_next_page_that_may_be_opened() -> None:
    for done in (WayIn(*state) for state in product((T, F), repeat=5)):
        assert may_open(next_step(done), done)
