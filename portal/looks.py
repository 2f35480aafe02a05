"""Looks of the worker: a case is opened outside any writing transaction, what follows is kept in a short one.

When something moved in between, it is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from portal.services import happenings, jobs, losses, routing, rule_walks, screening
from portal.services.errors import Conflict
from portal.services.routing import Advice
from portal.services.screening import Look, Screened
from portal.vault import VaultError
from portal.workplace import WORKER, Workplace, note_error

_LOOKS: Final = 5
_Seen = TypeVar("_Seen")
_Kept = TypeVar("_Kept")


def screen(place: Workplace, intake_id: str) -> Screened:
    """Look, then note and alert in one short transaction."""

    def look(session: Session) -> Look:
        return screening.look(session, place.tools, intake_id=intake_id)

    def keep(session: Session, seen: Look) -> Screened:
        return _note(session, place, seen)

    return _looked(place, screening.rows(intake_id), look, keep)


def route(place: Workplace, case_id: str) -> None:
    """Look what is advised, then keep it in one short transaction."""

    def look(session: Session) -> Advice | None:
        return routing.look(session, place.tools, case_id=case_id)

    def keep(session: Session, advice: Advice | None) -> None:
        if advice is not None:
            missing = advice.couple.missing
            losses.note(session, place.tools, case_id=case_id, missing=missing, by=WORKER)
        routing.keep(session, place.tools, advice, by=WORKER)

    _looked(place, routing.row(case_id), look, keep)


def reroute(place: Workplace, after: str) -> None:
    """Route the next few open cases anew; one that cannot be read waits by itself and holds up no other."""
    with place.store.staff.read() as session:
        few = rule_walks.next_few(session, after)
    failed = []
    for case_id in few.case_ids:
        try:
            route(place, case_id)
        except Exception as error:  # it gets a job of its own
            note_error("routing anew", error)
            failed.append(case_id)
    with place.store.staff.write() as session:
        rule_walks.go_on(session, place.tools, few, after=after, failed=failed)


def look_into(place: Workplace, intake_id: str) -> None:
    """Something was saved or a section left: it may change the route even without a finding of its own.

    This comes by the second on a busy evening: the case is opened once for both, and both are kept together.
    """

    def look(session: Session) -> tuple[Look, Advice | None]:
        looked_at = place.tools.now()  # before anything is read
        seen = screening.look(session, place.tools, intake_id=intake_id)
        couple, missing = seen.couple, seen.missing
        return seen, routing.advise(session, place.tools, couple, looked_at=looked_at, missing=missing)

    def keep(session: Session, both: tuple[Look, Advice | None]) -> None:
        seen, advice = both
        # Beside a loss advice says nothing by what is missing; the job that follows must know of the loss.
        if not _note(session, place, seen).is_changed or seen.missing:
            routing.keep(session, place.tools, advice, by=WORKER)

    _looked(place, screening.rows(intake_id), look, keep)


def sent(place: Workplace, intake_id: str) -> None:
    """A form was sent: its answers are put together, looked at and told of.

    Where some of them are lost nothing is put together: it would stand for the whole. The rest is looked at
    and told of all the same, and another look waits for what is lost.
    """
    missing: dict[str, int | None] = {}
    try:
        _put_together(place, intake_id)
    except VaultError as error:
        note_error("putting answers together", error)
        missing = {intake_id: None}
    screened = screen(place, intake_id)
    route(place, screened.case_id)
    with place.store.staff.write() as session:
        losses.note(session, place.tools, case_id=screened.case_id, missing=missing, by=WORKER)
        happenings.tell_of_sending(session, place.tools, case_id=screened.case_id, by=WORKER)


def _put_together(place: Workplace, intake_id: str) -> None:
    with place.store.staff.read() as session:
        merged = happenings.merged_answers(session, place.tools, intake_id=intake_id)
    with place.store.staff.write() as session:
        happenings.keep_merged(session, place.tools, intake_id=intake_id, merged=merged)


def once_more(place: Workplace, lost_id: str) -> None:
    """Something was lost: what was looked at without it is looked at anew. Raises VaultError until then."""
    with place.store.staff.read() as session:
        found = losses.back(session, place.tools, lost_id)
    if found is None:
        return
    if found.is_sent:
        _put_together(place, found.id)
    for intake_id in found.intakes:
        screen(place, intake_id)
    with place.store.staff.write() as session:
        losses.over(session, place.tools, found, by=WORKER)


def _looked(
    place: Workplace,
    rows: Select[Any],
    look: Callable[[Session], _Seen],
    keep: Callable[[Session, _Seen], _Kept],
) -> _Kept:
    """What ``keep`` gives of what ``look`` saw; both anew where ``keep`` finds that something moved since.

    ``rows`` decide what is kept. Raises Conflict where the case keeps moving: its job comes again.
    """
    for _ in range(_LOOKS):
        with place.store.staff.read() as session:
            seen = look(session)
        try:
            with place.store.staff.write_beside(rows) as session:
                return keep(session, seen)
        except Conflict:
            continue
    raise Conflict("keeps_moving")


def _note(session: Session, place: Workplace, seen: Look) -> Screened:
    """What changed is routed by a job of the same transaction: a worker killed right after has screened the
    save, so that nothing else would ask for it again.
    """
    screened = screening.note(session, place.tools, seen, by=WORKER)
    happenings.tell_of_findings(session, place.tools, screened, by=WORKER)
    if seen.course.unscreened and seen.course.intake_id in seen.missing:
        happenings.tell_of_lost_save(session, place.tools, case_id=seen.case_id, by=WORKER)
    losses.note(session, place.tools, case_id=seen.case_id, missing=seen.missing, by=WORKER)
    if screened.is_changed:
        jobs.add(session, place.tools, kind="route", subject_id=screened.case_id)
    return screened
