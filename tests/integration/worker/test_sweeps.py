"""The sweep: everything due, one fault never in the way of the rest, nothing written when nothing is due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from cast import OFFICE, Cast, Pair
from portal import alarm as alarms
from portal import worker
from portal.domain.access import Viewer
from portal.models import AnswerSet, Job, Mail, SealedEntry, table_of
from portal.services import (
    audit_chain,
    happenings,
    invitations,
    jobs,
    mails,
    openings,
    routing,
    screening,
    set_ups,
)
from portal.services.errors import Conflict
from portal.workplace import Workplace

LOOK = "Please look at the caseload"


def _rows(cast: Cast, model: Any, *columns: str) -> list[tuple[Any, ...]]:
    c = table_of(model).c
    with cast.store.staff.read() as session:
        return [tuple(row) for row in session.execute(select(*[c[name] for name in columns]))]


def _add(cast: Cast, kind: str, subject_id: str) -> None:
    with cast.store.staff.write() as session:
        jobs.add(session, cast.tools, kind=kind, subject_id=subject_id)


def test_one_failing_job_does_not_stop_the_others_and_is_tried_again(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    cast = pair.cast
    _add(cast, "route", pair.id)
    _add(cast, "submitted", "no-such-intake")
    _add(cast, "unheard_of", "x")
    cast.works()
    told = sorted(_rows(cast, Job, "kind", "attempts", "last_error", "done_at"))
    waiting = [row for row in told if row[3] is None]
    assert waiting == [("submitted", 1, "IntegrityError", None), ("unheard_of", 1, "KeyError", None)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    cast.clock.move(minutes=1)
    cast.works()
    assert sorted(row[1] for row in _rows(cast, Job, "kind", "attempts", "done_at") if row[2] is None) == [
        2,
        2,
    ]


def test_errors_are_told_by_place_and_class_and_never_by_their_text(
    pair: Pair, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_given: object, **_named: object) -> None:
        raise ValueError("Ana told us of a weapon")

    monkeypatch.setattr(screening, "look", burst)
    pair.a.joins().saves("safety", harm_received__weapon="past_year")
    pair.cast.works()
    assert "weapon" not in caplog.text
    assert "screening failed: ValueError at test_sweeps.py:" in caplog.text


def test_a_bad_save_does_not_keep_the_others_waiting(company: Cast, pair: Pair) -> None:
    other = company.couple()
    for one in (pair, other):
        one.a.joins().saves("safety", harm_received__strangled="earlier")
    with company.store.staff.write() as session:
        c = table_of(SealedEntry).c
        session.execute(
            table_of(SealedEntry).update().where(c.intake_id == pair.a.intake_id).values(body_sealed=b"x")
        )
    company.works()
    assert [len(one.views()) for one in (pair, other)] == [0, 1]


def test_a_bad_mail_does_not_keep_the_others_waiting(pair: Pair) -> None:
    cast = pair.cast
    with cast.store.staff.write() as session:
        for template, to in (
            ("no_such_template", "a@example.org"),
            ("on_call_alert", "b@example.org\nBcc: c@example.org"),
            ("on_call_alert", "d@example.org"),
        ):
            mails.queue(
                session, cast.tools, template=template, to=to, language="en", params={"link": "http://x"}
            )
    cast.works()
    assert cast.subjects() == [("d@example.org", LOOK)]
    unsent = [row[1:] for row in _rows(cast, Mail, "sent_at", "template", "attempts") if row[0] is None]
    assert sorted(unsent) == [("no_such_template", 1), ("on_call_alert", 1)]


def test_a_mail_that_could_not_go_out_goes_out_later(pair: Pair) -> None:
    cast, tries = pair.cast, []

    def carry(message: EmailMessage, _mail_id: str) -> None:
        tries.append(message["Message-ID"])
        if len(tries) == 1:
            raise OSError("no network")

    place = Workplace(cast.store, cast.tools, cast.folder, carry, "office@example.org")
    with cast.store.staff.write() as session:
        mails.queue(session, cast.tools, template="on_call_alert", to="t@example.org", language="en",
                    params={"link": "http://x"})  # fmt: skip
    worker.sweep(place)
    assert len(tries) == 1
    cast.clock.move(minutes=1)
    worker.sweep(place)
    worker.sweep(place)
    assert len(tries) == 2
    assert len(set(tries)) == 1


def _asks_again(pair: Pair, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> list[float]:
    """A route that takes so long and asks for itself again; when each began."""
    rounds: list[float] = []

    def more(place: Workplace, _case: str) -> None:
        rounds.append(time.monotonic())
        time.sleep(seconds)
        with place.store.staff.write() as session:
            jobs.add(session, place.tools, kind="route", subject_id=pair.id)

    monkeypatch.setitem(worker.HANDLERS, "route", more)
    _add(pair.cast, "route", pair.id)
    return rounds


def test_a_command_does_not_work_for_a_busy_portal_without_an_end(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each job asks for another one, as somebody does who saves without a pause."""
    rounds = _asks_again(pair, monkeypatch)
    worker.sweep(pair.cast.place, seconds=0)
    assert len(rounds) == 1
    worker.sweep(pair.cast.place)
    assert len(rounds) > 100


def test_a_stop_waits_for_one_round_and_loses_no_job(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of a long report there may be a hundred slices to come."""
    rounds = _asks_again(pair, monkeypatch, seconds=0.1)
    shift = alarms.Alarm(tmp_path / "jobs.queue").start(pair.cast.place)
    until = time.monotonic() + 60
    while not rounds and time.monotonic() < until:
        time.sleep(0.01)
    shift.stop()
    assert 0 < len(rounds) < 50
    assert ("route", None) in _rows(pair.cast, Job, "kind", "done_at")
    before = len(rounds)
    worker.sweep(pair.cast.place, is_over=lambda: True)
    assert len(rounds) == before


def test_what_takes_long_is_the_last_of_a_round(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for kind in ("export", "left", "submitted"):
        monkeypatch.setitem(worker.HANDLERS, kind, lambda _place, _it, kind=kind: done.append(kind))
        _add(pair.cast, kind, "x")
        pair.cast.clock.move(seconds=1)
    pair.cast.works()
    assert [kind for kind in done if kind != "route"] == ["left", "submitted", "export"]


def test_nothing_due_writes_nothing(pair: Pair) -> None:
    pair.a.joins().sends()
    pair.cast.works()
    written: list[str] = []

    def note(_c: object, _cursor: object, sql: str, *_rest: object) -> None:
        if not sql.startswith(("SELECT", "BEGIN", "PRAGMA")):
            written.append(sql)

    event.listen(pair.cast.store.staff.engine, "before_cursor_execute", note)
    pair.cast.clock.move(minutes=5)
    pair.cast.works()
    assert written == []


def test_every_event_is_chained_after_a_sweep(pair: Pair) -> None:
    pair.a.joins().sends()
    pair.cast.works()
    with pair.cast.store.staff.read() as session:
        checked, fault = audit_chain.verify(session, pair.cast.tools)
    assert (checked > 20, fault) == (True, None)


def test_a_sent_intake_becomes_one_sealed_whole_and_staff_hear_of_it(pair: Pair) -> None:
    pair.a.joins().sends(lean="4")
    with pair.cast.store.staff.read() as session:
        before = openings.answers(session, pair.cast.tools, pair.a.intake_id)
    pair.cast.works()
    assert pair.cast.subjects() == [("thea@example.org", LOOK)]
    with pair.cast.store.staff.read() as session:
        assert openings.answers(session, pair.cast.tools, pair.a.intake_id) == before
        assert happenings.merged_answers(session, pair.cast.tools, intake_id=pair.a.intake_id) is None
    assert len(_rows(pair.cast, AnswerSet, "id")) == 1
    # A job that runs a second time changes nothing.
    _add(pair.cast, "submitted", pair.a.intake_id)
    pair.cast.works()
    assert len(_rows(pair.cast, AnswerSet, "id")) == 1


@pytest.mark.parametrize(
    ("kind", "body", "is_told"),
    [
        ("message", {"text": "Hello."}, True),
        ("addition", {"text": "One more thing."}, True),
        ("withdrawal", {"reason": ""}, True),
        ("appointment_answer", {"choice": "fits"}, True),
        ("contact", {"channel": "text"}, False),
    ],
)
def test_staff_hear_of_what_a_partner_says(
    pair: Pair, kind: Any, body: dict[str, str], is_told: bool
) -> None:
    pair.a.joins()
    pair.cast.works()
    pair.a.says(kind, **body)
    pair.cast.works()
    assert pair.cast.subjects() == [("thea@example.org", LOOK)] * is_told


def test_an_alert_reaches_every_therapist_while_the_assigned_one_has_not_set_up(company: Cast) -> None:
    company.therapist()
    with company.store.staff.write() as session:
        set_ups.create(
            session, company.tools, email="new@example.org", full_name="Nell New", roles=("therapist",),
            by=OFFICE,
        )  # fmt: skip
    pair = company.couple(therapist="new@example.org")
    pair.a.joins().saves("safety", harm_received__weapon="past_year")
    company.works()
    assert company.subjects() == [("on-call@example.org", LOOK), ("thea@example.org", LOOK)]


def test_a_wish_to_invite_is_held_and_the_newest_counts(company: Cast, thea: Viewer) -> None:
    single = company.couple(both=False)
    single.a.joins()
    ids = []
    for address in ("slip@example.org", "right@example.org"):
        ids.append(single.a.says("partner_choice", choice="invite", channel="email", address=address))
        company.clock.move(minutes=1)
        company.works()
    # The first job once more, as after a killed worker: the newest wish still counts.
    _add(company, "statement", ids[0])
    company.works()
    with company.store.staff.read() as session:
        held = [
            (view.slot, view.state, view.address)
            for view in invitations.of_case(session, company.tools, single.id)
            if view.state == "held"
        ]
    assert held == [("b", "held", "right@example.org")]
    assert "slip@example.org" not in [mail["To"] for mail in company.outbox]


def test_a_second_claim_tells_staff(pair: Pair) -> None:
    pair.a.joins()
    pair.cast.works()
    pair.cast.subjects()
    type(pair.a)(pair.cast, "", "a", pair.a.token).joins()
    pair.cast.works()
    assert pair.cast.subjects() == [("thea@example.org", LOOK)]


def test_a_claim_on_nothing_routes_its_own_case_alone(pair: Pair) -> None:
    _add(pair.cast, "second_claim", pair.id)
    pair.cast.works()
    assert pair.cast.subjects() == []


@pytest.mark.parametrize("module", [screening, routing])
def test_a_worker_looks_again_and_gives_up_when_it_never_stands_still(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    pair.a.joins().sends()
    name, tries = {screening: "note", routing: "keep"}[module], []
    real = getattr(module, name)

    def moved(*given: Any, **named: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise Conflict("moved")
        return real(*given, **named)

    monkeypatch.setattr(module, name, moved)
    pair.cast.works()
    assert pair.route() == ("wait", "partner_not_submitted")

    def never(*_given: Any, **_named: Any) -> Any:
        raise Conflict("moved")

    monkeypatch.setattr(module, name, never)
    _add(pair.cast, "submitted", pair.a.intake_id)
    pair.cast.works()
    open_jobs = [row for row in _rows(pair.cast, Job, "kind", "last_error", "done_at") if row[2] is None]
    assert [job for job in open_jobs if job[0] != "recheck"] == [("submitted", "Conflict", None)]


def test_a_quick_walk_through_the_form_is_looked_at_once(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends soon after a dozen saves must not wait for a dozen looks."""
    pair.a.joins()
    pair.cast.works()
    pair.a.fills()
    pair.a.submits()
    done = []
    for kind, handler in worker.HANDLERS.items():

        def counted(place: Workplace, subject: str, kind: str = kind, handler: Any = handler) -> None:
            done.append(kind)
            handler(place, subject)

        monkeypatch.setitem(worker.HANDLERS, kind, counted)
    waiting = [kind for kind, done_at in _rows(pair.cast, Job, "kind", "done_at") if done_at is None]
    pair.cast.works()
    assert (len(waiting) > 3, sorted(done)) == (True, ["left", "submitted"])
    assert [
        row for row in _rows(pair.cast, Job, "kind", "done_at") if row[1] is None and row[0] != "recheck"
    ] == []


def _looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen, real = list[str](), screening.look

    def look(session: Any, tools: Any, *, intake_id: str) -> Any:
        seen.append(intake_id)
        return real(session, tools, intake_id=intake_id)

    monkeypatch.setattr(screening, "look", look)
    return seen


def _opened(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tables of which something sealed was opened."""
    seen, vault = list[str](), type(cast.tools.vault)
    real = vault.open

    def opening(self: Any, place: Any, blob: bytes) -> Any:
        seen.append(place.table)
        return real(self, place, blob)

    monkeypatch.setattr(vault, "open", opening)
    return seen


def test_a_save_and_leaving_are_one_look(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.a.joins().saves("safety", harm_received__weapon="past_year")
    pair.a.saves("safety", "next", harm_received__weapon="past_year")
    looked = _looked(monkeypatch)
    pair.cast.works()
    assert looked == [pair.a.intake_id]
    assert [state for *_, state in pair.findings()] == ["latched"]


def test_saves_that_say_nothing_before_they_are_sent_are_not_opened(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.joins().saves("words", own_words="We were happy in the old flat.")
    opened, looked = _opened(pair.cast, monkeypatch), _looked(monkeypatch)
    pair.cast.works()
    pair.a.saves("safety", fear="none")
    pair.cast.works()
    assert (looked, opened.count("sealed_entry")) == ([pair.a.intake_id], 1)
    assert all(at for (at,) in _rows(pair.cast, SealedEntry, "screened_at"))
    monkeypatch.undo()
    pair.a.fills()
    pair.a.submits()
    pair.cast.works()
    with pair.cast.store.staff.read() as session:
        answers = openings.answers(session, pair.cast.tools, pair.a.intake_id)
    assert "own_words" in answers


def test_what_may_still_be_corrected_is_looked_at_again_when_its_time_is_over(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.joins().saves("safety", harm_received__weapon="past_year")
    pair.cast.works()
    looked = _looked(monkeypatch)
    pair.cast.clock.move(minutes=9)
    pair.cast.works()
    assert (looked, [state for *_, state in pair.findings()]) == ([], ["provisional"])
    pair.cast.clock.move(minutes=1)
    pair.cast.works()
    assert (looked, [state for *_, state in pair.findings()]) == ([pair.a.intake_id], ["latched"])


def test_an_intake_that_cannot_be_opened_is_tried_once_a_sweep(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.joins().saves("safety", fear="none")
    pair.b.joins().saves("safety", fear="none")
    real, tried = screening.look, list[str]()

    def look(session: Any, tools: Any, *, intake_id: str) -> Any:
        tried.append(intake_id)
        if intake_id == pair.a.intake_id:
            raise ValueError("torn")
        return real(session, tools, intake_id=intake_id)

    monkeypatch.setattr(screening, "look", look)
    pair.cast.works()
    assert sorted(tried) == sorted([pair.a.intake_id, pair.b.intake_id])
    pair.cast.works()
    assert tried.count(pair.a.intake_id) == 2


def test_jobs_that_fail_together_are_tried_again_together(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_place: Workplace, _subject: str) -> None:
        raise Conflict("moved")

    monkeypatch.setitem(worker.HANDLERS, "left", fails)
    for _ in range(2):
        _add(pair.cast, "left", "x")
    pair.cast.works()
    found = _rows(pair.cast, Job, "kind", "attempts", "last_error", "done_at")
    assert [row for row in found if row[0] == "left"] == [("left", 1, "Conflict", None)] * 2


def test_a_sweep_that_cannot_even_begin_is_told_without_its_text(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def burst(*_given: object) -> None:
        raise ValueError("Ana told us of a weapon")

    monkeypatch.setattr(screening, "waiting", burst)
    alarm = alarms.Alarm(tmp_path / "jobs.queue")
    consumer = alarm.start(pair.cast.place)
    try:
        until = time.monotonic() + 60
        while "sweep failed" not in caplog.text and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        consumer.stop(graceful=True)
    assert ("sweep failed: ValueError at " in caplog.text, "weapon" in caplog.text) == (True, False)


def test_a_ring_wakes_a_working_thread_and_it_stops_cleanly(pair: Pair, tmp_path: Path) -> None:
    pair.cast.works()
    pair.cast.outbox.clear()
    others = {*threading.enumerate()}
    alarm = alarms.Alarm(tmp_path / "jobs.queue")
    consumer = alarm.start(pair.cast.place)
    try:
        pair.a.joins().says("message", text="Hello.")
        alarm.ring()
        until = time.monotonic() + 60
        while not pair.cast.outbox and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        consumer.stop(graceful=True)
    assert pair.cast.subjects() == [("thea@example.org", LOOK)]
    assert {*threading.enumerate()} <= others


def test_whoever_types_is_looked_at_by_the_moment_and_not_by_the_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[float] = []
    alarm = alarms.Alarm(tmp_path / "jobs.queue")
    # What the alarm itself takes for the beginning: on a busy machine the sweep may come much later.
    monkeypatch.setattr(worker, "sweep", lambda *_place, **_how: began.append(alarm._began))
    nowhere: Any = object()
    shift = alarm.start(nowhere)
    try:
        until = time.monotonic() + 60
        while len(began) < 4 and time.monotonic() < until:
            if began:  # the first is the clock's, and nobody rings before
                alarm.ring()
            time.sleep(0.01)
    finally:
        shift.stop()
    assert len(began) >= 4
    # One more may come with the stop, which waits for no breath.
    assert all(after - before >= 0.9 * alarms.BREATH for before, after in pairwise(began[:4]))


def test_a_round_that_left_nothing_is_followed_by_a_breath(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.cast.works()
    breaths: list[float] = []
    pair.a.joins().says("message", text="Hello.")
    begun = time.monotonic()
    worker.sweep(pair.cast.place, breath=breaths.append)
    assert breaths == sorted(breaths)
    assert breaths[0] >= begun
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    pair.b.joins().says("message", text="Hello.")
    breaths.clear()
    worker.sweep(pair.cast.place, breath=breaths.append)
    assert not breaths


def test_no_breath_is_taken_while_mail_is_left(company: Cast) -> None:
    """An alert may lie behind others: more go out at once than one lease takes."""
    company.works()
    company.outbox.clear()
    with company.store.staff.write() as session:
        for _ in range(2 * mails.AT_ONCE + 1):
            mails.queue(
                session, company.tools, template="on_call_alert", to="on-call@example.org", language="en",
                params={"link": "http://127.0.0.1:8000/caseload"},
            )  # fmt: skip
    sent: list[int] = []
    worker.sweep(company.place, breath=lambda _since: sent.append(len(company.outbox)))
    assert sent == [2 * mails.AT_ONCE + 1]


def test_a_stop_waits_for_no_breath(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "BREATH", 600.0)
    began = threading.Event()

    def sweep(_place: object, *, breath: Callable[[float], object], **_how: object) -> None:
        began.set()
        breath(time.monotonic())

    monkeypatch.setattr(worker, "sweep", sweep)
    alarm = alarms.Alarm(tmp_path / "jobs.queue")
    nowhere: Any = object()
    shift = alarm.start(nowhere)
    alarm.ring()
    assert began.wait(60)
    stopping = threading.Thread(target=shift.stop, daemon=True)
    stopping.start()
    stopping.join(30)
    assert not stopping.is_alive()


def test_a_process_that_only_serves_pages_rings_as_often_as_it_must(tmp_path: Path) -> None:
    """Several rings before anybody comes are one; after that the next ring is heard again."""
    queue = tmp_path / "jobs.queue"
    pages, other = alarms.Alarm(queue), alarms.Alarm(queue)
    waiting = []
    for _ in range(2):
        pages.ring()
        pages.ring()
        waiting.append(other._huey.pending_count())
        task = other._huey.dequeue()
        assert task is not None
        other._huey.execute(task)
        waiting.append(other._huey.pending_count())
    assert waiting == [1, 0, 1, 0]
    for alarm in (pages, other):
        alarm._huey.storage.close()


def test_the_newest_contact_counts_and_nobody_has_none(pair: Pair) -> None:
    pair.a.joins()
    pair.cast.clock.move(minutes=1)
    pair.a.says("contact", channel="none")
    with pair.cast.store.staff.read() as session:
        assert openings.contact(session, pair.cast.tools, pair.a.viewer.partner_id) == {"channel": "none"}
        assert openings.contact(session, pair.cast.tools, "nobody") is None


def test_reset_links_are_the_workers_to_send(company: Cast) -> None:
    staff = company.therapist("reset@example.org")
    lone = company.alone()
    _add(company, "staff_reset_link", staff.id)
    _add(company, "reset_link", lone.viewer.id)
    company.works()
    # The partner left no e-mail, so only the staff member gets one.
    assert [to for to, _ in company.subjects()] == ["reset@example.org"]


def test_two_workers_at_once_find_keep_and_tell_everything_once(pair: Pair) -> None:
    cast = pair.cast
    for round_of_saves in range(3):
        if round_of_saves == 0:
            pair.a.joins()
        pair.a.saves("safety", harm_received__strangled="past_year", fear="strong")
        pair.a.saves("safety", "next")
    pair.a.submits()
    barrier, faults = threading.Barrier(2), []

    def work() -> None:
        barrier.wait()
        try:
            cast.works()
        except Exception as error:
            faults.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cast.clock.move(minutes=1)
    cast.works()
    assert faults == []
    assert pair.findings() == [
        ("a", "R1", "fear", "latched"),
        ("a", "R1", "harm_received.strangled", "latched"),
        ("a", "R4", "fear", "latched"),
        ("a", "R4", "harm_received.strangled", "latched"),
        ("a", "R5b", "fear", "latched"),
    ]
    assert len(_rows(cast, AnswerSet, "id")) == 1
    waiting = [kind for kind, done_at in _rows(cast, Job, "kind", "done_at") if done_at is None]
    assert waiting == ["recheck"]
    ids = [mail["Message-ID"] for mail in cast.outbox]
    assert len(ids) == len(set(ids))
    with cast.store.staff.read() as session:
        assert audit_chain.verify(session, cast.tools)[1] is None


def test_a_worker_killed_between_screening_and_routing_still_routes(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.joins().saves("start", "open", to="safety", private="yes")
    pair.cast.works()
    pair.a.saves("safety", harm_received__weapon="past_year")
    real = routing.look

    def killed(*_given: Any, **_named: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(routing, "look", killed)
    with pytest.raises(KeyboardInterrupt):
        pair.cast.works()
    monkeypatch.setattr(routing, "look", real)
    pair.cast.clock.move(minutes=2, seconds=1)
    pair.cast.works()
    assert pair.route() == ("safety", "ipv_acute")


def test_a_sweep_that_lasts_chains_and_settles_in_between(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy evening a sweep finds something for a long time: the trail must not lie open for as long."""
    order: list[str] = []
    rounds = iter([1, 1, 0])
    monkeypatch.setattr(worker, "_TIDY", -1.0)
    monkeypatch.setattr(worker, "_do_round", lambda *_given: order.append("round") or next(rounds))
    monkeypatch.setattr(worker, "_settle", lambda _place: order.append("settle"))
    monkeypatch.setattr(worker, "_chain", lambda _place: order.append("chain") or 0)
    pair.cast.works()
    assert order == ["settle", *(["round", "chain", "settle"] * 2), "round", "chain"]
