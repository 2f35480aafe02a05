"""Staff accounts from the one-time link to the first code, the very first admin included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arrivals import COMMAND, PASSWORD, code, events, rows, staff, verbs

from portal.services import sessions, set_ups, sign_ins
from portal.services.errors import BadInput, Conflict, NotFound, Refused
from portal.services.set_ups import SetUp, StaffMade
from portal.services.tools import Tools
from portal.store import Store

if TYPE_CHECKING:
    from moving_clock import Clock


def create(store: Store, tools: Tools, **changes: str) -> StaffMade:
    values = {"email": "ada@practice.org", "full_name": " Ada  Lovelace ", **changes}
    with store.staff.write() as session:
        return set_ups.create(session, tools, roles=["therapist", "admin"], by=COMMAND, **values)


def first_link(store: Store, tools: Tools) -> str | None:
    with store.staff.write() as session:
        return set_ups.first_link(session, tools, by=COMMAND)


def find(store: Store, tools: Tools, link: str | None) -> SetUp:
    with store.staff.read() as session:
        return set_ups.find(session, tools, token=str(link).rpartition("/")[2])


def finish(store: Store, tools: Tools, held: SetUp, **changes: str) -> str:
    with store.staff.write() as session:
        new_hash = tools.passwords.hash(PASSWORD)
        return set_ups.finish(session, tools, set_up=held, password_hash=new_hash, step=7, **changes)


def test_a_link_shows_the_same_secret_until_it_is_used(store: Store, tools: Tools, clock: Clock) -> None:
    made = create(store, tools)
    held = find(store, tools, made.link)
    link_id = rows(store, "staff_link")[0]["id"]
    assert held == SetUp(
        link_id,
        made.staff_id,
        "ada@practice.org",
        "Ada Lovelace",
        frozenset({"admin", "therapist"}),
        held.secret,
    )
    assert (len(held.secret), find(store, tools, made.link)) == (32, held)
    step = int(clock().timestamp()) // 30
    fits = [set_ups.matching_step(tools, held, typed) for typed in (code(held.secret, clock), "000000x")]
    assert fits == [step, None]
    token = finish(store, tools, held)
    with store.staff.read() as session:
        seat = sessions.find_staff(session, tools, token)
    assert seat is not None
    assert (seat.second_factor, seat.viewer.roles) == (True, {"admin", "therapist"})
    account = rows(store, "staff_account")[0]
    assert (account["totp_step"], account["set_up_at"], account["roles"]) == (
        7,
        tools.now(),
        "admin,therapist",
    )
    with pytest.raises(NotFound):
        find(store, tools, made.link)
    with pytest.raises(Refused, match="unknown_link"):
        finish(store, tools, held)
    assert events(store) == [
        ("staff.created", "system", "staff", made.staff_id),
        ("staff.set_up", "staff", "staff", made.staff_id),
    ]


def test_a_link_lives_a_day_and_until_a_newer_one(store: Store, tools: Tools, clock: Clock) -> None:
    made = create(store, tools)
    with store.staff.write() as session:
        newer = set_ups.new_link(session, tools, staff_id=made.staff_id)
    assert find(store, tools, newer).staff_id == made.staff_id
    with pytest.raises(NotFound):
        find(store, tools, made.link)
    held = find(store, tools, newer)
    clock.move(hours=24)
    with pytest.raises(NotFound):
        find(store, tools, newer)
    with pytest.raises(Refused, match="unknown_link"):
        finish(store, tools, held)
    with pytest.raises(NotFound):
        find(store, tools, "nothing")


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"email": "ada"}, {"email": "invalid"}),
        ({"email": "ada@x.org\nBcc: eve@x.org"}, {"email": "invalid"}),
        ({"email": f"{'a' * 250}@x.org"}, {"email": "invalid"}),
        ({"full_name": "  "}, {"full_name": "invalid"}),
        ({"full_name": "Ada\0"}, {"full_name": "invalid"}),
        ({"full_name": "A" * 201}, {"full_name": "invalid"}),
    ],
)
def test_what_cannot_be_an_account(
    store: Store, tools: Tools, changes: dict[str, str], faults: dict[str, str]
) -> None:
    with pytest.raises(BadInput) as refused:
        create(store, tools, **changes)
    assert (refused.value.faults, rows(store, "staff_account")) == (faults, [])


@pytest.mark.parametrize("roles", [[], ["owner"], ["admin", "owner"]])
def test_roles_are_of_a_fixed_set(roles: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        set_ups.role_set(roles)
    assert refused.value.faults == {"roles": "invalid"}


def test_an_address_stands_for_one_account(store: Store, tools: Tools) -> None:
    create(store, tools)
    with pytest.raises(Conflict, match="email_taken"):
        create(store, tools, email="ADA@practice.org")


def test_the_first_admin_says_who_they_are(store: Store, tools: Tools) -> None:
    older, link = first_link(store, tools), first_link(store, tools)
    with pytest.raises(NotFound):
        find(store, tools, older)
    held = find(store, tools, link)
    assert (held.is_first, held.email, held.roles) == (True, "", {"admin"})
    with pytest.raises(BadInput) as refused:
        finish(store, tools, held, email="nobody", full_name="Ada")
    assert refused.value.faults == {"email": "invalid"}
    finish(store, tools, held, email="ada@practice.org", full_name="Ada")
    with store.staff.read() as session:
        claim = sign_ins.find_staff(session, tools, email="ada@practice.org", device_hash=None)
    assert (claim.id, first_link(store, tools)) == (held.staff_id, None)
    assert verbs(store) == ["staff.first_link_made", "staff.first_link_made", "staff.set_up"]


def test_another_account_takes_the_first_link_away(store: Store, tools: Tools) -> None:
    link = first_link(store, tools)
    made = create(store, tools)
    with pytest.raises(NotFound):
        find(store, tools, link)
    assert [row["id"] for row in rows(store, "staff_account")] == [made.staff_id]
    assert first_link(store, tools) is None


def test_staff_of_the_tests_can_sign_in(store: Store, tools: Tools) -> None:
    staff_id = staff(store, tools, roles="admin,therapist")
    with store.staff.read() as session:
        claim = sign_ins.find_staff(session, tools, email="ada@practice.org", device_hash=None)
    assert (claim.id, sign_ins.is_match(tools, claim, PASSWORD, is_open=True)) == (staff_id, True)
