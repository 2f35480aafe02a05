"""The trail as an admin reads it: paged by number, filtered by subject, silent about findings."""

from __future__ import annotations

from typing import Any

import pytest
from practice_world import World
from sqlalchemy import select, text

from portal.domain.access import Viewer
from portal.models import AuditEvent, table_of
from portal.services import audit, audit_views, disclosures, releases
from portal.services.audit_views import EventView, Trail, Wanted


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


def _page(world: World, by: Viewer, **which: Any) -> Trail:
    with world.store.staff.write() as session:
        before, is_whole = which.pop("before", None), which.pop("is_whole", False)
        wanted = Wanted(**which)
        return audit_views.page(session, world.tools, by=by, before=before, wanted=wanted, is_whole=is_whole)


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
    _note(world, ada, *("case.opened" for _ in range(5)))
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
     "letter.waits", "facts.stated", "break_glass.opened", "invitation.not_now", "section.cleared",
     "discernment.session", "something.nobody_has_words_for"],
)  # fmt: skip
def test_what_only_therapists_may_know_is_not_told(world: World, ada: Viewer, verb: str) -> None:
    _note(world, ada, verb)
    (event,) = _page(world, ada).events
    assert (event.verb, event.detail) == ("clinical", {})


def test_a_therapist_of_the_case_reads_every_kind_by_name(world: World, ada: Viewer) -> None:
    _note(world, ada, "review.signed", "case.viewed")
    found = _page(world, ada, subject_kind="case", subject_id="c1", is_whole=True)
    told = {(event.verb, str(event.detail)) for event in found.events}
    assert told == {("case.viewed", "{'rule': 'R1'}"), ("review.signed", "{'rule': 'R1'}")}


def test_filters_by_actor_kind_and_days(world: World, ada: Viewer, clock: Any) -> None:
    omar = world.staff("Omar")
    first = clock()
    _note(world, ada, "case.opened", "review.signed")
    clock.move(days=1)
    second = clock()
    _note(world, omar, "case.closed")
    assert [event.verb for event in _page(world, ada, actor=omar.id).events] == ["case.closed"]
    assert [event.verb for event in _page(world, ada, verb="case.opened").events] == ["case.opened"]
    assert [event.verb for event in _page(world, ada, verb="clinical").events] == ["clinical"]
    assert {event.verb for event in _page(world, ada, until=second).events} == {"case.opened", "clinical"}
    days = _page(world, ada, since=second, verb="case.closed").events
    assert [event.happened_at for event in days] == [second]
    assert _page(world, ada, since=first, until=first).events == ()


def test_one_person_of_a_case(world: World, ada: Viewer) -> None:
    case = world.case(therapist=ada)
    case.send("a", "Ana")
    case.send("b", "Ben")
    with world.store.staff.write() as session:
        for slot in "ab":
            detail = {"slot": slot}
            subject = ("case", case.id)
            audit.record(session, world.tools, by=ada, verb="answers.viewed", subject=subject, detail=detail)
            audit.record(
                session, world.tools, by=ada, verb="interview.recorded", subject=subject, detail=detail
            )
    of_a = _page(world, ada, subject_kind="case", subject_id=case.id, person="a").events
    of_b = _page(world, ada, subject_kind="case", subject_id=case.id, person="b").events
    assert [event.detail for event in of_a if event.verb == "answers.viewed"] == [{"slot": "a"}]
    assert not {event.subject_id for event in of_a if event.subject_kind != "case"} & {
        event.subject_id for event in of_b if event.subject_kind != "case"
    }
    assert all(event.verb != "clinical" or event.subject_kind != "case" for event in of_a)
    whole = _page(world, ada, subject_kind="case", subject_id=case.id, person="a", is_whole=True).events
    assert [event.detail for event in whole if event.verb == "interview.recorded"] == [{"slot": "a"}]
    assert _page(world, ada, subject_kind="case", subject_id="nowhere", person="a").events == ()


def test_who_has_seen_a_case(world: World, ada: Viewer, clock: Any) -> None:
    omar = world.staff("Omar")
    _note(world, ada, "case.viewed", "answers.viewed", "case.assigned")
    clock.move(hours=1)
    _note(world, omar, "case.viewed")
    with world.store.staff.read() as session:
        found = audit_views.seen_by(session, "c1")
    assert [(one.staff_id, one.times, one.last_at) for one in found] == [
        (omar.id, 1, clock()), (ada.id, 2, found[1].last_at),
    ]  # fmt: skip


def test_the_whole_trail_in_pieces(world: World, ada: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_views, "_PIECE", 2)
    _note(world, ada, *("case.opened" for _ in range(5)))
    world.work()
    numbers = [event.number for event in audit_views.every(world.store, Wanted(verb="case.opened"))]
    assert numbers == [5, 4, 3, 2, 1]


def _plan(connection: Any, asked: str) -> list[str]:
    told = connection.execute(text("EXPLAIN QUERY PLAN " + asked)).all()
    return [row[3] for row in told if row[3].startswith(("SCAN", "SEARCH"))]


@pytest.mark.engine("sqlite")  # reads the plan as SQLite words it
def test_each_filter_has_an_index(world: World) -> None:
    with world.store.staff.engine.connect() as connection:
        for column in ("subject_id", "actor_id", "verb"):
            where = f"SELECT * FROM audit_event WHERE {column} = 'x' AND number"
            index = f"SEARCH audit_event USING INDEX ix_audit_event_{column}_number ({column}=? AND number"
            newest = "ORDER BY number DESC LIMIT 101"
            assert _plan(connection, f"{where} < 9 {newest}") == [f"{index}<?)"]
            assert _plan(connection, f"{where} IS NOT NULL {newest}") == [f"{index}>?)"]
            fresh = _plan(connection, f"{where} IS NULL ORDER BY happened_at DESC, id DESC LIMIT 101")
            assert fresh == ["SEARCH audit_event USING INDEX ix_audit_event_unnumbered (number=?)"]
        of_kinds = audit.of_kinds("x").compile(connection, compile_kwargs={"literal_binds": True})
        assert _plan(connection, f"SELECT * FROM audit_event WHERE {of_kinds} ORDER BY happened_at") == [
            "SEARCH audit_event USING INDEX ix_audit_event_verb_number (verb=? AND number>?)",
            "SEARCH audit_event USING INDEX ix_audit_event_unnumbered (number=?)",
        ]
        at = "SELECT * FROM audit_event WHERE happened_at > 'x' AND number"
        assert _plan(connection, f"{at} < 9") != ["SCAN audit_event"] != _plan(connection, f"{at} IS NULL")


@pytest.mark.engine("sqlite")
def test_whoever_acts_waits_for_the_indexes_that_are_needed_at_once_alone(world: World) -> None:
    with world.store.staff.engine.connect() as connection:
        found = {
            name: connection.scalar(text(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")) or "key"
            for name in connection.scalars(text("SELECT name FROM pragma_index_list('audit_event')"))
        }
    assert {name for name, told in found.items() if not told.endswith("WHERE number IS NOT NULL")} == {
        "sqlite_autoindex_audit_event_1", "ix_audit_event_subject_id_happened_at",
        "ix_audit_event_unnumbered",
    }  # fmt: skip


def test_a_kind_is_found_before_and_after_it_was_numbered(world: World, ada: Viewer, clock: Any) -> None:
    _note(world, ada, "staff.changed")
    world.work()
    clock.move(seconds=1)
    _note(world, ada, "settings.changed", "case.opened", "staff.changed")
    c = table_of(AuditEvent).c
    chosen = select(c.verb, c.number).where(audit.of_kinds("staff.changed", "settings.changed"))
    with world.store.staff.read() as session:
        found = session.execute(chosen).all()
    assert sorted(map(tuple, found), key=str) == [
        ("settings.changed", None), ("staff.changed", 1), ("staff.changed", None),
    ]  # fmt: skip


def test_a_letter_is_accounted_for_with_its_own_person(world: World, ada: Viewer, clock: Any) -> None:
    case = world.case(therapist=ada)
    case.send("a", "Ana")
    case.sign(ada)
    with world.store.staff.write() as session:
        draft = releases.Draft("a", "free", "We call you on Thursday.")
        releases.write(session, world.tools, case_id=case.id, draft=draft, by=ada)
        subject = ("case", case.id)
        for detail in ({"slot": "b", "mailed": []}, {"slot": "both", "mailed": []}):
            audit.record(
                session, world.tools, by=ada, verb="appointment.proposed", subject=subject, detail=detail
            )
        audit.record(session, world.tools, by=ada, verb="brief.made", subject=subject)
        audit.record(session, world.tools, by=ada, verb="case.merged", subject=subject)

    def kinds(slot: str) -> list[tuple[str, str]]:
        with world.store.staff.write() as session:
            found = disclosures.of_person(session, world.tools, case_id=case.id, slot=slot, by=ada)
        return sorted((one.kind, one.to) for one in found)

    of_both = [("appointment.proposed", "person"), ("brief.made", "therapist"), ("case.merged", "practice")]
    assert kinds("a") == [*of_both, ("letter.released", "person")]
    assert kinds("b") == [of_both[0], *of_both]
