"""Killed before every statement of what matters: all of it is there, or nothing (T09)."""

from __future__ import annotations

import pytest
from killing import Rows, changed, everything, killed_everywhere

from cast import Cast, Pair
from portal.domain.access import Viewer
from portal.services import (
    audit_chain,
    clearances,
    export_making,
    export_orders,
    export_streams,
    exports,
    intakes,
    joining,
    releases,
    reviews,
)

BODY = "We would like to talk with you by yourself first."


@pytest.fixture
def thea(company: Cast) -> Viewer:
    return company.therapist()


@pytest.fixture
def pair(company: Cast, thea: Viewer) -> Pair:
    """A couple who sent, and were interviewed."""
    made = company.couple(therapist="thea@example.org")
    for someone in (made.a, made.b):
        someone.joins().sends()
    company.works()
    for slot in "ab":
        made.interview(slot, thea)
    return made


def all_or_nothing(company: Cast, act: object) -> tuple[int, set[str]]:
    """How often it died without a trace, and which tables it changed in the end."""
    before: Rows = everything(company.store)

    def nothing(number: int) -> None:
        assert changed(before, everything(company.store)) == set(), f"killed at statement {number}"

    deaths = killed_everywhere(company.store, act, nothing)  # type: ignore[arg-type]
    return deaths, changed(before, everything(company.store))


def test_joining(company: Cast, thea: Viewer) -> None:
    pair = company.couple()
    newcomer = joining.prepare(company.tools, password="harvest moon over water", language="en")

    def act() -> None:
        with company.store.partner.write() as session:
            joining.join(session, company.tools, token=pair.a.token, newcomer=newcomer)

    deaths, tables = all_or_nothing(company, act)
    assert deaths >= 5
    assert {"account", "partner_session", "invitation", "audit_event", "job"} <= tables


def test_submitting(company: Cast, thea: Viewer) -> None:
    someone = company.couple().a.joins().fills()

    def act() -> None:
        with company.store.partner.write() as session:
            assert intakes.submit(session, company.tools, by=someone.viewer)

    deaths, tables = all_or_nothing(company, act)
    assert deaths >= 6
    assert {"intake", "section_state", "sealed_entry", "audit_event", "job"} <= tables


def test_signing(company: Cast, pair: Pair, thea: Viewer) -> None:
    def act() -> None:
        with company.store.staff.write() as session:
            reviews.make(session, company.tools, case_id=pair.id, choice=reviews.Choice("accept"), by=thea)

    deaths, tables = all_or_nothing(company, act)
    assert deaths >= 4
    assert {"review", "audit_event"} <= tables


def test_releasing(company: Cast, pair: Pair, thea: Viewer) -> None:
    pair.sign(thea)
    draft = releases.Draft(slot="a", letter="free", body=BODY)

    def act() -> None:
        with company.store.staff.write() as session:
            releases.write(session, company.tools, case_id=pair.id, draft=draft, by=thea)

    deaths, tables = all_or_nothing(company, act)
    assert deaths >= 5
    assert {"letter", "notice", "audit_event"} <= tables


def test_clearing(company: Cast, pair: Pair, thea: Viewer) -> None:
    def act() -> None:
        with company.store.staff.write() as session:
            clearances.give(session, company.tools, case_id=pair.id, tier="A", note="Seen.", by=thea)

    assert {"clearance", "audit_event", "job"} <= all_or_nothing(company, act)[1]


def test_an_export_is_asked_for_and_made(company: Cast, pair: Pair, thea: Viewer) -> None:
    order = export_orders.Order("csv", identified=True, purpose="Audit of the year")
    made: list[str] = []

    def ask() -> None:
        with company.store.staff.write() as session:
            made.append(exports.create(session, company.tools, order=order, by=thea).id)

    assert all_or_nothing(company, ask)[1] == {"export", "audit_event", "job"}

    def whole(number: int) -> None:
        with company.store.staff.read() as session:
            view = exports.find(session, company.tools, made[-1])
        assert view.state == "waiting", f"killed at statement {number}"

    killed_everywhere(
        company.store,
        lambda: export_making.run(company.store, company.tools, company.folder, made[-1]),
        whole,
    )
    with company.store.staff.read() as session:
        view = exports.find(session, company.tools, made[-1])
    read = b"".join(
        export_streams.content(company.store, company.tools, view=view, folder=company.folder, by=thea)
    )
    assert (view.state, read.count(b"\r\n")) == ("ready", 3)


def test_the_worker_killed_anywhere_finishes_later(company: Cast, thea: Viewer) -> None:
    """Two who sent: whenever it dies, the next sweep ends with one recommendation and one alert each."""
    pair = company.couple(therapist="thea@example.org")
    for someone in (pair.a, pair.b):
        someone.joins().sends()

    def later(_number: int) -> None:
        company.clock.move(minutes=3)

    deaths = killed_everywhere(company.store, company.works, later)
    with company.store.staff.read() as session:
        checked, fault = audit_chain.verify(session, company.tools)
    assert (deaths > 20, pair.route()[0] != "wait", fault, checked > 20) == (True, True, None, True)


def test_half_a_thing_would_be_found(company: Cast) -> None:
    def act() -> None:
        for zone in ("America/Chicago", "America/Denver"):
            company.sets(time_zone=zone)

    with pytest.raises(AssertionError, match="killed at statement"):
        all_or_nothing(company, act)
