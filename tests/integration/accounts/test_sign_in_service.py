"""Signing in at the services: who is meant, what fits, what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from arrivals import PASSWORD, begun, card_of, code, events, rows, staff, verbs, viewer_of
from sqlalchemy import event, update

from portal.domain.access import Viewer
from portal.models import Account, StaffAccount, table_of
from portal.services import sessions, sign_ins, totp
from portal.services.errors import Conflict
from portal.services.sign_ins import Claim
from portal.services.throttles import Knock
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Vault

if TYPE_CHECKING:
    from moving_clock import Clock


def partner_claim(store: Store, tools: Tools, name: str, device_hash: str | None = None) -> Claim:
    with store.partner.read() as session:
        return sign_ins.find_partner(session, tools, name=name, device_hash=device_hash)


def staff_claim(store: Store, tools: Tools, email: str, device_hash: str | None = None) -> Claim:
    with store.staff.read() as session:
        return sign_ins.find_staff(session, tools, email=email, device_hash=device_hash)


@pytest.mark.parametrize("typed", ["{}", "  {} ", "{upper}", "{spaced}", "{wide}"])
def test_a_name_is_read_however_it_is_typed(store: Store, tools: Tools, typed: str) -> None:
    joined = begun(store, tools)
    name = card_of(store, tools, joined)["sign_in_name"]
    wide = name.replace("a", "ａ")
    forms = typed.format(name, upper=name.upper(), spaced=name.replace("-", "  "), wide=wide)
    claim = partner_claim(store, tools, forms)
    assert (claim.id, claim.partner_id, claim.knows_device) == (joined.account_id, joined.partner_id, False)
    assert sign_ins.is_match(tools, claim, PASSWORD, is_open=True)


def test_what_never_fits(store: Store, tools: Tools) -> None:
    name = card_of(store, tools, begun(store, tools))["sign_in_name"]
    known, unknown = partner_claim(store, tools, name), partner_claim(store, tools, "no-such-name")
    tried = [(known, "wrong password here", True), (known, PASSWORD, False), (unknown, PASSWORD, True)]
    assert [sign_ins.is_match(tools, claim, word, is_open=is_open) for claim, word, is_open in tried] == [
        False,
        False,
        False,
    ]
    with store.staff.write() as session:
        session.execute(update(table_of(Account)).values(disabled_at=tools.now()))
    assert replace(partner_claim(store, tools, name), key="") == Claim("partner", "")


def test_known_and_unknown_names_cost_the_same_statements(store: Store, tools: Tools) -> None:
    name = card_of(store, tools, begun(store, tools))["sign_in_name"]
    traces = []
    for typed in (name, "no-such-name"):
        seen: list[str] = []

        def note(conn: object, cursor: object, text: str, *rest: object, seen: list[str] = seen) -> None:
            seen.append(text)

        event.listen(store.partner.engine, "before_cursor_execute", note)
        claim = partner_claim(store, tools, typed)
        with store.partner.write() as session:
            sign_ins.deny(session, tools, claim=claim)
        event.remove(store.partner.engine, "before_cursor_execute", note)
        traces.append(seen)
    assert traces[0] == traces[1]
    assert [row[0] for row in events(store)[-2:]] == ["sign_in.denied", "sign_in.denied"]


def test_a_device_is_known_to_the_account_that_signed_in_there(store: Store, tools: Tools) -> None:
    device = sign_ins.device_digest(tools, "d" * 43)
    name = card_of(store, tools, begun(store, tools, device_hash=device))["sign_in_name"]
    other = card_of(store, tools, begun(store, tools))["sign_in_name"]
    here = partner_claim(store, tools, name, device)
    assert here.knock(source="home", device_hash=device) == Knock(here.key, "home", device)
    elsewhere = partner_claim(store, tools, name, "e" * 64)
    assert elsewhere.knock(source="home", device_hash="e" * 64) == Knock(here.key, "home", None)
    assert not partner_claim(store, tools, other, device).knows_device
    assert sign_ins.device_digest(tools, None) is None


def test_entering_keeps_the_name_and_begins_a_session(store: Store, tools: Tools, clock: Clock) -> None:
    joined = begun(store, tools)
    claim = partner_claim(store, tools, card_of(store, tools, joined)["sign_in_name"])
    clock.move(minutes=1)
    with store.partner.write() as session:
        token = sign_ins.enter_partner(session, tools, claim=claim, device_hash="d" * 64)
    with store.partner.read() as session:
        seat = sessions.find_partner(session, tools, token)
    assert seat is not None
    assert (seat.viewer.id, seat.kept) == (joined.account_id, True)
    kept_at = rows(store, "account")[0]["kept_at"]
    again = partner_claim(store, tools, card_of(store, tools, joined)["sign_in_name"])
    clock.move(minutes=1)
    with store.partner.write() as session:
        sign_ins.enter_partner(session, tools, claim=again, device_hash=None)
    assert rows(store, "account")[0]["kept_at"] == kept_at
    assert events(store)[-1] == ("sign_in.done", "partner", "account", joined.account_id)


@pytest.mark.parametrize("change", ["password_hash", "disabled_at"])
def test_nobody_enters_by_a_password_that_was_changed_while_it_was_tried(
    store: Store, tools: Tools, change: str
) -> None:
    name = card_of(store, tools, begun(store, tools))["sign_in_name"]
    staff(store, tools)
    partner, ada = partner_claim(store, tools, name), staff_claim(store, tools, "ada@practice.org")
    values = {change: "new" if change == "password_hash" else tools.now()}
    with store.staff.write() as session:
        session.execute(update(table_of(Account)).values(**values))
        session.execute(update(table_of(StaffAccount)).values(**values))
    with pytest.raises(Conflict, match="changed"), store.partner.write() as session:
        sign_ins.enter_partner(session, tools, claim=partner, device_hash=None)
    with pytest.raises(Conflict, match="changed"), store.staff.write() as session:
        sign_ins.enter_staff_half(session, tools, claim=ada)
    assert not {"sign_in.done", "sign_in.password_given"} & set(verbs(store))


def test_no_code_makes_a_whole_session_of_a_half_one_that_was_ended(
    store: Store, tools: Tools, clock: Clock
) -> None:
    staff(store, tools)
    with store.staff.write() as session:
        claim = sign_ins.find_staff(session, tools, email="ada@practice.org", device_hash=None)
        token = sign_ins.enter_staff_half(session, tools, claim=claim)
        half = sessions.find_staff(session, tools, token)
        assert half is not None
        sessions.end_all(session, tools, half.viewer, keep_current=False)
    with pytest.raises(Conflict, match="ended"), store.staff.write() as session:
        sign_ins.enter_staff(session, tools, half=half.viewer, step=99_999_999, device_hash=None)


def test_staff_sign_in_by_e_mail_in_two_steps(store: Store, tools: Tools, clock: Clock) -> None:
    staff_id = staff(store, tools, email="Ada@Practice.org")
    assert [sign_ins.is_staff_name(name) for name in ("ada@practice.org", "amber-canoe-willow")] == [
        True,
        False,
    ]
    claim = staff_claim(store, tools, " ADA@practice.ORG ")
    assert (claim.id, sign_ins.is_match(tools, claim, PASSWORD, is_open=True)) == (staff_id, True)
    with store.staff.write() as session:
        token = sign_ins.enter_staff_half(session, tools, claim=claim)
    with store.staff.read() as session:
        half = sessions.find_staff(session, tools, token)
        held = sign_ins.authenticator(session, tools, staff_id=staff_id)
    assert half is not None
    assert not half.second_factor
    clock.move(seconds=30)
    step = totp.matching_step(held.secret, code(held.secret, clock), at=clock(), after=held.last_step)
    assert step == held.last_step + 1
    with store.staff.write() as session:
        whole = sign_ins.enter_staff(session, tools, half=half.viewer, step=step, device_hash="d" * 64)
    with store.staff.read() as session:
        seat = sessions.find_staff(session, tools, whole)
        assert sessions.find_staff(session, tools, token) is None
    assert seat is not None
    assert seat.second_factor
    assert staff_claim(store, tools, "ada@practice.org", "d" * 64).knows_device
    assert verbs(store) == ["sign_in.done", "sign_in.password_given", "staff.created", "staff.set_up"]


def test_a_step_counts_once_even_at_the_same_moment(store: Store, tools: Tools) -> None:
    staff_id = staff(store, tools)
    with store.staff.write() as session:
        sign_ins.spend_step(session, staff_id=staff_id, step=99_999_999)
    with pytest.raises(Conflict, match="code_used"), store.staff.write() as session:
        sign_ins.spend_step(session, staff_id=staff_id, step=99_999_999)


def test_nobody_of_the_staff_is_found_where_nobody_can_be(store: Store, tools: Tools) -> None:
    staff(store, tools)
    assert staff_claim(store, tools, "eve@practice.org").id == ""
    with store.staff.write() as session:
        session.execute(update(table_of(StaffAccount)).values(disabled_at=tools.now()))
    assert staff_claim(store, tools, "ada@practice.org").id == ""
    partner_only = Vault(
        public=tools.vault._keys.public, private=None, partner=tools.vault._keys.partner, staff=None
    )
    assert staff_claim(store, replace(tools, vault=partner_only), "ada@practice.org") == Claim("staff", "")


def test_a_refused_staff_sign_in_and_a_refused_code_are_kept(store: Store, tools: Tools) -> None:
    staff_id = staff(store, tools)
    joined = begun(store, tools)
    with store.staff.write() as session:
        sign_ins.deny(session, tools, claim=staff_claim(store, tools, "ada@practice.org"))
        sign_ins.deny_code(session, tools, by=Viewer(kind="staff", id=staff_id))
        sign_ins.deny_code(session, tools, by=viewer_of(store, joined))
    assert events(store)[-3:] == [
        ("sign_in.denied", "anonymous", "staff", staff_id),
        ("sign_in.code_denied", "staff", "staff", staff_id),
        ("sign_in.code_denied", "partner", "account", joined.account_id),
    ]


def test_confirming_makes_a_session_fresh_again(store: Store, tools: Tools, clock: Clock) -> None:
    joined, staff_id = begun(store, tools), staff(store, tools)
    partner = viewer_of(store, joined)
    with store.staff.write() as session:
        sessions.open_staff(session, tools, staff_id=staff_id, second_factor=True)
    seats = rows(store, "staff_session")
    somebody = Viewer(kind="staff", id=staff_id, session_id=seats[-1]["id"])
    clock.move(minutes=9)
    with store.partner.write() as session:
        claim = sign_ins.own_claim(session, by=partner)
        sign_ins.confirm(session, tools, by=partner)
    with store.staff.write() as session:
        own = sign_ins.own_claim(session, by=somebody)
        sign_ins.confirm(session, tools, by=somebody, step=99_999_999)
    assert [sign_ins.is_match(tools, one, PASSWORD, is_open=True) for one in (claim, own)] == [True, True]
    fresh = [
        rows(store, "partner_session")[0]["authenticated_at"],
        rows(store, "staff_session", id=somebody.session_id)[0]["authenticated_at"],
    ]
    assert fresh == [tools.now(), tools.now()]
    assert [row[0] for row in events(store)[-2:]] == ["sign_in.confirmed", "sign_in.confirmed"]
