"""Settings that the rules read are changed: every open case is routed anew, a few at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from cast import OFFICE, Cast
from portal import looks, worker
from portal.domain.access import Viewer
from portal.models import CaseFile, Job, table_of
from portal.services import closings, erasures, jobs, rule_walks, standing_now
from portal.services.errors import Conflict
from portal.workplace import Workplace

DRINKS = {"alcohol_1": "4", "alcohol_2": "3", "alcohol_3": "0", "alcohol_treated": "no"}


class Killed(BaseException):
    """The worker is gone in the middle of its work."""


@pytest.fixture
def cases(company: Cast, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven open cases and a closed one, in the order of their ids; two are taken at once."""
    ids = sorted(company.couple(both=False).id for _ in range(8))
    with company.store.staff.write() as session:
        c = table_of(CaseFile)
        session.execute(update(c).where(c.c.id == ids[3]).values(closed_at=company.tools.now()))
    monkeypatch.setattr(rule_walks, "AT_ONCE", 2)
    monkeypatch.setattr(rule_walks, "_READ", 3)
    del ids[3]
    return ids


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every case that the worker routes from now on."""
    seen, route = list[str](), looks.route

    def told(place: Workplace, case_id: str) -> None:
        seen.append(case_id)
        route(place, case_id)

    monkeypatch.setattr(looks, "route", told)
    return seen


def waiting(company: Cast) -> list[tuple[str, str]]:
    """Jobs to do, but for the days on which forms grow old."""
    c = table_of(Job).c
    with company.store.staff.read() as session:
        rows = session.execute(select(c.kind, c.subject_id).where(c.done_at.is_(None), c.kind != "recheck"))
        return sorted((row.kind, row.subject_id) for row in rows)


def step(company: Cast) -> None:
    """One job of the walk, as the worker does it."""
    with company.store.staff.write() as session:
        leased = jobs.lease(session, company.tools)
    assert [job.kind for job in leased] == [rule_walks.KIND]
    worker._do_jobs(company.place, leased)


def walks(company: Cast) -> bool:
    with company.store.staff.read() as session:
        return rule_walks.is_under_way(session, company.tools)


def test_a_walk_skips_none_and_takes_none_twice(company: Cast, cases: list[str], routed: list[str]) -> None:
    """One job however many cases there are; the closed one is left as it is."""
    company.sets(stale_days="61")
    assert waiting(company) == [(rule_walks.KIND, rule_walks.START)]
    assert walks(company)
    step(company)
    assert waiting(company) == [(rule_walks.KIND, cases[1])]
    company.works()
    assert routed == cases
    assert (waiting(company), walks(company)) == ([], False)


@pytest.mark.parametrize("where", ["between two cases", "before it is noted"])
def test_a_killed_worker_goes_on_where_it_was_and_skips_none(
    company: Cast, cases: list[str], routed: list[str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    company.sets(index_margin="12")
    step(company)

    def kill(*_: object, **__: object) -> None:
        raise Killed

    name = {"between two cases": "route", "before it is noted": "reroute"}[where]
    with monkeypatch.context() as patched:
        if name == "route":
            patched.setattr(looks, "route", kill)
        else:
            patched.setattr(rule_walks, "go_on", kill)
        with pytest.raises(Killed):
            step(company)
    assert waiting(company) == [(rule_walks.KIND, cases[1])]
    company.works()
    assert waiting(company) == [(rule_walks.KIND, cases[1])]  # leased still
    company.clock.move(minutes=3)
    company.works()
    assert list(dict.fromkeys(routed)) == cases
    assert waiting(company) == []


def test_a_case_that_cannot_be_read_waits_alone(
    company: Cast, cases: list[str], routed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = looks.route

    def route(place: Workplace, case_id: str) -> None:
        real(place, case_id)
        if case_id == cases[2]:
            raise Conflict("keeps_moving")

    with monkeypatch.context() as patched:
        patched.setattr(looks, "route", route)
        company.sets(alcohol_level="7")
        step(company)
        step(company)
        assert waiting(company) == [(rule_walks.KIND, cases[3]), ("route", cases[2])]
    company.works()
    assert waiting(company) == []
    assert sorted(set(routed)) == cases


def test_another_change_begins_anew_and_ends_the_walk_before(
    company: Cast, cases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it comes while a few are being routed by the settings of before."""
    company.sets(stale_days="61")
    step(company)
    route = looks.route

    def changed_meanwhile(place: Workplace, case_id: str) -> None:
        route(place, case_id)
        company.sets(stale_days="62")

    with monkeypatch.context() as patched:
        patched.setattr(looks, "route", changed_meanwhile)
        step(company)
    assert waiting(company) == [(rule_walks.KIND, rule_walks.START)]
    company.works()
    assert waiting(company) == []


def test_who_acts_goes_by_the_new_settings_before_the_walk_came_by(
    company: Cast, thea: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And by what stands once it has, or where nothing will come."""
    pair = company.couple()
    pair.a.joins().sends()
    pair.b.joins().sends(**DRINKS)
    company.works()
    pair.sign(thea)
    monkeypatch.setattr(standing_now.routing, "advise", _counted(standing_now.routing.advise, looked := []))
    company.sets(alcohol_level="6")
    with pytest.raises(Conflict, match="told_since"):
        pair.sign(thea)
    pair.sign(thea, decision="defer")
    looked.clear()
    for cursor, waits in (("0", 1), (pair.id, 0), ("~", 0), ("", 1)):
        with company.store.staff.write() as session:
            session.execute(
                update(table_of(Job)).where(table_of(Job).c.kind == rule_walks.KIND).values(subject_id=cursor)
            )
        with company.store.staff.read() as session:
            now = standing_now.look(session, company.tools, case_id=pair.id)
        assert (now.is_more, len(looked)) == (bool(waits), waits), cursor
        looked.clear()
    with company.store.staff.write() as session:
        closings.close(
            session, company.tools, case_id=pair.id, reason="finished", note="x", by=thea, is_blind=False
        )
    with company.store.staff.read() as session:
        assert not standing_now.look(session, company.tools, case_id=pair.id).is_more
        assert looked == []
    with company.store.staff.write() as session:
        closings.reopen(session, company.tools, case_id=pair.id, note="", by=thea)
    company.works()
    assert pair.route() == ("consult", "substance")
    pair.sign(thea)


def _counted(real: Callable[..., object], calls: list[object]) -> Callable[..., object]:
    def counted(*given: object, **named: object) -> object:
        calls.append(given)
        return real(*given, **named)

    return counted


def test_an_erased_case_takes_no_walk_with_it(company: Cast, cases: list[str], routed: list[str]) -> None:
    company.sets(stale_days="61")
    step(company)
    with company.store.staff.write() as session:
        erasures.erase_case(session, company.tools, case_id=cases[1], by=OFFICE)
    company.works()
    assert set(cases) - set(routed) == set()
