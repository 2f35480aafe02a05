"""What nobody can open of a case: noted and told once, tried again until it can be opened.

A job stands for each form and statement of which something is lost, as long as it is: acts that add are
refused by it (``standing_now``), and the worker tries again ever more rarely, in the end every half hour.
What is lost takes nothing away and stops nothing that protects (docs/decisions/0113).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import AuditEvent, CaseFile, Intake, Partner, Statement, table_of
from portal.services import alerts, audit, jobs, openings
from portal.services.tools import Tools

KIND: Final = "lost"
#: The first look after it was noted; the worker's own pace after a failure goes on from there.
_FIRST: Final = timedelta(minutes=1)
#: Whoever is on call hears of losses once in so long.
_LATELY: Final = timedelta(hours=1)


def note(
    session: Session, tools: Tools, *, case_id: str, missing: Mapping[str, int | None], by: Viewer
) -> None:
    """Ask for another look at what is lost and tell staff, once for each form and statement.

    ``missing`` as ``CaseReading.lost`` has it. The therapists hear of each; the contact on call at most
    once an hour, as one key that is gone may be missed in a hundred cases within a minute, and the mail
    names none. A closed case is left alone: to close it is the way out where no key comes back.
    """
    if not missing or not _is_open(session, case_id):
        return
    waiting = jobs.waiting(session, tools, kind=KIND)
    _note_older(session, tools, {key: missing[key] for key in sorted(missing.keys() & waiting)}, by=by)
    fresh = sorted(missing.keys() - waiting)
    if not fresh:
        return
    is_urgent = not _is_told_lately(session, tools)
    forms = set(session.scalars(select(table_of(Intake).c.id).where(table_of(Intake).c.id.in_(fresh))))
    for lost_id in fresh:
        jobs.add(session, tools, kind=KIND, subject_id=lost_id, due_at=tools.now() + _FIRST)
        detail: audit.Detail = {"version": missing[lost_id], "on_call": is_urgent}
        subject = ("intake" if lost_id in forms else "statement", lost_id)
        audit.record(session, tools, by=by, verb="answers.lost", subject=subject, detail=detail)
    # Whoever noted it may have drawn a page: the queue and the calls are the worker's to bring up to it.
    jobs.add(session, tools, kind="route", subject_id=case_id)
    alerts.tell_staff(session, tools, case_id=case_id, is_urgent=is_urgent)


def _note_older(session: Session, tools: Tools, missing: Mapping[str, int | None], *, by: Viewer) -> None:
    """An older save of what is noted already is lost as well: the trail says from where to look anew."""
    versions = {lost_id: version for lost_id, version in missing.items() if version is not None}
    noted = _noted(session, versions) if versions else {}
    for lost_id, version in versions.items():
        if all(version < one for one in noted.get(lost_id, ())):
            detail: audit.Detail = {"version": version, "on_call": False}
            audit.record(
                session, tools, by=by, verb="answers.lost", subject=("intake", lost_id), detail=detail
            )


def _is_told_lately(session: Session, tools: Tools) -> bool:
    c = table_of(AuditEvent).c
    lately = select(c.detail).where(audit.of_kinds("answers.lost"), c.happened_at > tools.now() - _LATELY)
    return any(json.loads(detail)["on_call"] for detail in session.scalars(lately))


def _is_open(session: Session, case_id: str) -> bool:
    c = table_of(CaseFile).c
    is_open = (c.id == case_id) & c.closed_at.is_(None) & c.merged_into_id.is_(None)
    return session.scalar(select(c.id).where(is_open)) is not None


def slots(
    session: Session, tools: Tools, case_id: str, missing: Mapping[str, int | None], *, is_noted: bool
) -> tuple[str, ...]:
    """Of whose forms something is lost, slot a first; with ``is_noted`` also what is tried again.

    What was begun anew by somebody who sent is read by no rule before it is sent, and so it is not among what
    a reading of the couple misses.
    """
    if not missing and not is_noted:
        return ()
    ids = {*missing, *(jobs.waiting(session, tools, kind=KIND) if is_noted else ())}
    i, p = table_of(Intake).c, table_of(Partner).c
    found = session.scalars(
        select(p.slot)
        .distinct()
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == case_id, i.id.in_(ids))
        .order_by(p.slot)
    )
    return tuple(found)


@dataclass(frozen=True)
class Back:
    """Something that can be opened again: a form, or what was said outside it (``is_form``).

    ``is_sent``: a form that was sent. ``intakes``: what is to be looked at anew, this form first, then the
    newest one of each person, whose answers were read without it.
    """

    id: str
    case_id: str
    is_form: bool
    is_sent: bool
    intakes: tuple[str, ...]


def back(session: Session, tools: Tools, lost_id: str) -> Back | None:
    """What was lost, opened. None where it is gone, or its case is closed: nobody waits for it any more.

    Raises VaultError as long as nobody can open it.
    """
    form = _row(session, Intake, lost_id)
    said = None if form is not None else _row(session, Statement, lost_id)
    row = form or said
    if row is None or not _is_open(session, row.case_id):
        return None
    if said is not None:
        openings.opened_statement(tools, said)
        return Back(lost_id, said.case_id, False, False, _newest(session, said.case_id))
    openings.answers(session, tools, lost_id)
    if row.submitted_at is None:
        openings.call_wish(session, tools, lost_id)
    intakes = dict.fromkeys((lost_id, *_newest(session, row.case_id)))
    return Back(lost_id, row.case_id, True, row.submitted_at is not None, tuple(intakes))


def try_again(session: Session, tools: Tools, *, case_id: str) -> None:
    """A case is open again: look anew at what was lost when it was closed; nobody waited for that since."""
    i, s, p = table_of(Intake).c, table_of(Statement).c, table_of(Partner).c
    ours = select(p.id).where(p.case_id == case_id)
    ids = session.scalars(
        union_all(select(i.id).where(i.partner_id.in_(ours)), select(s.id).where(s.partner_id.in_(ours)))
    ).all()
    waiting = jobs.waiting(session, tools, kind=KIND)
    for lost_id in sorted(_noted(session, ids).keys() - waiting):
        jobs.add(session, tools, kind=KIND, subject_id=lost_id)


def _noted(session: Session, ids: Collection[str]) -> dict[str, list[int]]:
    """Which of these were lost and not found again, by the trail; the versions that were noted of each."""
    c = table_of(AuditEvent).c
    told = select(c.subject_id, c.verb, c.detail).where(
        c.subject_id.in_(ids), audit.of_kinds("answers.lost", "answers.found")
    )
    found: dict[str, list[int]] = {}
    for row in session.execute(told.order_by(c.happened_at)):
        if row.verb == "answers.found":
            found.pop(row.subject_id, None)
            continue
        version = json.loads(row.detail)["version"]
        found.setdefault(row.subject_id, []).extend([] if version is None else [version])
    return found


def _row(session: Session, model: type[Intake | Statement], row_id: str) -> Any:
    """A form or a statement with the case it belongs to; None where there is none of this id."""
    table, p = table_of(model), table_of(Partner).c
    return session.execute(
        select(table, p.case_id)
        .join_from(table, table_of(Partner), table.c.partner_id == p.id)
        .where(table.c.id == row_id)
    ).one_or_none()


def _newest(session: Session, case_id: str) -> tuple[str, ...]:
    """The newest form of each person."""
    i, p = table_of(Intake).c, table_of(Partner).c
    rows = session.execute(
        select(i.id, i.partner_id)
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == case_id)
        .order_by(i.round)
    ).all()
    return tuple({row.partner_id: row.id for row in rows}.values())


def over(session: Session, tools: Tools, found: Back, *, by: Viewer) -> None:
    """Note that what was lost is back and was looked at. The case is routed once nothing waits for it: the
    job that stands for it ends in the same transaction, or another worker would still see it.
    """
    jobs.end(session, tools, kind=KIND, subject_id=found.id)
    kind = "intake" if found.is_form else "statement"
    audit.record(session, tools, by=by, verb="answers.found", subject=(kind, found.id))
    jobs.add(session, tools, kind="route", subject_id=found.case_id)
