"""Looks of the worker: a case is opened outside any writing transaction, what follows is kept in a short one.

When something moved in between, it is looked at again.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from portal.services import happenings, jobs, routing, screening
from portal.services.errors import Conflict
from portal.services.screening import Screened
from portal.workplace import WORKER, Workplace

_LOOKS: Final = 5


def screen(place: Workplace, intake_id: str) -> Screened:
    """Look, then note and alert in one short transaction; look again if something moved meanwhile."""
    for _ in range(_LOOKS):
        with place.store.staff.read() as session:
            seen = screening.look(session, place.tools, intake_id=intake_id)
        try:
            with place.store.staff.write_beside(screening.rows(intake_id)) as session:
                return _note(session, place, seen)
        except Conflict:
            continue
    raise Conflict("keeps_moving")


def _note(session: Session, place: Workplace, seen: screening.Look) -> Screened:
    """What changed is routed by a job of the same transaction: a worker killed right after has screened the
    save, so that nothing else would ask for it again.
    """
    screened = screening.note(session, place.tools, seen, by=WORKER)
    happenings.tell_of_findings(session, place.tools, screened, by=WORKER)
    if screened.is_changed:
        jobs.add(session, place.tools, kind="route", subject_id=screened.case_id)
    return screened


def route(place: Workplace, case_id: str) -> None:
    """Look, then keep in one short transaction; look again if something moved meanwhile."""
    for _ in range(_LOOKS):
        with place.store.staff.read() as session:
            advice = routing.look(session, place.tools, case_id=case_id)
        try:
            with place.store.staff.write_beside(routing.row(case_id)) as session:
                routing.keep(session, place.tools, advice, by=WORKER)
        except Conflict:
            continue
        return
    raise Conflict("keeps_moving")


def look_into(place: Workplace, intake_id: str) -> None:
    """Something was saved or a section left: it may change the route even without a finding of its own.

    This comes by the second on a busy evening: the case is opened once for both, and both are kept together.
    """
    for _ in range(_LOOKS):
        looked_at = place.tools.now()
        with place.store.staff.read() as session:
            seen = screening.look(session, place.tools, intake_id=intake_id)
            advice = routing.advise(session, place.tools, seen.couple, looked_at=looked_at)
        try:
            with place.store.staff.write_beside(screening.rows(intake_id)) as session:
                if not _note(session, place, seen).is_changed:
                    routing.keep(session, place.tools, advice, by=WORKER)
        except Conflict:
            continue
        return
    raise Conflict("keeps_moving")
