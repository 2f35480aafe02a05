"""Everybody at once: one winner each, and nothing lost (T10)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from cast import Cast
from moving_clock import Clock
from partner_rooms import Browser, join, rows_of
from portal.models import Account, AuditEvent, Intake, Job, Partner
from portal.services import joining, sign_ins
from portal.services.errors import Conflict, Refused
from portal.services.tools import Tools
from portal.store import Store


def at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do all of it in the same moment; what each gave, or the refusal it met."""
    all_acts = list(acts)
    gate = threading.Barrier(len(all_acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return act()
        except Refused as refused:
            return refused.reason

    with ThreadPoolExecutor(len(all_acts)) as pool:
        return list(pool.map(run, all_acts))


def test_t10_of_many_who_open_one_invitation_one_joins(company: Cast) -> None:
    pair = company.couple()
    newcomers = [
        joining.prepare(company.tools, password="harvest moon over water", language="en") for _ in range(8)
    ]

    def act(newcomer: joining.Newcomer) -> joining.Joined:
        with company.store.partner.write() as session:
            return joining.join(session, company.tools, token=pair.a.token, newcomer=newcomer)

    joined = at_once(lambda one=one: act(one) for one in newcomers)  # type: ignore[misc]
    partners = Counter(case for (case,) in rows_of(company.store, Partner, "case_id"))
    assert len({one.account_id for one in joined}) == 8
    assert (partners[pair.id], sorted(partners.values())) == (2, [1] * 7 + [2])
    accounts = {partner for (partner,) in rows_of(company.store, Account, "partner_id")}
    mine = [row for row in rows_of(company.store, Partner, "case_id", "id") if row[0] == pair.id]
    assert len([one for _, one in mine if one in accounts]) == 1


def test_t45_of_two_with_the_same_code_one_gets_in(company: Cast) -> None:
    thea = company.therapist()

    def act() -> str:
        with company.store.staff.write() as session:
            sign_ins.spend_step(session, staff_id=thea.id, step=60_000_000)
        return "in"

    assert sorted(at_once([act] * 6)) == ["code_used"] * 5 + ["in"]
    assert issubclass(Conflict, Refused)


def crowd(app: Flask, tools: Tools, size: int) -> list[Browser]:
    """This many people at the form."""
    store: Store = app.extensions["portal.house"].store
    people = [join(store, tools) for _ in range(size)]
    seated = []
    for person in people:
        client = app.test_client()
        client.set_cookie("portal", person.token)
        seated.append(Browser(client, person, store, tools))
    return seated


def patiently(ask: Callable[[], int]) -> int:
    """Ask again where the answer is "busy, later": on a busy machine a writer may wait for longer than the
    ten seconds a request has.
    """
    for _ in range(5):
        if (status := ask()) != 503:
            return status
    return 503


def submits(browser: Browser, key: str) -> int:
    """One press of the button."""
    client = browser.client.application.test_client()
    client.set_cookie("portal", browser.person.token)
    body = {"csrf_token": browser.csrf(), "submit_key": key}
    return patiently(lambda: int(client.post("/my/form/submit", data=body).status_code))


def saves(browser: Browser) -> int:
    """One draft of the last section."""
    return patiently(lambda: int(browser.draft("words", 0, own_words="Words.").status_code))


def sent_once(app: Flask, tools: Tools, size: int, workers: int) -> None:
    """Everybody saves something and presses twice; one sending each, and its job and event."""
    people = crowd(app, tools, size)
    keys = dict(rows_of(people[0].store, Intake, "partner_id", "submit_key"))
    presses = [one for one in people for _ in range(2)]
    with ThreadPoolExecutor(workers) as pool:
        saved = list(pool.map(saves, people))
        sent = list(pool.map(lambda one: submits(one, keys[one.person.viewer.partner_id]), presses))
    assert (set(saved), set(sent)) == ({204}, {303})
    store = people[0].store
    with store.staff.read() as session:
        once = session.execute(text("SELECT count(*) FROM intake WHERE submitted_at IS NOT NULL")).scalar()
        words = session.execute(text("SELECT count(*) FROM sealed_entry WHERE section='words'")).scalar()
    told = Counter(verb for (verb,) in rows_of(store, AuditEvent, "verb"))
    jobs = Counter(kind for (kind,) in rows_of(store, Job, "kind"))
    assert (once, words, told["intake.sent"], jobs["submitted"]) == (size, size, size, size)


def test_double_presses_of_a_few_send_once_each(app: Flask, tools: Tools, clock: Clock) -> None:
    sent_once(app, tools, 6, 8)


@pytest.mark.faults
def test_two_hundred_send_at_once(app: Flask, tools: Tools, clock: Clock) -> None:
    sent_once(app, tools, 200, 16)
