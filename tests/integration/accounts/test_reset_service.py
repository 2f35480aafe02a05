"""Resets: asked for by anybody, mailed by the worker, worth nothing without a second thing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arrivals import PASSWORD, begun, card_of, code, events, jobs, rows, staff
from sqlalchemy import update

from portal.domain.access import Viewer, system
from portal.models import Account, StaffAccount, table_of
from portal.services import recovery, resets, sessions, sign_ins, totp
from portal.services.errors import Conflict, Refused
from portal.services.resets import Reset
from portal.services.sign_ins import Claim
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import Place

if TYPE_CHECKING:
    from moving_clock import Clock

WORKER = system("worker")


def mails(store: Store, tools: Tools) -> list[tuple[str, str, dict[str, Any]]]:
    """Template, language and opened body of every queued mail."""
    opened = []
    for row in rows(store, "mail"):
        body = tools.vault.unbox("staff", Place("mail", "body_box", row["id"]), row["body_box"])
        opened.append((row["template"], row["language"], json.loads(body)))
    return opened


def send(store: Store, tools: Tools, account_id: str) -> str:
    """Send a partner's link; returns its token, "" when none was sent."""
    before = len(rows(store, "mail"))
    with store.staff.write() as session:
        resets.send_link(session, tools, account_id=account_id, by=WORKER)
    sent = mails(store, tools)[before:]
    return str(sent[0][2]["params"]["link"]).rpartition("/")[2] if sent else ""


def send_staff(store: Store, tools: Tools, staff_id: str) -> str:
    before = {row["id"] for row in rows(store, "mail")}
    with store.staff.write() as session:
        resets.send_staff_link(session, tools, staff_id=staff_id, by=WORKER)
    new = [row for row in rows(store, "mail") if row["id"] not in before]
    if not new:
        return ""
    body = tools.vault.unbox("staff", Place("mail", "body_box", new[0]["id"]), new[0]["body_box"])
    return str(json.loads(body)["params"]["link"]).rpartition("/")[2]


def found(store: Store, tools: Tools, token: str) -> Reset | None:
    with store.partner.read() as session:
        return resets.find(session, tools, token=token)


def found_staff(store: Store, tools: Tools, token: str) -> Reset | None:
    with store.staff.read() as session:
        return resets.find_staff(session, tools, token=token)


def test_asking_queues_a_job_about_somebody_or_nobody(store: Store, tools: Tools) -> None:
    asked = [
        (Claim("partner", "k", "account"), True),
        (Claim("partner", "k"), True),
        (Claim("partner", "k", "account"), False),
        (Claim("staff", "k", "staff"), True),
    ]
    with store.partner.write() as session:
        for claim, is_open in asked:
            resets.ask(session, tools, claim=claim, is_open=is_open)
    assert jobs(store) == [
        ("reset_link", ""),
        ("reset_link", ""),
        ("reset_link", "account"),
        ("staff_reset_link", "staff"),
    ]


def test_the_mail_goes_to_the_address_given_and_says_nothing_else(store: Store, tools: Tools) -> None:
    joined = begun(store, tools, email="p@example.org")
    token = send(store, tools, joined.account_id)
    link = f"http://127.0.0.1:8000/password/reset/{token}"
    assert mails(store, tools) == [("sign_in_help", "en", {"to": "p@example.org", "params": {"link": link}})]
    assert events(store)[-1] == ("reset.link_sent", "system", "account", joined.account_id)


def test_nobody_gets_a_link_without_an_address_or_with_a_closed_account(store: Store, tools: Tools) -> None:
    without, closed = begun(store, tools), begun(store, tools, email="p@example.org")
    with store.staff.write() as session:
        account = table_of(Account)
        close = update(account).where(account.c.id == closed.account_id)
        session.execute(close.values(disabled_at=tools.now()))
    assert [send(store, tools, one) for one in (without.account_id, closed.account_id, "")] == ["", "", ""]


def test_the_link_needs_the_recovery_code_and_ends_every_session(store: Store, tools: Tools) -> None:
    joined = begun(store, tools, email="p@example.org")
    card = card_of(store, tools, joined)
    reset = found(store, tools, send(store, tools, joined.account_id))
    assert reset is not None
    fits = [resets.is_match(tools, reset, typed) for typed in (card["recovery_code"].lower(), "0000", "")]
    assert (fits, resets.is_match(tools, None, card["recovery_code"])) == ([True, False, False], False)
    with store.partner.write() as session:
        token = resets.finish(
            session, tools, reset=reset, new_hash="new", code="N3W", code_hash="code hash", device_hash=None
        )
    account = rows(store, "account")[0]
    assert (account["password_hash"], account["recovery_hash"]) == ("new", "code hash")
    with store.partner.read() as session:
        seat = sessions.find_partner(session, tools, token)
        assert sessions.find_partner(session, tools, joined.token) is None
    assert seat is not None
    fresh = rows(store, "partner_session", id=seat.viewer.session_id)[0]
    shown = tools.vault.unbox("partner", Place("partner_session", "card_box", fresh["id"]), fresh["card_box"])
    assert json.loads(shown) == {"recovery_code": "N3W"}
    assert events(store)[-1] == ("password.reset", "partner", "account", joined.account_id)


def test_a_link_works_once_for_thirty_minutes_and_until_a_newer_one(
    store: Store, tools: Tools, clock: Clock
) -> None:
    joined = begun(store, tools, email="p@example.org")
    first, second = (send(store, tools, joined.account_id) for _ in range(2))
    assert found(store, tools, first) is None
    reset = found(store, tools, second)
    assert reset is not None
    clock.move(minutes=30)
    assert found(store, tools, second) is None
    clock.move(minutes=-1)
    with store.partner.write() as session:
        options = {"new_hash": "n", "code": "c", "code_hash": "c", "device_hash": None}
        resets.finish(session, tools, reset=reset, **options)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="unknown_link"), store.partner.write() as session:
        resets.finish(session, tools, reset=reset, **options)  # type: ignore[arg-type]
    assert (found(store, tools, second), found(store, tools, "x")) == (None, None)


def test_staff_need_a_code_of_their_authenticator(store: Store, tools: Tools, clock: Clock) -> None:
    staff_id = staff(store, tools)
    token = send_staff(store, tools, staff_id)
    assert (token.startswith("staff-"), [mail[0] for mail in mails(store, tools)]) == (True, ["staff_reset"])
    reset = found_staff(store, tools, token)
    assert reset == Reset(
        rows(store, "staff_link", purpose="reset")[0]["id"], Viewer(kind="staff", id=staff_id)
    )
    clock.move(seconds=30)
    with store.staff.read() as session:
        held = sign_ins.authenticator(session, tools, staff_id=staff_id)
    step = totp.matching_step(held.secret, code(held.secret, clock), at=clock(), after=held.last_step)
    assert step is not None
    with pytest.raises(Conflict, match="code_used"), store.staff.write() as session:
        resets.finish_staff(session, tools, reset=reset, new_hash="x", step=held.last_step)
    new_hash = tools.passwords.hash("another long password")
    with store.staff.write() as session:
        resets.finish_staff(session, tools, reset=reset, new_hash=new_hash, step=step)
    assert [row["revoked_at"] for row in rows(store, "staff_session")] == [tools.now()]
    with store.staff.read() as session:
        claim = sign_ins.find_staff(session, tools, email="ada@practice.org", device_hash=None)
    changed = [
        sign_ins.is_match(tools, claim, word, is_open=True) for word in (PASSWORD, "another long password")
    ]
    assert (changed, found_staff(store, tools, token)) == ([False, True], None)
    assert events(store)[-1] == ("password.reset", "staff", "staff", staff_id)


def test_staff_who_are_not_set_up_or_disabled_get_no_link(store: Store, tools: Tools) -> None:
    staff_id = staff(store, tools)
    with store.staff.write() as session:
        session.execute(update(table_of(StaffAccount)).values(set_up_at=None))
    assert [send_staff(store, tools, one) for one in (staff_id, "")] == ["", ""]


def test_a_newer_staff_link_ends_the_older(store: Store, tools: Tools) -> None:
    staff_id = staff(store, tools)
    first, second = (send_staff(store, tools, staff_id) for _ in range(2))
    assert [found_staff(store, tools, token) is not None for token in (first, second)] == [False, True]


def test_a_recovery_code_is_compared_as_it_was_meant(store: Store, tools: Tools) -> None:
    reset = Reset("l", Viewer(kind="partner"), tools.passwords.hash(recovery.canonical("0123-ABCD")))
    assert resets.is_match(replace(tools), reset, "o i 2 3 abcd") is True
