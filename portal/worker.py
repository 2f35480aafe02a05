"""What runs after: screening, routing, alerts, mail, exports, the audit chain.

The rows in the main database are the truth; huey only wakes the sweep, after a commit and every minute.
A sweep does what is due and stops when nothing is left, so that a command can run one and exit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Final

from portal import looks, postbox
from portal.services import (
    audit_anchors,
    audit_chain,
    erasure_ledger,
    export_making,
    exports,
    happenings,
    insights,
    jobs,
    losses,
    mails,
    resets,
    retention,
    routing,
    rule_walks,
    screening,
)
from portal.services.errors import Conflict
from portal.services.jobs import WaitingJob
from portal.workplace import WORKER, Workplace, note_error

_ROUNDS: Final = 200
#: Seconds after which the making of a large file lets safety and mail come in between.
_PAUSE: Final = 1.0
#: Seconds of one sweep after which events are chained, and findings settled, before it goes on.
_TIDY: Final = 5.0


def _recheck(place: Workplace, case_id: str) -> None:
    """Route anew because days have passed; a signed case stays as its therapist signed it."""
    with place.store.staff.read() as session:
        is_due = routing.is_recheck_due(session, place.tools, case_id)
    if is_due:
        looks.route(place, case_id)


def _said(place: Workplace, statement_id: str) -> None:
    with place.store.staff.write() as session:
        said = happenings.statement_made(session, place.tools, statement_id=statement_id, by=WORKER)
    looks.route(place, said.case_id)
    with place.store.staff.write() as session:
        happenings.tell_of_statement(session, place.tools, case_id=said.case_id, kind=said.kind, by=WORKER)


def _joined(place: Workplace, account_id: str) -> None:
    with place.store.staff.read() as session:
        case_id = happenings.case_of_account(session, account_id)
    looks.route(place, case_id)


def _second_claim(place: Workplace, case_id: str) -> None:
    with place.store.staff.read() as session:
        claimed = happenings.claimed_case(session, case_id)
    looks.route(place, case_id)
    if claimed is not None:
        looks.route(place, claimed)
        with place.store.staff.write() as session:
            happenings.tell_of_sending(session, place.tools, case_id=claimed, by=WORKER)


def _reset_link(place: Workplace, account_id: str) -> None:
    with place.store.staff.write() as session:
        resets.send_link(session, place.tools, account_id=account_id, by=WORKER)


def _staff_reset_link(place: Workplace, staff_id: str) -> None:
    with place.store.staff.write() as session:
        resets.send_staff_link(session, place.tools, staff_id=staff_id, by=WORKER)


def _ledger(place: Workplace, _erased: str) -> None:
    """What was erased goes to the second place, by id, and off the disk; tried again until that is so."""
    if place.anchor is not None:
        with place.store.staff.read() as session:
            erased = erasure_ledger.told(session)
        erasure_ledger.keep(place.tools, place.anchor, erased)
    if not place.store.clean():
        raise Conflict("somebody_reads")


def _retention(place: Workplace, _practice: str) -> None:
    """Delete what is over its time, and ask for the same tomorrow."""
    with place.store.staff.write() as session:
        jobs.add_once(session, place.tools, kind="retention", subject_id="practice", within=timedelta(days=1))
    retention.run(place.store, place.tools, by=WORKER, outbox=place.outbox)
    place.store.clean()


def _insights(place: Workplace, _practice: str) -> None:
    insights.reckon(place.store, place.tools)


def _export(place: Workplace, export_id: str) -> None:
    pauses = _pauses(place, export_id)
    export_making.run(place.store, place.tools, place.exports, export_id, crew=place.crew, between=pauses)


def _pauses(place: Workplace, export_id: str) -> Callable[[], None]:
    """What the making of a large file calls again and again: every second what is urgent has its turn."""
    last, failing = time.monotonic(), set[str]()

    def pause() -> None:
        nonlocal last
        if time.monotonic() - last < _PAUSE:
            return
        try:
            with place.store.staff.write() as session:
                jobs.hold(session, place.tools, kind="export", subject_id=export_id)
            _do_round(place, failing, without=LONG)
            postbox.send(place)
        except Exception as error:  # no fault of the report
            note_error("a round beside a report", error)
        last = time.monotonic()

    return pause


#: Job kind -> what to do about its subject; each may run twice without harm.
HANDLERS: Final[dict[str, Callable[[Workplace, str], None]]] = {
    "submitted": looks.sent,
    "statement": _said,
    "joined": _joined,
    "second_claim": _second_claim,
    "left": looks.look_into,
    losses.KIND: looks.once_more,
    "route": looks.route,
    "recheck": _recheck,
    rule_walks.KIND: looks.reroute,
    "reset_link": _reset_link,
    "staff_reset_link": _staff_reset_link,
    "export": _export,
    "export_expiry": lambda place, it: exports.expire(place.store, place.tools, place.exports, it, by=WORKER),
    "ledger": _ledger,
    "retention": _retention,
    "insights": _insights,
}

#: Kinds that only look at how things stand: several of one subject, waiting together, are one.
LOOKS_AT_STATE: Final = frozenset({"left", "route"})
#: Kinds that take long: the last of a round, and not begun while a large file is written.
LONG: Final = frozenset({"export", "insights", "retention", rule_walks.KIND})


def _never() -> bool:
    return False


def _no_breath(_since: float) -> None:
    """One round after the other."""


def sweep(
    place: Workplace,
    *,
    seconds: float | None = None,
    is_over: Callable[[], bool] = _never,
    breath: Callable[[float], object] = _no_breath,
) -> None:
    """Do everything that is due, in the order safety wants: saves, jobs, mail, then the audit chain.

    ``seconds``: begin no further round of jobs after so long. Beside a busy portal a command would else work
    for whoever types, without an end. ``is_over``: asked before each round, so that a stop waits for one.
    ``breath``: taken after a round that left nothing waiting, and told when that began (monotonic clock):
    saves of a while are looked at together. On a busy evening a sweep lasts: what it begins and ends with is
    done in between as well.
    """
    started = tidied = time.monotonic()
    failing: set[str] = set()
    _settle(place)
    with place.crew:
        for _ in range(_ROUNDS):
            began = time.monotonic()
            if is_over() or not any(found := (_do_round(place, failing), postbox.send(place))):
                break
            if found[0] < jobs.AT_ONCE and found[1] < mails.AT_ONCE:
                breath(began)
            if seconds is not None and time.monotonic() - started > seconds:
                break
            if time.monotonic() - tidied > _TIDY:
                _tidy(place)
                _settle(place)
                tidied = time.monotonic()
    _tidy(place)


def _tidy(place: Workplace) -> None:
    """Every event of the trail is chained, and how far that came noted elsewhere."""
    while _chain(place) == audit_chain.BATCH:
        pass
    _anchor(place)


def _settle(place: Workplace) -> None:
    """Findings that may no longer be corrected, because time passed, latch."""
    with place.store.staff.read() as session:
        due = screening.unsettled(session, place.tools)
    for intake_id in due:
        try:
            looks.screen(place, intake_id)
        except Exception as error:  # one bad intake must not keep the others waiting
            note_error("screening", error)


def _do_round(place: Workplace, failing: set[str], *, without: Collection[str] = ()) -> int:
    """Saves that nobody has looked at, and the jobs that are due; returns how many there were.

    Jobs are leased before anything is looked at: a look at an intake then answers its leased jobs too.
    ``failing``: intakes that could not be looked at in this sweep; the next one tries again. ``without``:
    kinds of jobs that are not begun.
    """
    with place.store.staff.write() as session:
        leased = jobs.lease(session, place.tools, without=without)
        screening.set_aside(session, place.tools)
    with place.store.staff.read() as session:
        asked = {job.subject_id for job in leased if job.kind == "left"}
        saved = [one for one in screening.waiting(session) if one not in asked and one not in failing]
    for intake_id in saved:
        try:
            looks.look_into(place, intake_id)
        except Exception as error:  # one bad intake must not keep the others waiting
            note_error("screening", error)
            failing.add(intake_id)
    _do_jobs(place, leased)
    return len(saved) + len(leased)


def _do_jobs(place: Workplace, leased: Sequence[WaitingJob]) -> None:
    """A look at how things stand may come twice: those are noted as done together, at the end.

    What takes long comes last, so that nobody's danger waits behind it.
    """
    looked: list[WaitingJob] = []
    for alike in sorted(_alike(leased), key=lambda alike: alike[0].kind in LONG):
        job = alike[0]
        try:
            HANDLERS[job.kind](place, job.subject_id)
            if job.kind in LOOKS_AT_STATE:
                looked += alike
            else:
                _note_done(place, alike)
        except Exception as error:  # noted on the row, tried again later
            note_error(f"job {job.kind}", error)
            with place.store.staff.write() as session:
                for one in alike:
                    jobs.failed(session, place.tools, one, error)
    if looked:
        _note_done(place, looked)


def _note_done(place: Workplace, done: Sequence[WaitingJob]) -> None:
    with place.store.staff.write() as session:
        for job in done:
            jobs.done(session, place.tools, job)


def _alike(leased: Sequence[WaitingJob]) -> list[list[WaitingJob]]:
    """Jobs that one look answers together: whoever goes through the form quickly leaves a dozen of them."""
    groups: dict[tuple[str, str], list[WaitingJob]] = {}
    for job in leased:
        is_state = job.kind in LOOKS_AT_STATE
        groups.setdefault((job.kind, job.subject_id if is_state else job.id), []).append(job)
    return list(groups.values())


def _chain(place: Workplace) -> int:
    with place.store.staff.write() as session:
        return audit_chain.extend(session, place.tools)


def _anchor(place: Workplace) -> None:
    """How far the trail has come, noted outside the database; what cannot be reached is tried again."""
    try:
        audit_anchors.keep_up(place.store, place.tools, second=place.anchor, head=place.head)
    except (OSError, audit_anchors.AnchorDamaged, audit_anchors.TrailTorn) as error:
        note_error("anchor", error)
