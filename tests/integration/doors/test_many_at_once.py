"""Many at once on either engine: nothing is lost, nothing is half, and a lock taken away is noticed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text

from moving_clock import Clock
from partner_rooms import Browser, join, opened_entries, rows_of, settle_practice
from portal import looks, store
from portal.models import CallPlan, Intake, SealedEntry, SectionState, table_of
from portal.services import screening
from portal.services.case_reading import CaseReading
from portal.services.tools import Tools
from portal.store import Store
from portal.workplace import Workplace

SECTIONS = ("reasons", "reflection", "direction", "words")


@pytest.fixture
def one(app: Flask, tools: Tools, clock: Clock) -> Browser:
    """Somebody at the form."""
    held: Store = app.extensions["portal.house"].store
    settle_practice(held)
    person = join(held, tools)
    client = app.test_client()
    client.set_cookie("portal", person.token)
    return Browser(client, person, held, tools)


def tab(browser: Browser) -> Browser:
    """Another tab of the same browser."""
    client = browser.client.application.test_client()
    client.set_cookie("portal", browser.person.token)
    return Browser(client, browser.person, browser.store, browser.tools)


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """All of it in the same moment."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def versions(browser: Browser) -> list[int]:
    with browser.store.staff.read() as session:
        return sorted(session.scalars(select(table_of(SectionState).c.version)))


def draft(browser: Browser, section: str, version: int) -> int:
    return int(browser.draft(section, version, own_words="Words.", lean="1").status_code)


def race(browser: Browser, rounds: int) -> Counter[int]:
    """Four tabs save four sections on the same counter, so many times."""
    tabs = [tab(browser) for _ in SECTIONS]
    told: Counter[int] = Counter()
    for version in range(rounds):
        told.update(at_once([partial(draft, *each, version) for each in zip(tabs, SECTIONS, strict=True)]))
    return told


def test_of_tabs_that_save_on_one_counter_one_is_stored(one: Browser) -> None:
    """Two hundred saves of one intake: each counter is given once, and whoever was late is told so."""
    assert race(one, 50) == {204: 50, 409: 150}
    assert versions(one)[-1] == 50


@pytest.mark.engine("postgresql")
def test_without_the_rows_lock_two_would_be_stored(one: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test above: beside each other and without the row, a counter is given twice."""
    monkeypatch.setattr(store.Door, "is_postgres", property(lambda self: False))
    assert race(one, 50)[204] > 50


def test_a_save_against_the_sending_is_in_it_or_refused(one: Browser) -> None:
    """Whatever was acknowledged was sent; a draft that came too late was told so."""
    with one.store.staff.read() as session:
        key = session.scalars(select(table_of(Intake).c.submit_key)).one()
    tabs = [tab(one) for _ in range(4)]
    sent = tab(one)
    acts: list[Callable[[], Any]] = [
        lambda n=n, each=each: each.draft("words", n, own_words=f"Words {n}.").status_code
        for n, each in enumerate(tabs)
    ]
    *drafts, submitted = at_once([*acts, lambda: sent.post("/my/form/submit", submit_key=key).status_code])
    assert (submitted, set(drafts) <= {204, 409}) == (303, True)
    kept = [body for section, body in opened_entries(one.store, one.tools) if section == "words"]
    assert len(kept) == Counter(drafts)[204]
    assert rows_of(one.store, Intake, "submitted_at")[0][0] is not None


@pytest.mark.engine("postgresql")
def test_saves_of_different_people_do_not_wait_for_one_another(
    app: Flask, one: Browser, tools: Tools
) -> None:
    """While one save holds its row, another person's goes through; a verb that needs to be alone waits."""
    person = join(one.store, tools)
    client = app.test_client()
    client.set_cookie("portal", person.token)
    other = Browser(client, person, one.store, tools)
    mine = select(table_of(Intake).c.id).where(table_of(Intake).c.partner_id == one.person.viewer.partner_id)
    with one.store.partner.write_row(lambda: mine):
        assert other.draft("words", 0, own_words="Words.").status_code == 204
        with one.store.staff.read() as session:
            free = "SELECT pg_try_advisory_xact_lock(7305001), pg_try_advisory_xact_lock_shared(7305001)"
            assert tuple(session.execute(text(free)).one()) == (False, True)


def intake_of(browser: Browser) -> str:
    i = table_of(Intake).c
    with browser.store.staff.read() as session:
        found = session.scalars(select(i.id).where(i.partner_id == browser.person.viewer.partner_id))
        return str(found.one())


@pytest.mark.engine("postgresql")
def test_a_look_of_the_worker_goes_beside_the_saves_of_others(
    app: Flask, one: Browser, tools: Tools, tmp_path: Path
) -> None:
    """Else every save of an evening would wait for every look."""
    person = join(one.store, tools)
    client = app.test_client()
    client.set_cookie("portal", person.token)
    other = Browser(client, person, one.store, tools)
    assert other.draft("safety", 0, fear="none").status_code == 204
    place = Workplace(one.store, tools, tmp_path, lambda *_mail: None, "office@example.org")
    mine, theirs = intake_of(one), intake_of(other)
    with one.store.partner.write_row(
        lambda: select(table_of(Intake).c.id).where(table_of(Intake).c.id == mine)
    ):
        looks.look_into(place, theirs)
    assert [at for (at,) in rows_of(one.store, SealedEntry, "screened_at")] != [None]


@pytest.mark.engine("postgresql")
def test_looks_at_both_of_a_couple_do_not_wait_for_one_another_for_ever(
    app: Flask, one: Browser, tools: Tools
) -> None:
    """Two workers: each holds the person it looks at, and plans calls for both."""
    person = join(one.store, tools, case_id=one.person.case_id, slot="b")
    client = app.test_client()
    client.set_cookie("portal", person.token)
    other = Browser(client, person, one.store, tools)
    assert other.draft("words", 0, own_words="Words.").status_code == 204
    now = tools.now()
    plan = {"partner_id": person.viewer.partner_id, "due_at": now, "level": 1, "sent_at": None}
    gate = threading.Event()

    def look() -> None:
        gate.set()
        with one.store.staff.write_beside(screening.rows(intake_of(other))):
            """It sees what the first one kept."""

    with ThreadPoolExecutor(1) as pool:
        with one.store.staff.write_beside(screening.rows(intake_of(one))) as session:
            second = pool.submit(look)
            assert gate.wait(60)
            with pytest.raises(TimeoutError):
                second.result(0.5)
            session.execute(insert(table_of(CallPlan)), [plan])
        second.result(60)
    assert rows_of(one.store, CallPlan, "level") == [(1,)]


def test_a_save_waits_for_the_look_at_its_own_intake(one: Browser) -> None:
    """Else it would be noted as looked at, and nobody had."""
    with ThreadPoolExecutor(1) as pool:
        with one.store.staff.write_beside(screening.rows(intake_of(one))):
            saved = pool.submit(draft, tab(one), "words", 0)
            with pytest.raises(TimeoutError):
                saved.result(0.5)
        assert saved.result(60) == 204


def test_who_waits_for_the_database_in_a_reading_holds_up_no_other_reading(tools: Tools) -> None:
    """Whoever has the writer's lock reads cases too: one waiting for the other, both would wait for ever."""
    waits, goes_on = threading.Event(), threading.Event()

    class Waiting(CaseReading):
        def all(self, *_statement: Any, **_values: str) -> Any:
            waits.set()
            goes_on.wait(60)
            return ["late"]

    class Quick(CaseReading):
        def all(self, *_statement: Any, **_values: str) -> Any:
            return ["soon"]

    nothing: Any = None
    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(lambda: Waiting(nothing, tools, "one").people)
        assert waits.wait(60)
        soon = Quick(nothing, tools, "other")
        assert pool.submit(lambda: soon.people).result(60) == ["soon"]
        goes_on.set()
        assert late.result(60) == ["late"]
    assert soon.people is soon.people
