"""Closing a case: for a reason, not over findings nobody cleared; whatever comes in opens it again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cast import OFFICE, Cast, Pair
from portal.domain.access import Viewer
from portal.models import AuditEvent, CaseFile, table_of
from portal.services import caseload, closings, people, releases, retention
from portal.services.closings import ClosingView
from portal.services.errors import BadInput, NotFound, OutOfOrder

NOWHERE = "00000000-0000-4000-8000-000000000000"


def _close(pair: Pair, by: Viewer, *, note: str = "", reason: str = "finished", blind: bool = False) -> None:
    pair.cast.clock.move(seconds=1)
    with pair.cast.store.staff.write() as session:
        closings.close(
            session, pair.cast.tools, case_id=pair.id, reason=reason, note=note, by=by, is_blind=blind
        )


def _reopen(pair: Pair, by: Viewer, note: str = "") -> None:
    with pair.cast.store.staff.write() as session:
        closings.reopen(session, pair.cast.tools, case_id=pair.id, note=note, by=by)


def _kept(pair: Pair) -> list[tuple[str, str, str, str]]:
    with pair.cast.store.staff.read() as session:
        views = closings.of_case(session, pair.cast.tools, pair.id)
    assert all(isinstance(view, ClosingView) for view in views)
    return [(view.step, view.reason, view.note, view.done_by) for view in reversed(views)]


def _case(pair: Pair) -> tuple[object, ...]:
    c = table_of(CaseFile).c
    with pair.cast.store.staff.read() as session:
        columns = (c.closed_at, c.therapist_id, c.waiting_since)
        return tuple(session.execute(select(*columns).where(c.id == pair.id)).one())


def _events(pair: Pair) -> list[tuple[str, str, str]]:
    c = table_of(AuditEvent).c
    with pair.cast.store.staff.read() as session:
        rows = session.execute(
            select(c.verb, c.actor_id, c.detail)
            .where(c.verb.in_(("case.closed", "case.reopened")), c.subject_id == pair.id)
            .order_by(c.happened_at, c.id)
        )
        return [tuple(row) for row in rows]


def _queue(cast: Cast, by: Viewer) -> list[str]:
    with cast.store.staff.write() as session:
        return [row.id for row in caseload.page(session, cast.tools, by=by).rows]


def test_closed_and_opened_again_by_hand(pair: Pair, thea: Viewer) -> None:
    _close(pair, thea, reason="not_taken_up")
    closed_at = pair.cast.clock()
    assert (_case(pair)[0], _queue(pair.cast, thea)) == (closed_at, [])
    pair.cast.clock.move(days=1)
    _reopen(pair, thea, note="They called.")
    assert _case(pair) == (None, thea.id, pair.cast.clock())
    assert _queue(pair.cast, thea) == [pair.id]
    assert _kept(pair) == [
        ("close", "not_taken_up", "", thea.id), ("reopen", "by_hand", "They called.", thea.id),
    ]  # fmt: skip
    assert _events(pair) == [
        ("case.closed", thea.id, '{"reason": "not_taken_up"}'),
        ("case.reopened", thea.id, '{"cause": "by_hand"}'),
    ]
    with pair.cast.store.staff.read() as session:
        assert closings.reason(session, pair.id) == "not_taken_up"
        assert closings.reason(session, NOWHERE) is None


def test_steps_out_of_order_and_bad_ones(pair: Pair, thea: Viewer) -> None:
    with pytest.raises(OutOfOrder, match="not_closed"):
        _reopen(pair, thea)
    with pytest.raises(BadInput) as refused:
        _close(pair, thea, reason="bored")
    assert refused.value.faults == {"reason": "not_an_option"}
    with pytest.raises(BadInput) as refused:
        _close(pair, thea, note=" ", blind=True)
    assert refused.value.faults == {"note": "missing"}
    _close(pair, thea)
    with pytest.raises(OutOfOrder, match="already_closed"):
        _close(pair, thea)
    with pytest.raises(NotFound):
        _close(Pair(pair.cast, NOWHERE, pair.a, pair.b), thea)


def test_a_finding_nobody_cleared_asks_for_a_note(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends(harm_received__weapon="past_year", child_danger="now")
    pair.cast.works()
    with pytest.raises(OutOfOrder, match="safety_stands"):
        _close(pair, thea, note="  ")
    pair.interview("a", thea)
    for tier in ("A", "B", "H", "crisis"):
        pair.clear(tier, thea)
    with pytest.raises(OutOfOrder, match="safety_stands"):  # a child in danger is never cleared
        _close(pair, thea)
    pair.request("a", "refresh", thea)
    pair.cast.clock.move(minutes=1)
    pair.a.sends()
    pair.cast.works()
    pair.state("a", thea, important_event="yes", confirm="child_danger")
    _close(pair, thea)
    _reopen(pair, thea)
    pair.cast.clock.move(minutes=1)
    pair.b.joins().sends(harm_received__weapon="past_year")  # newer than what was cleared
    pair.cast.works()
    with pytest.raises(OutOfOrder, match="safety_stands"):
        _close(pair, thea)
    _close(pair, thea, note="Referred to the shelter's advocate.")
    assert _case(pair)[0] is not None


def test_an_admin_gives_a_note_and_learns_nothing_of_findings(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends(harm_received__weapon="past_year")
    pair.cast.works()
    with pytest.raises(BadInput):
        _close(pair, OFFICE, blind=True)
    _close(pair, OFFICE, note="Asked Thea.", blind=True)
    assert _kept(pair)[-1] == ("close", "finished", "Asked Thea.", OFFICE.id)


def test_a_letter_that_waits_is_decided_first(pair: Pair, thea: Viewer) -> None:
    pair.a.joins().sends(harm_received__weapon="past_year")
    pair.cast.works()
    pair.sign(thea)
    with pair.cast.store.staff.write() as session:
        draft = releases.Draft(slot="a", letter="free", body="We would like to talk with you by yourself.")
        letter = releases.write(session, pair.cast.tools, case_id=pair.id, draft=draft, by=thea)
    with pytest.raises(OutOfOrder, match="letter_waits"):
        _close(pair, thea, note="Seen.")
    other = pair.cast.therapist("omar@example.org")
    with pair.cast.store.staff.write() as session:
        releases.decide(session, pair.cast.tools, letter_id=letter, approve=False, by=other)
    _close(pair, thea, note="Seen.")


def test_whatever_comes_in_opens_it_again(pair: Pair, thea: Viewer) -> None:
    pair.a.joins()
    pair.cast.clock.move(seconds=1)
    pair.cast.works()
    _close(pair, thea)
    pair.a.saves("patterns", "next")
    pair.cast.clock.move(seconds=1)
    pair.cast.works()
    assert _case(pair)[0] is not None  # a draft that raises nothing tells nobody
    pair.a.saves("safety", "draft", fear="strong")
    pair.cast.clock.move(seconds=1)
    pair.cast.works()
    assert (_case(pair)[0], "thea@example.org" in {mail["To"] for mail in pair.cast.outbox}) == (None, True)
    _close(pair, thea, note="Seen.")
    pair.a.says("message", text="Please call me.")
    pair.cast.clock.move(seconds=1)
    pair.cast.works()
    _close(pair, thea, note="Seen.")
    pair.a.submits()
    pair.cast.clock.move(seconds=1)
    pair.cast.works()
    assert [(step, why) for step, why, _note, _by in _kept(pair)][1::2] == [
        ("reopen", "finding"), ("reopen", "said"), ("reopen", "sent"),
    ]  # fmt: skip
    assert (_case(pair)[0], _queue(pair.cast, thea)) == (None, [pair.id])


def test_it_comes_back_to_nobody_where_the_therapist_has_left(pair: Pair, thea: Viewer) -> None:
    _close(pair, thea)
    with pair.cast.store.staff.write() as session:
        people.change(session, pair.cast.tools, staff_id=thea.id, roles=None, disabled=True, by=OFFICE)
    _reopen(pair, OFFICE)
    assert _case(pair)[1] is None


def test_the_time_of_a_closed_case_runs_from_its_closing(pair: Pair, thea: Viewer) -> None:
    cast = pair.cast
    _close(pair, thea)
    cast.clock.move(days=5 * 366)
    _reopen(pair, thea)
    _close(pair, thea)
    cast.clock.move(days=4 * 366)
    assert retention.run(cast.store, cast.tools, by=OFFICE).cases == 0
    with cast.store.staff.write() as session:
        retention.hold(session, cast.tools, case_id=pair.id, is_held=True, by=OFFICE)
    cast.clock.move(days=3 * 366 + 1)
    assert retention.run(cast.store, cast.tools, by=OFFICE).cases == 0
    with cast.store.staff.write() as session:
        retention.hold(session, cast.tools, case_id=pair.id, is_held=False, by=OFFICE)
    assert retention.run(cast.store, cast.tools, by=OFFICE).cases == 1
    assert _kept(pair) == []
