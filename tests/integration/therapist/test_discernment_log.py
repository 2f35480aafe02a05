"""The discernment of a couple at the service level: what comes first, the log, its corrections, its end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from practice_world import Case, World
from sqlalchemy import func, select
from test_case_work import LEANING_OUT, verbs

from portal import worker
from portal.domain.access import Viewer
from portal.domain.discernment import End, Held, Log
from portal.models import DiscernmentSession, Intake, table_of
from portal.services import discernment, erasures, joint_work, requests
from portal.services.discernment import SessionNote
from portal.services.errors import OutOfOrder


@pytest.fixture
def thea(world: World) -> Viewer:
    return world.staff()


@pytest.fixture
def case(world: World, thea: Viewer) -> Case:
    case = world.case(therapist=thea)
    case.send("a", lean="1", own_change="8")
    case.send("b", **LEANING_OUT)
    assert case.route() == "discernment"
    return case


def today(case: Case) -> date:
    return case.world.tools.now().date() - timedelta(days=1)


def hold(
    case: Case, by: Viewer, number: int, go_on: tuple[bool, bool] = (True, True), note: str = ""
) -> None:
    noted = SessionNote(number, today(case), 120, go_on, note)
    with case.world.store.staff.write() as session:
        discernment.note_session(session, case.world.tools, case_id=case.id, noted=noted, by=by)


def end(case: Case, by: Viewer, path: int = 3) -> None:
    with case.world.store.staff.write() as session:
        discernment.end(
            session, case.world.tools, case_id=case.id, path=path, ended_on=today(case), note="Calm.", by=by
        )


def outcome(case: Case, by: Viewer, key: str) -> None:
    with case.world.store.staff.write() as session:
        discernment.note_outcome(session, case.world.tools, case_id=case.id, outcome=key, by=by)


def kept(case: Case) -> discernment.DiscernmentView:
    with case.world.store.staff.read() as session:
        return discernment.of_case(session, case.world.tools, case.id)


def ready(case: Case, by: Viewer) -> None:
    case.see("a", by)
    case.see("b", by)
    case.sign(by)


def test_everything_that_comes_first_is_told_at_once(case: Case, thea: Viewer) -> None:
    with pytest.raises(joint_work.GatesOpen) as refused:
        hold(case, thea, 1)
    assert refused.value.gates == ("joint_after_interviews", "discernment_after_review")
    case.say("b", "contact", {"channel": "none", "address": ""})
    case.see("a", thea)
    case.see("b", thea)
    case.sign(thea, decision="override", route="consult", reason_code="other", note="Talk first.")
    with pytest.raises(joint_work.GatesOpen) as refused:
        hold(case, thea, 1)
    assert refused.value.gates == ("no_safe_channel", "discernment_after_review")
    assert kept(case).log == Log()


def test_something_new_stops_it_until_it_is_reviewed_anew(case: Case, thea: Viewer) -> None:
    ready(case, thea)
    hold(case, thea, 1)
    case.world.tools.clock.move(hours=1)  # type: ignore[attr-defined]
    case.say("b", "addition", {"text": "x"})
    with pytest.raises(joint_work.GatesOpen, match="discernment_after_review"):
        hold(case, thea, 2)


def test_nor_before_the_rules_have_read_that_danger(
    world: World, case: Case, thea: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(case, thea)
    with world.store.staff.write() as session:
        requests.send(session, world.tools, case_id=case.id, slot="b", kind="refresh", by=thea)
        c = table_of(Intake).c
        again = str(session.scalar(select(c.id).where(c.kind == "refresh")))
    monkeypatch.setitem(worker.HANDLERS, "route", lambda *_: None)
    world.tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    case.save("b", intake_id=again, harm_received__weapon="past_year")
    with pytest.raises(joint_work.GatesOpen, match="danger_told_since"):
        hold(case, thea, 1)


def test_a_log_from_the_first_session_to_the_outcome(world: World, case: Case, thea: Viewer) -> None:
    ready(case, thea)
    day = today(case)
    hold(case, thea, 1, note="First talk.")
    hold(case, thea, 2, go_on=(True, False))
    with pytest.raises(OutOfOrder, match="somebody_stopped"):
        hold(case, thea, 3)
    hold(case, thea, 2)
    hold(case, thea, 3)
    end(case, thea)
    with pytest.raises(OutOfOrder, match="outcome_too_early"):
        outcome(case, thea, "in_therapy")
    world.tools.clock.move(days=184)  # type: ignore[attr-defined]
    outcome(case, thea, "in_therapy")
    view = kept(case)
    sessions = tuple(Held(number, day, True, True) for number in (1, 2, 3))
    assert (view.log, view.end_note) == (Log(sessions, End(3, day, "in_therapy")), "Calm.")
    assert [(one.minutes, one.note, one.noted_by) for one in view.sessions] == [
        (120, "First talk.", thea.id), (120, "", thea.id), (120, "", thea.id),
    ]  # fmt: skip
    assert verbs(world, case)[-6:] == [
        *["discernment.session"] * 4,
        "discernment.ended",
        "discernment.outcome",
    ]


def test_a_correction_keeps_what_it_replaces(world: World, case: Case, thea: Viewer) -> None:
    ready(case, thea)
    hold(case, thea, 1, go_on=(False, True))
    hold(case, thea, 1)
    with world.store.staff.read() as session:
        assert session.scalar(select(func.count()).select_from(table_of(DiscernmentSession))) == 2


def test_it_goes_with_one_of_the_two(world: World, case: Case, thea: Viewer) -> None:
    ready(case, thea)
    hold(case, thea, 1)
    end(case, thea, path=2)
    with world.store.staff.write() as session:
        erasures.erase_person(session, world.tools, partner_id=case.ids["b"], by=thea)
    assert kept(case) == discernment.DiscernmentView((), None, "")
