"""The call list: who is called by when, what forbids a call, what a call changes and for whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from practice_world import Case, Desk, World
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.domain.calling import end_of
from portal.models import AuditEvent, CallPlan, table_of
from portal.services import call_attempts, call_list, partner_pages, practice_settings, practices
from portal.services.call_attempts import Told
from portal.services.call_list import CallPage
from portal.services.caseload_filters import Cursor
from portal.services.errors import BadInput, OutOfOrder

Sit = Callable[[Viewer], Desk]
#: The tests' clock begins on a Monday, 23 November 2026, 12:00 UTC: 7:00 in New York.
PHONE = {
    "channel": "phone",
    "address": "555 0101",
    "hours": "08:00-20:00",
    "voicemail_ok": True,
    "name_ok": True,
}


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


def page(world: World, by: Viewer, after: Cursor | None = None) -> CallPage:
    with world.store.staff.write() as session:
        return call_list.page(session, world.tools, by=by, after=after)


def log(case: Case, slot: str, by: Viewer, outcome: str, **more: Any) -> None:
    with case.world.store.staff.write() as session:
        told = Told(outcome, **more)
        call_attempts.log(session, case.world.tools, case_id=case.id, slot=slot, told=told, by=by)


def test_each_person_is_called_by_their_own_clock(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    begun = world.tools.now()
    case.send("a", "Ana")
    first = page(world, thea).calls
    assert [(call.slot, call.name, call.sent_at is not None) for call in first] == [("a", "Ana", True)]
    world.tools.clock.move(days=2)  # type: ignore[attr-defined]
    case.send("b", "Ben")
    calls = page(world, thea).calls
    assert [(call.slot, call.name) for call in calls] == [("a", "Ana"), ("b", "Ben")]
    assert first[0].due_at == calls[0].due_at
    # Five working days after Monday: until the end of the next Monday; two days later, until Wednesday.
    ends = [call.due_at - begun for call in calls if call.due_at is not None]
    assert [end.days for end in ends] == [7, 9]


def test_danger_brings_the_call_to_the_same_day_for_everybody_who_takes_part(
    world: World, thea: Viewer
) -> None:
    quiet, danger = world.case(therapist=thea), world.case(therapist=thea)
    quiet.send("a", "Kim")
    danger.send("b", "Sam")
    danger.send("a", "Ruth", harm_received__strangled="past_year")
    found = page(world, thea).calls
    assert [call.name for call in found] == ["Ruth", "Sam", "Kim"] or [call.name for call in found] == [
        "Sam", "Ruth", "Kim",
    ]  # fmt: skip
    assert [call.level for call in found] == [0, 0, 4]
    assert {call.due_at for call in found[:2]} == {found[0].due_at}
    assert found[0].due_at is not None
    assert found[0].due_at - world.tools.now() <= timedelta(days=1)


def test_whoever_takes_no_part_is_not_on_the_list(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", "Ana")
    assert len(page(world, thea).calls) == 1
    case.say("a", "withdrawal", {"reason": ""})
    assert page(world, thea).calls == ()


def test_only_cases_this_therapist_may_see_and_open_ones(world: World, thea: Viewer) -> None:
    omar = world.staff("Omar")
    for therapist in (thea, omar, None):
        world.case(therapist=therapist).send("a", "Ana")
    assert len(page(world, thea).calls) == 2


def test_pages_follow_each_other(world: World, thea: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_list, "PAGE", 1)
    for name in ("Ana", "Kim"):
        world.case(therapist=thea).send("a", name)
        world.tools.clock.move(days=1)  # type: ignore[attr-defined]
    first = page(world, thea)
    assert ([call.name for call in first.calls], first.after is not None) == (["Ana"], True)
    second = page(world, thea, first.after)
    assert ([call.name for call in second.calls], second.after) == (["Kim"], None)


def test_a_try_stands_and_a_talk_settles(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ana", contact=PHONE)
    case.send("a")
    world.tools.clock.move(hours=3)  # type: ignore[attr-defined]
    again = world.tools.now() + timedelta(days=1)
    log(case, "a", thea, "no_answer", note="Rang ten times.", next_try_at=again)
    (call,) = page(world, thea).calls
    assert call.next_try_at == again
    assert [(one.outcome, one.occasion, one.called_by, one.note) for one in call.attempts] == [
        ("no_answer", "ours", thea.id, "Rang ten times.")
    ]
    log(case, "a", thea, "reached")
    assert page(world, thea).calls == ()
    with world.store.staff.read() as session:
        c = table_of(AuditEvent).c
        told = session.scalars(select(c.detail).where(c.verb == "call.logged").order_by(c.happened_at)).all()
    assert told == [
        '{"occasion": "ours", "outcome": "no_answer", "slot": "a"}',
        '{"occasion": "ours", "outcome": "reached", "slot": "a"}',
    ]


def test_an_interview_settles_it_too_and_more_danger_asks_anew(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.send("a", "Ana")
    case.see("a", thea)
    assert page(world, thea).calls == ()
    case.send("b", "Ben", harm_done__weapon="past_year")
    assert [call.slot for call in page(world, thea).calls] == ["a", "b"] or [
        call.slot for call in page(world, thea).calls
    ] == ["b", "a"]


WAYS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"channel": "none", "address": ""}, {"outcome": "no_answer"}, "await_call"),
    ({"channel": "email", "address": "a@example.org"}, {"outcome": "no_answer"}, "other_channel"),
    ({**PHONE, "voicemail_ok": False}, {"outcome": "voicemail_left"}, "voicemail_not_ok"),
    ({**PHONE, "hours": "18:00-20:00"}, {"outcome": "no_answer"}, "outside_hours"),
    (PHONE, {"outcome": "no_answer", "occasion": "theirs"}, "not_theirs"),
    ({**PHONE, "voicemail_ok": False}, {"outcome": "voicemail_left", "occasion": "agreed"},
     "voicemail_not_ok"),
]  # fmt: skip


@pytest.mark.parametrize(("contact", "told", "why"), WAYS)
def test_what_the_persons_own_words_forbid(
    world: World, thea: Viewer, contact: dict[str, Any], told: dict[str, Any], why: str
) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ana", contact=contact)
    case.send("a")
    world.tools.clock.move(hours=3)  # type: ignore[attr-defined]
    with pytest.raises(OutOfOrder) as refused:
        log(case, "a", thea, **told)
    assert refused.value.reason == why
    log(case, "a", thea, "reached", occasion="theirs")


def test_a_wrong_number_is_not_called_again_until_there_is_a_new_one(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ana", contact={**PHONE, "hours": ""})
    case.send("a")
    log(case, "a", thea, "wrong_number")
    (call,) = page(world, thea).calls
    assert call.channel.barrier == "wrong_number"
    with pytest.raises(OutOfOrder, match="wrong_number"):
        log(case, "a", thea, "no_answer")
    world.tools.clock.move(hours=1)  # type: ignore[attr-defined]
    case.say("a", "contact", {**PHONE, "hours": ""})
    log(case, "a", thea, "no_answer")


def test_next_tries_lie_ahead_and_in_safe_hours(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ana", contact={**PHONE, "hours": "08:00-20:00"})
    case.send("a")
    world.tools.clock.move(hours=3)  # type: ignore[attr-defined]
    now = world.tools.now()
    for times, field in (
        ({"called_at": now + timedelta(minutes=1)}, "at"),
        ({"called_at": now - timedelta(days=8)}, "at"),
        ({"next_try_at": now}, "next_try"),
        ({"next_try_at": now + timedelta(days=61)}, "next_try"),
    ):
        with pytest.raises(BadInput) as refused:
            log(case, "a", thea, "no_answer", **times)
        assert list(refused.value.faults) == [field]
    with pytest.raises(OutOfOrder, match="next_outside_hours"):
        log(case, "a", thea, "no_answer", next_try_at=now + timedelta(hours=12))
    with pytest.raises(BadInput):
        log(world.case(therapist=thea, slots="a"), "b", thea, "no_answer")


def test_whoever_declined_is_only_noted_when_they_call(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ana", contact={**PHONE, "hours": ""})
    case.send("a")
    case.say("a", "withdrawal", {"reason": ""})
    with pytest.raises(OutOfOrder, match="contact_blocked"):
        log(case, "a", thea, "no_answer")
    log(case, "a", thea, "reached", occasion="theirs")


def test_whoever_told_of_danger_and_withdrew_is_still_to_be_called(world: World, thea: Viewer) -> None:
    """They may have been made to; the page where they withdrew says that somebody may get in touch."""
    case = world.case(therapist=thea)
    case.join("a", "Ana", contact={**PHONE, "hours": ""})
    case.join("b", "Ben", contact={**PHONE, "hours": ""})
    case.send("a", harm_received__weapon="past_year")
    case.send("b")
    (before,) = (call for call in page(world, thea).calls if call.name == "Ana")
    for slot in "ab":
        case.say(slot, "withdrawal", {"reason": ""})
    world.work()
    (call,) = page(world, thea).calls
    assert (call.name, call.level, call.due_at) == ("Ana", before.level, before.due_at)
    assert (before.has_withdrawn, call.has_withdrawn) == (False, True)
    with pytest.raises(OutOfOrder, match="contact_blocked"):  # who told of none
        log(case, "b", thea, "no_answer")
    log(case, "a", thea, "no_answer")
    log(case, "a", thea, "reached")
    assert page(world, thea).calls == ()


def test_somebody_in_danger_who_has_not_sent_is_called_too(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ruth")
    case.save("a", harm_received__weapon="past_year")
    world.tools.clock.move(minutes=11)  # type: ignore[attr-defined]
    world.work()
    (call,) = page(world, thea).calls
    assert (call.name, call.sent_at, call.level) == ("Ruth", None, 0)


@pytest.mark.parametrize(
    ("told", "days"),
    [({"suicide_level": "2"}, 1), ({"suicidal_behavior": "past_year"}, 2), ({"harm_other": "thoughts"}, 2)],
)
def test_a_gate_that_asks_for_a_call_soon_asks_for_it_before_sending_too(
    world: World, thea: Viewer, told: dict[str, str], days: int
) -> None:
    case = world.case(therapist=thea)
    case.join("b", "Sam")
    case.join("a", "Ruth")
    case.save("a", **told)
    (call,) = page(world, thea).calls
    assert (call.name, call.sent_at) == ("Ruth", None)
    assert call.due_at is not None
    assert timedelta(days=days - 1) < call.due_at - world.tools.now() <= timedelta(days=days)


def test_sending_puts_off_no_call_that_danger_asked_for(world: World, thea: Viewer) -> None:
    case = world.case(therapist=thea)
    case.join("a", "Ruth")
    case.save("a", order_of_protection="past")
    (before,) = page(world, thea).calls
    world.tools.clock.move(days=2)  # type: ignore[attr-defined]
    case.send("a", order_of_protection="past")
    (call,) = page(world, thea).calls
    assert (call.level, call.sent_at is not None, call.due_at) == (1, True, before.due_at)


def test_the_list_counts_the_working_days_that_the_partner_was_promised(world: World, thea: Viewer) -> None:
    with world.store.staff.write() as session:
        given = {"working_days": "1,2,3,4,5,6"}
        practice_settings.change(session, world.tools, given=given, by=thea)
        practice = practices.view(session)
    world.case(therapist=thea).send("a", "Ana")
    (call,) = page(world, thea).calls
    assert call.sent_at is not None
    promised = partner_pages.call_by(call.sent_at, practice)
    assert call.due_at == end_of(promised, ZoneInfo(practice.time_zone))


# Pages


@pytest.fixture
def told(house: World) -> Viewer:
    return house.staff()


def said(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_list_and_the_sheet_say_how_to_reach_somebody(house: World, desk: Sit, told: Viewer) -> None:
    case, red = house.case(therapist=told), house.case(therapist=told)
    sit = desk(told)
    assert "Nobody is to be called" in said(sit.get("/calls"))
    case.join("a", "Ana López", contact={**PHONE, "hours": "18:00-20:00"})
    case.send("a")
    red.join("a", "Ruth", contact={"channel": "none", "address": ""})
    red.send("a")
    words = said(sit.get("/calls"))
    for part in ("Ana López", "555 0101",
                 "Outside the safe hours next there: Monday, November 23, 2026, 6:00",
                 "A message may be left.", "Await call", "No safe channel: nobody calls."):  # fmt: skip
        assert part in words, part
    sheet = said(sit.get(f"/cases/{case.id}/calls"))
    for part in ("Is this a good moment to talk by yourself?", "First, whatever else"):
        assert part in sheet, part
    assert "That was all" in said(sit.get(f"/calls?after=0.{10**16}.f"))


def test_the_script_speaks_the_persons_language_and_names_nobody_unasked(
    house: World, desk: Sit, told: Viewer
) -> None:
    case = house.case(therapist=told)
    viewer = case.join("a", "Ana", contact={**PHONE, "name_ok": False, "voicemail_ok": False})
    with house.store.partner.write() as session:
        from portal.services import accounts

        accounts.set_language(session, house.tools, language="es", by=viewer)
    case.send("a")
    sheet = said(desk(told).get(f"/cases/{case.id}/calls"))
    assert "¿Puede hablar a solas en este momento?" in sheet
    assert "No deje ningún mensaje." in sheet
    assert "Do not name the practice." in sheet


def test_logging_over_the_page(house: World, desk: Sit, told: Viewer) -> None:
    case = house.case(therapist=told)
    case.join("a", "Ana", contact={**PHONE, "hours": "18:00-20:00"})
    case.send("a")
    sit, path = desk(told), f"/cases/{case.id}/calls"
    for fields, link in (
        ({"slot": "a", "outcome": "", "note": "kept words"}, "#a-outcome"),
        ({"slot": "a", "outcome": "no_answer", "at": "soon", "note": "kept words"}, "#a-at"),
        ({"slot": "a", "outcome": "reached", "at": "2020-01-01T10:00", "note": "kept words"}, "#a-at"),
    ):
        page = sit.post(path, fields, 400).text
        assert f'href="{link}"' in page
        assert "kept words" in page
    sit.post(path, {"slot": "c", "outcome": "reached"}, 400)
    refused = sit.post(path, {"slot": "a", "outcome": "no_answer", "note": "kept words"}, 409).text
    assert "outside the hours" in said(refused)
    assert "kept words" in refused
    fields = {"slot": "a", "outcome": "reached", "occasion": "theirs", "note": "She called."}
    assert sit.post(path, fields).location == path
    assert "Reached: we talked" in said(sit.get(path))
    with house.store.staff.read() as session:
        assert session.scalar(select(table_of(CallPlan).c.settled_at)) is not None


def test_an_empty_case_has_nobody_to_call(house: World, desk: Sit, told: Viewer) -> None:
    case = house.case(therapist=told)
    assert "Nobody has joined yet" in said(desk(told).get(f"/cases/{case.id}/calls"))


def test_the_trail_of_ones_own_case(house: World, desk: Sit, told: Viewer) -> None:
    case = house.case(therapist=told)
    case.send("a", "Ana")
    case.see("a", told)
    sit = desk(told)
    sit.get(f"/cases/{case.id}")
    words = said(sit.get(f"/cases/{case.id}/trail"))
    for part in ("Noted an interview", "Read the case", "A recommendation was made", "The portal"):
        assert part in words, part
    sit.get(f"/cases/{case.id}/trail?before=1")
    sit.get(f"/cases/{case.id}/trail?before=x", 400)
