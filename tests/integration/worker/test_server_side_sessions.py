"""Server-side sessions: who sits in them, and how they end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from cast import Cast
from portal.domain.access import Viewer
from portal.models import Account, PartnerSession, StaffAccount, StaffSession, table_of
from portal.services import desks, practices, sessions
from portal.services.sessions import Seat


@pytest.fixture
def staff_id(company: Cast) -> str:
    return company.therapist("sits@example.org").id


def _staff(cast: Cast, staff_id: str, *, second_factor: bool = True) -> str:
    with cast.store.staff.write() as session:
        return sessions.open_staff(session, cast.tools, staff_id=staff_id, second_factor=second_factor)


def _partner(cast: Cast) -> tuple[str, Viewer]:
    lone = cast.alone()
    with cast.store.partner.write() as session:
        token = sessions.open_partner(session, cast.tools, account_id=lone.viewer.id, card="{}")
    return token, lone.viewer


def _seat(cast: Cast, token: str, kind: str) -> Seat | None:
    door = cast.store.partner if kind == "partner" else cast.store.staff
    find = sessions.find_partner if kind == "partner" else sessions.find_staff
    with door.read() as session:
        return find(session, cast.tools, token)


def test_a_partners_seat(company: Cast) -> None:
    token, viewer = _partner(company)
    seat, now = _seat(company, token, "partner"), company.clock()
    assert seat is not None
    assert seat == Seat(
        viewer=Viewer(
            kind="partner", id=viewer.id, partner_id=viewer.partner_id,
            session_id=seat.viewer.session_id, authenticated_at=now,
        ),
        language="en", last_seen_at=now, ends_at=now + timedelta(hours=4), kept=False, leaving_seen=False,
    )  # fmt: skip
    assert (seat.viewer.is_therapist, seat.viewer.is_admin) == (False, False)


@pytest.mark.parametrize("second_factor", [True, False])
def test_a_staff_seat(company: Cast, staff_id: str, second_factor: bool) -> None:
    token = _staff(company, staff_id, second_factor=second_factor)
    seat, now = _seat(company, token, "staff"), company.clock()
    with company.store.staff.read() as session:
        practice = practices.view(session)
    assert seat is not None
    assert seat == Seat(
        viewer=Viewer(
            kind="staff", id=staff_id, session_id=seat.viewer.session_id, roles=frozenset({"therapist"}),
            authenticated_at=now,
        ),
        language="en", last_seen_at=now, ends_at=now + timedelta(hours=12), second_factor=second_factor,
        practice=practice,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["partner", "staff"])
def test_an_unknown_cookie_and_one_of_the_other_kind_open_nothing(
    company: Cast, staff_id: str, kind: str
) -> None:
    tokens = {"partner": _partner(company)[0], "staff": _staff(company, staff_id)}
    other = "staff" if kind == "partner" else "partner"
    assert [_seat(company, token, kind) for token in ("unknown", "", tokens[other])] == [None] * 3


@pytest.mark.parametrize(("kind", "hours"), [("partner", 4), ("staff", 12)])
def test_a_session_ends_after_fifteen_idle_minutes_and_after_its_hours(
    company: Cast, staff_id: str, kind: str, hours: int
) -> None:
    token = _partner(company)[0] if kind == "partner" else _staff(company, staff_id)
    begun = company.clock()
    company.clock.move(minutes=15)
    assert _seat(company, token, kind) is not None
    company.clock.move(microseconds=1)
    assert _seat(company, token, kind) is None
    company.clock.at = begun
    while company.clock() < begun + timedelta(hours=hours):
        seat = _seat(company, token, kind)
        assert seat is not None
        with company.store.staff.write() as session:
            assert sessions.touch(session, company.tools, seat.viewer) is True
        company.clock.move(minutes=10)
    assert company.clock() == begun + timedelta(hours=hours)
    assert _seat(company, token, kind) is not None
    company.clock.move(microseconds=1)
    assert _seat(company, token, kind) is None


def test_a_plain_visit_is_noted_once_a_minute(company: Cast) -> None:
    seat = _seat(company, _partner(company)[0], "partner")
    assert seat is not None
    now = company.clock()
    later = (now + timedelta(minutes=1, microseconds=-1), now + timedelta(minutes=1))
    assert [sessions.is_touch_due(seat, moment) for moment in later] == [False, True]


@pytest.mark.parametrize("kind", ["partner", "staff"])
def test_a_password_given_again_makes_the_session_fresh(company: Cast, staff_id: str, kind: str) -> None:
    token = _partner(company)[0] if kind == "partner" else _staff(company, staff_id)
    company.clock.move(minutes=6)
    seat = _seat(company, token, kind)
    assert seat is not None
    with company.store.staff.write() as session:
        sessions.confirm(session, company.tools, seat.viewer)
    again = _seat(company, token, kind)
    assert again is not None
    assert again.viewer.authenticated_at == company.clock()


@pytest.mark.parametrize("kind", ["partner", "staff"])
def test_an_ended_session_is_over_and_cannot_be_touched(company: Cast, staff_id: str, kind: str) -> None:
    token = _partner(company)[0] if kind == "partner" else _staff(company, staff_id)
    seat = _seat(company, token, kind)
    assert seat is not None
    with company.store.staff.write() as session:
        sessions.end(session, company.tools, seat.viewer)
        assert sessions.touch(session, company.tools, seat.viewer) is False
    assert _seat(company, token, kind) is None
    if kind == "partner":
        c = table_of(PartnerSession).c
        with company.store.staff.read() as session:
            assert session.scalar(select(c.card_box).where(c.id == seat.viewer.session_id)) is None


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("kind", ["partner", "staff"])
def test_all_sessions_end_or_all_but_this_one(company: Cast, staff_id: str, kind: str, keep: bool) -> None:
    if kind == "partner":
        here, viewer = _partner(company)
        with company.store.partner.write() as session:
            there = sessions.open_partner(session, company.tools, account_id=viewer.id)
    else:
        here, there = (_staff(company, staff_id) for _ in range(2))
    seat = _seat(company, here, kind)
    assert seat is not None
    with company.store.staff.write() as session:
        sessions.end_all(session, company.tools, seat.viewer, keep_current=keep)
    assert [_seat(company, token, kind) is not None for token in (here, there)] == [keep, False]


@pytest.mark.parametrize("kind", ["partner", "staff"])
def test_a_closed_account_has_no_seat(company: Cast, staff_id: str, kind: str) -> None:
    token = _partner(company)[0] if kind == "partner" else _staff(company, staff_id)
    model: Any = Account if kind == "partner" else StaffAccount
    with company.store.staff.write() as session:
        session.execute(update(table_of(model)).values(disabled_at=company.clock()))
    assert _seat(company, token, kind) is None


def test_the_cookie_itself_is_nowhere_in_the_database(company: Cast, staff_id: str) -> None:
    token = _staff(company, staff_id)
    c = table_of(StaffSession).c
    with company.store.staff.read() as session:
        kept = session.scalars(select(c.token_hash)).all()
    assert token not in kept
    assert sessions.token_digest(company.tools, token) in kept


def test_a_partner_who_has_not_begun_has_no_desk(company: Cast) -> None:
    _, viewer = _partner(company)
    with company.store.partner.read() as session:
        assert desks.find(session, by=viewer) is None
