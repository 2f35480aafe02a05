"""The trail as an admin reads it: paged by number, filtered by subject, silent about findings."""

from __future__ import annotations

from typing import Any

import pytest
from practice_world import World

from portal.domain.access import Viewer
from portal.services import audit, audit_views
from portal.services.audit_views import EventView, Trail


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


def _page(world: World, by: Viewer, **which: Any) -> Trail:
    with world.store.staff.write() as session:
        return audit_views.page(session, world.tools, by=by, **which)


def _note(world: World, by: Viewer, *verbs: str, subject: tuple[str, str] = ("case", "c1")) -> None:
    for verb in verbs:
        with world.store.staff.write() as session:
            audit.record(session, world.tools, by=by, verb=verb, subject=subject, detail={"rule": "R1"})


def test_events_not_chained_yet_stand_first(world: World, ada: Viewer, clock: Any) -> None:
    at = clock()
    _note(world, ada, "case.opened")
    world.work()
    clock.move(seconds=1)
    _note(world, ada, "case.assigned")
    found = _page(world, ada)
    assert found == Trail(
        (
            EventView(None, clock(), "case.assigned", "staff", ada.id, "case", "c1", {"rule": "R1"}),
            EventView(1, at, "case.opened", "staff", ada.id, "case", "c1", {"rule": "R1"}),
        ),
        None,
    )  # fmt: skip


def test_looking_is_an_event_as_well(world: World, ada: Viewer) -> None:
    _page(world, ada, subject_kind="case", subject_id="c1")
    (event,) = _page(world, ada).events
    assert (event.verb, event.detail) == ("audit.viewed", {"about": "c1", "before": None, "kind": "case"})


def test_pages_go_by_number(world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_views, "PAGE", 2)
    _note(world, ada, *(f"case.step_{n}" for n in range(5)))
    world.work()
    first = _page(world, ada)
    assert ([event.number for event in first.events], first.before) == ([5, 4], 4)
    second = _page(world, ada, before=4)
    assert ([event.number for event in second.events], second.before) == ([3, 2], 2)
    third = _page(world, ada, before=2)
    assert ([event.number for event in third.events], third.before) == ([1], None)


def test_filters_by_kind_and_by_subject(world: World, ada: Viewer) -> None:
    _note(world, ada, "case.opened")
    _note(world, ada, "case.opened", subject=("case", "c2"))
    _note(world, ada, "staff.changed", subject=("staff", "s1"))
    verbs = [event.verb for event in _page(world, ada, subject_kind="staff").events]
    assert verbs == ["staff.changed"]
    ids = [event.subject_id for event in _page(world, ada, subject_kind="case", subject_id="c2").events]
    assert ids == ["c2"]


@pytest.mark.parametrize(
    "verb",
    ["findings.changed", "recommendation.made", "clearance.given", "review.signed", "interview.recorded",
     "letter.waits", "facts.stated", "break_glass.opened", "invitation.not_now", "section.cleared"],
)  # fmt: skip
def test_what_only_therapists_may_know_is_not_told(world: World, ada: Viewer, verb: str) -> None:
    _note(world, ada, verb)
    (event,) = _page(world, ada).events
    assert (event.verb, event.detail) == ("clinical", {})
