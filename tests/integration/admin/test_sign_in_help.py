"""Password and recovery code are lost: a call, a day's wait, and no other way (security.md P7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from admin_browser import Desk, errors
from flask import Flask
from practice_world import World
from sqlalchemy import select, update

from portal.models import Account, AuditEvent, Partner, PartnerSession, StaffSession, table_of
from portal.services import calls, joining, resets
from portal.services.calls import Called
from portal.services.errors import BadInput, OutOfOrder
from portal.vault import Place

PASSWORD = "a wholly new evening by the sea"
TOO_EARLY = "This link does not work now. It may be too early or too late; please call the practice."
HEARD = {"call_slot": "a", "heard": "yes"}


def joined(house: World, **given: str) -> tuple[str, str]:
    """Somebody who came on their own: the case and the sign-in name."""
    newcomer = joining.prepare(house.tools, password="the password that was lost", language="en", **given)
    with house.store.partner.write() as session:
        made = joining.begin(session, house.tools, newcomer=newcomer, talk_first=False)
    a, p = table_of(Account).c, table_of(Partner).c
    with house.store.staff.read() as session:
        row = session.execute(
            select(a.id, a.name_sealed, p.case_id)
            .join_from(table_of(Account), table_of(Partner), a.partner_id == p.id)
            .where(a.id == made.account_id)
        ).one()
    return row.case_id, house.tools.vault.open(Place("account", "name_sealed", row.id), row.name_sealed)


def waiting(house: World, case_id: str) -> tuple[Called, ...]:
    with house.store.staff.read() as session:
        return calls.of_case(session, house.tools, case_id)


def verbs(house: World) -> list[str]:
    c = table_of(AuditEvent).c
    with house.store.staff.read() as session:
        found = session.scalars(select(c.verb).order_by(c.happened_at, c.verb.desc()))
        return [verb for verb in found if verb.startswith(("reset.", "password."))]


def tries(app: Flask, link: str) -> Any:
    """Somebody with the link, at a browser of their own."""
    client, path = app.test_client(), "/" + link.split("/", 3)[3]
    page = client.get(path)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert (page.status_code, "recovery_code" in page.text) == (200, False)
    return client.post(path, data={"csrf_token": token[1], "password": PASSWORD})  # type: ignore[index]


def test_a_call_gives_a_link_that_works_after_a_day(app: Flask, house: World, ada: Desk) -> None:
    case_id, name = joined(house)
    assert (
        ada.post(f"/admin/cases/{case_id}/sign-in-help", **HEARD).headers["Location"]
        == f"/admin/cases/{case_id}"
    )
    (help_,) = waiting(house, case_id)
    now, clock = house.tools.now(), house.tools.clock
    assert (help_.slot, help_.sign_in_name) == ("a", name)
    assert (help_.opens_at, help_.expires_at) == (now + timedelta(hours=24), now + timedelta(hours=72))
    page = unescape(ada.get(f"/admin/cases/{case_id}").text)
    assert (help_.link in page, name in page) == (True, True)

    clock.move(hours=23, minutes=59)  # type: ignore[attr-defined]
    early = tries(app, help_.link)
    assert (early.status_code, errors(early)) == (
        400, {"password": TOO_EARLY},
    )  # fmt: skip
    clock.move(minutes=1)  # type: ignore[attr-defined]
    done = tries(app, help_.link)
    assert (done.status_code, done.headers["Location"]) == (303, "/my/account")
    assert (tries(app, help_.link).status_code, waiting(house, case_id)) == (400, ())
    assert verbs(house) == ["reset.call_verified", "password.reset"]


def test_it_ends_every_session_and_ends_itself_after_three_days(app: Flask, house: World, ada: Desk) -> None:
    case_id, _ = joined(house)
    ada.post(f"/admin/cases/{case_id}/sign-in-help", **HEARD)
    (help_,) = waiting(house, case_id)
    house.tools.clock.move(hours=72)  # type: ignore[attr-defined]
    assert (tries(app, help_.link).status_code, waiting(house, case_id)) == (400, ())
    ada_again(house)
    ada.post(f"/admin/cases/{case_id}/sign-in-help", **HEARD)
    (help_,) = waiting(house, case_id)
    house.tools.clock.move(hours=24)  # type: ignore[attr-defined]
    assert tries(app, help_.link).status_code == 303
    with house.store.staff.read() as session:
        ended = [at is not None for at in session.scalars(select(table_of(PartnerSession).c.revoked_at))]
    assert sorted(ended) == [False, True]


def ada_again(house: World) -> None:
    """She has just signed in, whatever time it is."""
    now = house.tools.now()
    with house.store.staff.write() as session:
        session.execute(
            update(table_of(StaffSession)).values(last_seen_at=now, authenticated_at=now, created_at=now)
        )


def test_nobody_takes_it_away_by_asking_for_a_mail(house: World, ada: Desk) -> None:
    """Or the partner at home could bar the other by typing their name into a page."""
    case_id, _ = joined(house, email="p@example.org")
    ada.post(f"/admin/cases/{case_id}/sign-in-help", **HEARD)
    with house.store.staff.write() as session:
        account_id = str(session.scalar(select(table_of(Account).c.id)))
        resets.send_link(session, house.tools, account_id=account_id, by=ada.viewer)
    assert len(waiting(house, case_id)) == 1


def test_it_can_be_stopped_within_the_day(app: Flask, house: World, ada: Desk) -> None:
    case_id, _ = joined(house)
    ada.post(f"/admin/cases/{case_id}/sign-in-help", **HEARD)
    (help_,) = waiting(house, case_id)
    house.tools.clock.move(minutes=10)  # type: ignore[attr-defined]
    assert ada.post(f"/admin/cases/{case_id}/sign-in-help", stop="yes", call_slot="a").status_code == 303
    house.tools.clock.move(hours=24)  # type: ignore[attr-defined]
    assert (waiting(house, case_id), tries(app, help_.link).status_code) == ((), 400)
    ada_again(house)
    again = ada.post(f"/admin/cases/{case_id}/sign-in-help", stop="yes", call_slot="a")
    assert (again.status_code, errors(again)) == (
        409,
        {"call_slot": "Whose sign-in: There is no such link any more."},
    )
    assert verbs(house) == ["reset.call_verified", "reset.call_stopped"]


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"call_slot": "a"}, 400, "heard"),
        ({"call_slot": "a", "stop": "maybe"}, 400, "stop"),
        ({"call_slot": "c", "heard": "yes"}, 400, "call_slot"),
        ({"call_slot": "b", "heard": "yes"}, 409, "call_slot"),
    ],
)
def test_what_is_refused(house: World, ada: Desk, fields: dict[str, str], status: int, field: str) -> None:
    case_id, _ = joined(house)
    answer = ada.post(f"/admin/cases/{case_id}/sign-in-help", **fields)
    assert (answer.status_code, list(errors(answer)), waiting(house, case_id)) == (status, [field], ())


def test_it_needs_a_fresh_sign_in(house: World, ada: Desk) -> None:
    case_id, _ = joined(house)
    house.tools.clock.move(minutes=6)  # type: ignore[attr-defined]
    answer = ada.post(f"/admin/cases/{case_id}/sign-in-help", **HEARD)
    assert (answer.status_code, list(errors(answer)), waiting(house, case_id)) == (400, ["password"], ())


def test_only_an_admin_may(sit: Callable[..., Desk], house: World) -> None:
    case_id, _ = joined(house)
    assert sit("Thea", "therapist").post(f"/admin/cases/{case_id}/sign-in-help", **HEARD).status_code == 404


def test_the_services_say_why_not(house: World, ada: Desk) -> None:
    case_id, _ = joined(house)
    for slot, wanted in (("x", BadInput), ("b", OutOfOrder)):
        with pytest.raises(wanted), house.store.staff.write() as session:
            calls.verified(session, house.tools, case_id=case_id, slot=slot, by=ada.viewer)
