"""What runs after: screening, routing, alerts, mail, exports, the audit chain.

The rows in the main database are the truth; huey only wakes the sweep, after a commit and every minute.
A sweep does what is due and stops when nothing is left, so that a command can run one and exit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from huey import SqliteHuey
from huey.consumer import Consumer
from sqlalchemy.orm import Session

from portal.domain.access import Viewer, system
from portal.services import (
    audit_chain,
    exports,
    happenings,
    jobs,
    mails,
    practices,
    resets,
    routing,
    screening,
)
from portal.services.jobs import WaitingJob
from portal.services.tools import Tools
from portal.store import Store

log = logging.getLogger("portal.worker")
WORKER: Final = system("worker")
_ROUNDS: Final = 200


@dataclass(frozen=True)
class Workplace:
    """What the worker works with."""

    store: Store
    tools: Tools
    exports: Path
    carrier: mails.Carrier
    sender: str


def _route(session: Session, tools: Tools, case_id: str, by: Viewer) -> None:
    routing.recommend_case(session, tools, case_id=case_id, by=by)


Handler = Callable[[Session, Tools, str, Viewer], None]

#: Job kind -> what to do with its subject, inside one writing transaction.
HANDLERS: Final[dict[str, Handler]] = {
    "submitted": lambda s, t, subject, by: happenings.intake_sent(s, t, intake_id=subject, by=by),
    "statement": lambda s, t, subject, by: happenings.statement_made(s, t, statement_id=subject, by=by),
    "joined": lambda s, t, subject, by: happenings.account_joined(s, t, account_id=subject, by=by),
    "second_claim": lambda s, t, subject, by: happenings.second_claim(s, t, case_id=subject, by=by),
    "left": lambda s, t, subject, by: happenings.saves_arrived(s, t, intake_id=subject, by=by),
    "route": _route,
    "reset_link": lambda s, t, subject, by: resets.send_link(s, t, account_id=subject, by=by),
    "staff_reset_link": lambda s, t, subject, by: resets.send_staff_link(s, t, staff_id=subject, by=by),
}


def sweep(place: Workplace) -> None:
    """Do everything that is due, in the order safety wants: saves, jobs, mail, then the audit chain."""
    _screen(place)
    for _ in range(_ROUNDS):
        if not (_do_jobs(place) + _send(place)):
            break
    while _chain(place):
        pass


def _screen(place: Workplace) -> None:
    with place.store.staff.read() as session:
        intakes = dict.fromkeys((*screening.waiting(session), *screening.unsettled(session)))
    for intake_id in intakes:
        try:
            with place.store.staff.write() as session:
                happenings.saves_arrived(session, place.tools, intake_id=intake_id, by=WORKER)
        except Exception as error:  # one bad intake must not keep the others waiting
            log.exception("screening failed: %s", type(error).__name__)


def _do_jobs(place: Workplace) -> int:
    with place.store.staff.write() as session:
        leased = jobs.lease(session, place.tools)
    for job in leased:
        try:
            _do(place, job)
        except Exception as error:  # noted on the row, tried again later
            log.exception("job %s failed: %s", job.kind, type(error).__name__)
            with place.store.staff.write() as session:
                jobs.failed(session, place.tools, job, error)
    return len(leased)


def _do(place: Workplace, job: WaitingJob) -> None:
    """One job; it is noted as done in the transaction that did it."""
    if job.kind == "export":
        exports.run(place.store, place.tools, place.exports, job.subject_id)
        with place.store.staff.write() as session:
            jobs.done(session, place.tools, job)
        return
    with place.store.staff.write() as session:
        HANDLERS[job.kind](session, place.tools, job.subject_id, WORKER)
        jobs.done(session, place.tools, job)


def _send(place: Workplace) -> int:
    with place.store.staff.write() as session:
        leased = mails.lease(session, place.tools)
    if not leased:
        return 0
    with place.store.staff.read() as session:
        practice = practices.view(session)
    for mail in leased:
        message = mails.build(mail, practice, sender=place.sender, now=place.tools.now())
        try:
            place.carrier(message, mail.id)
            is_sent = True
        except OSError as error:
            log.warning("mail not sent: %s", type(error).__name__)
            is_sent = False
        with place.store.staff.write() as session:
            mails.settle(session, place.tools, mail, is_sent=is_sent)
    return len(leased)


def _chain(place: Workplace) -> int:
    with place.store.staff.write() as session:
        return audit_chain.extend(session, place.tools)


class _QuietConsumer(Consumer):
    """A consumer inside another program: leaves the signal handlers alone."""

    def _set_signal_handlers(self) -> None:
        """The server's own handlers stay."""


class Alarm:
    """Wakes the worker through a queue file of its own; works across processes."""

    def __init__(self, queue_file: Path) -> None:
        self._huey = SqliteHuey("portal", filename=str(queue_file), results=False, utc=True)
        self._is_ringing = threading.Event()
        self._place: Workplace | None = None
        self._sweep = self._huey.task(name="sweep")(self._run)
        self._huey.periodic_task(lambda _now: True, name="every_minute")(self._run)

    def ring(self) -> None:
        """Ask for a sweep soon; several rings before it starts are one."""
        if not self._is_ringing.is_set():
            self._is_ringing.set()
            self._sweep()

    def start(self, place: Workplace) -> Consumer:
        """Start one worker thread in this process; returns the consumer to stop."""
        self._place = place
        consumer = _QuietConsumer(self._huey, workers=1, max_delay=0.5, check_worker_health=False)
        consumer.start()
        self.ring()
        return consumer

    def _run(self) -> None:
        self._is_ringing.clear()
        if self._place is not None:
            sweep(self._place)
