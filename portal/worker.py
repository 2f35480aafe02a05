"""What runs after: screening, routing, alerts, mail, exports, the audit chain.

The rows in the main database are the truth; huey only wakes the sweep, after a commit and every minute.
A sweep does what is due and stops when nothing is left, so that a command can run one and exit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from portal.domain.access import system
from portal.services import (
    audit_anchors,
    audit_chain,
    erasure_ledger,
    export_making,
    exports,
    happenings,
    insights,
    jobs,
    mails,
    practices,
    resets,
    retention,
    routing,
    screening,
)
from portal.services.errors import Conflict, told
from portal.services.export_crew import NOBODY, Crew
from portal.services.jobs import WaitingJob
from portal.services.screening import Screened
from portal.services.tools import Tools
from portal.store import Store

log = logging.getLogger("portal.worker")
WORKER: Final = system("worker")
_ROUNDS: Final = 200
_LOOKS: Final = 5


@dataclass(frozen=True)
class Workplace:
    """What the worker works with."""

    store: Store
    tools: Tools
    exports: Path
    carrier: mails.Carrier
    sender: str
    #: A second place, on another disk or machine: where anchors and the ledger of erasures are kept.
    anchor: Path | None = None
    outbox: Path | None = None
    #: The file beside the database that says how far the audit trail has come.
    head: Path | None = None
    crew: Crew = NOBODY  # who makes the rows of a large report


def _screen_one(place: Workplace, intake_id: str) -> Screened:
    """Look, then note and alert in one short transaction; look again if something moved meanwhile.

    What changed is routed by a job of that same transaction: a worker killed right after has screened the
    save, so that nothing else would ask for it again.
    """
    for _ in range(_LOOKS):
        with place.store.staff.read() as session:
            seen = screening.look(session, place.tools, intake_id=intake_id)
        try:
            with place.store.staff.write() as session:
                screened = screening.note(session, place.tools, seen, by=WORKER)
                happenings.tell_of_findings(session, place.tools, screened, by=WORKER)
                if screened.is_changed:
                    jobs.add(session, place.tools, kind="route", subject_id=screened.case_id)
        except Conflict:
            continue
        return screened
    raise Conflict("keeps_moving")


def _route(place: Workplace, case_id: str) -> None:
    """Look, then keep in one short transaction; look again if something moved meanwhile."""
    for _ in range(_LOOKS):
        with place.store.staff.read() as session:
            advice = routing.look(session, place.tools, case_id=case_id)
        try:
            with place.store.staff.write() as session:
                routing.keep(session, place.tools, advice, by=WORKER)
        except Conflict:
            continue
        return
    raise Conflict("keeps_moving")


def _recheck(place: Workplace, case_id: str) -> None:
    """Route anew because days have passed; a signed case stays as its therapist signed it."""
    with place.store.staff.read() as session:
        is_due = routing.is_recheck_due(session, place.tools, case_id)
    if is_due:
        _route(place, case_id)


def _submitted(place: Workplace, intake_id: str) -> None:
    with place.store.staff.read() as session:
        merged = happenings.merged_answers(session, place.tools, intake_id=intake_id)
    with place.store.staff.write() as session:
        happenings.keep_merged(session, place.tools, intake_id=intake_id, merged=merged)
    screened = _screen_one(place, intake_id)
    _route(place, screened.case_id)
    with place.store.staff.write() as session:
        happenings.tell_of_sending(session, place.tools, case_id=screened.case_id, by=WORKER)


def _settled(place: Workplace, intake_id: str) -> None:
    """Time passed: findings may settle."""
    _screen_one(place, intake_id)


def _saved(place: Workplace, intake_id: str) -> None:
    """Something was saved or a section left: it may change the route even without a finding of its own."""
    screened = _screen_one(place, intake_id)
    if not screened.is_changed:
        _route(place, screened.case_id)


def _said(place: Workplace, statement_id: str) -> None:
    with place.store.staff.write() as session:
        said = happenings.statement_made(session, place.tools, statement_id=statement_id, by=WORKER)
    _route(place, said.case_id)
    with place.store.staff.write() as session:
        happenings.tell_of_statement(session, place.tools, case_id=said.case_id, kind=said.kind, by=WORKER)


def _joined(place: Workplace, account_id: str) -> None:
    with place.store.staff.read() as session:
        case_id = happenings.case_of_account(session, account_id)
    _route(place, case_id)


def _second_claim(place: Workplace, case_id: str) -> None:
    with place.store.staff.read() as session:
        claimed = happenings.claimed_case(session, case_id)
    _route(place, case_id)
    if claimed is not None:
        _route(place, claimed)
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


#: Job kind -> what to do about its subject; each may run twice without harm.
HANDLERS: Final[dict[str, Callable[[Workplace, str], None]]] = {
    "submitted": _submitted,
    "statement": _said,
    "joined": _joined,
    "second_claim": _second_claim,
    "left": _saved,
    "route": _route,
    "recheck": _recheck,
    "reset_link": _reset_link,
    "staff_reset_link": _staff_reset_link,
    "export": lambda at, it: export_making.run(at.store, at.tools, at.exports, it, crew=at.crew),
    "export_expiry": lambda place, it: exports.expire(place.store, place.tools, place.exports, it, by=WORKER),
    "ledger": _ledger,
    "retention": _retention,
    "insights": _insights,
}

#: Kinds that only look at how things stand: several of one subject, waiting together, are one.
LOOKS_AT_STATE: Final = frozenset({"left", "route"})


def note_error(what: str, error: Exception) -> None:
    """A line for the log: what went wrong and where, never with what."""
    log.error("%s failed: %s", what, told(error))


def sweep(place: Workplace, *, seconds: float | None = None) -> None:
    """Do everything that is due, in the order safety wants: saves, jobs, mail, then the audit chain.

    ``seconds``: begin no further round of jobs after so long. Beside a busy portal a command would else work
    for whoever types, without an end.
    """
    started = time.monotonic()
    _screen(place)
    with place.crew:
        for _ in range(_ROUNDS):
            if not (_do_jobs(place) + _send(place)):
                break
            if seconds is not None and time.monotonic() - started > seconds:
                break
    while _chain(place) == audit_chain.BATCH:
        pass
    _anchor(place)


def _screen(place: Workplace) -> None:
    with place.store.staff.read() as session:
        saved, unsettled = screening.waiting(session), screening.unsettled(session)
    due = {**dict.fromkeys(unsettled, _settled), **dict.fromkeys(saved, _saved)}
    for intake_id, look_into in due.items():
        try:
            look_into(place, intake_id)
        except Exception as error:  # one bad intake must not keep the others waiting
            note_error("screening", error)


def _do_jobs(place: Workplace) -> int:
    with place.store.staff.write() as session:
        leased = jobs.lease(session, place.tools)
    for alike in _alike(leased):
        job = alike[0]
        try:
            HANDLERS[job.kind](place, job.subject_id)
            with place.store.staff.write() as session:
                for one in alike:
                    jobs.done(session, place.tools, one)
        except Exception as error:  # noted on the row, tried again later
            note_error(f"job {job.kind}", error)
            with place.store.staff.write() as session:
                for one in alike:
                    jobs.failed(session, place.tools, one, error)
    return len(leased)


def _alike(leased: Sequence[WaitingJob]) -> list[list[WaitingJob]]:
    """Jobs that one look answers together: whoever goes through the form quickly leaves a dozen of them."""
    groups: dict[tuple[str, str], list[WaitingJob]] = {}
    for job in leased:
        is_state = job.kind in LOOKS_AT_STATE
        groups.setdefault((job.kind, job.subject_id if is_state else job.id), []).append(job)
    return list(groups.values())


def _send(place: Workplace) -> int:
    with place.store.staff.write() as session:
        leased = mails.lease(session, place.tools)
    if not leased:
        return 0
    with place.store.staff.read() as session:
        practice = practices.view(session)
    for mail in leased:
        try:
            message = mails.build(mail, practice, sender=place.sender, now=place.tools.now())
            place.carrier(message, mail.id)
            is_sent = True
        except Exception as error:  # one bad mail must not keep the others waiting
            note_error("mail", error)
            is_sent = False
        with place.store.staff.write() as session:
            mails.settle(session, place.tools, mail, is_sent=is_sent)
    return len(leased)


def _chain(place: Workplace) -> int:
    with place.store.staff.write() as session:
        return audit_chain.extend(session, place.tools)


def _anchor(place: Workplace) -> None:
    """How far the trail has come, noted outside the database; what cannot be reached is tried again."""
    try:
        audit_anchors.keep_up(place.store, place.tools, second=place.anchor, head=place.head)
    except (OSError, audit_anchors.AnchorDamaged, audit_anchors.TrailTorn) as error:
        note_error("anchor", error)
