"""What arrives after a session has run out: kept write-only, offered to its author at the next sign-in.

Whoever holds the device is shown nothing of it, and a text counts for nothing before the person whose
session it was has signed in again and taken it over (security.md §4.2, docs/decisions/0030).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session

from portal.domain import drafts
from portal.domain.access import Viewer
from portal.domain.answers import Cleaned
from portal.domain.drafts import Go
from portal.domain.questionnaire import Section
from portal.models import Account, LateText, PartnerSession, table_of
from portal.services import audit, desks, intake_saves, intakes, partner_pages, sessions, statements
from portal.services.desks import Desk
from portal.services.intake_saves import Posted
from portal.services.tools import Tools
from portal.vault import Place

#: How long after its last request a session may still hand something in.
GRACE: Final = timedelta(hours=24)
#: How long it is offered.
OFFERED_FOR: Final = timedelta(days=7)
#: No more than this many wait for one person.
MOST: Final = 50
LetterKind = Literal["message", "addition"]
_LETTERS: Final[tuple[LetterKind, ...]] = get_args(LetterKind)


@dataclass(frozen=True)
class Offer:
    """Something that arrived late, without what it says. ``target``: a section's key, message, addition."""

    id: str
    target: str
    kept_at: datetime


def find_author(session: Session, tools: Tools, token: str) -> Viewer | None:
    """Whose session ran out at most ``GRACE`` ago; None while it lives, or once ended. Partner door."""
    s, a = table_of(PartnerSession).c, table_of(Account).c
    row = session.execute(
        select(*sessions.partner_columns())
        .join_from(table_of(PartnerSession), table_of(Account), s.account_id == a.id)
        .where(sessions.is_partner_token()),
        {"token_hash": sessions.token_digest(tools, token)},
    ).one_or_none()
    if row is None or sessions.partner_seat(tools, row) is not None:
        return None
    if not timedelta() <= tools.now() - row.last_seen_at <= GRACE:
        return None
    return Viewer(kind="partner", id=row.account_id, partner_id=row.partner_id, session_id=row.session_id)


def of_section(tools: Tools, desk: Desk, section: Section, cleaned: Cleaned) -> dict[str, Any] | None:
    """A late section as a row, or None where it cannot be kept: sent, faulty, empty, or silent."""
    is_silent = section.silent and desk.private == "no"
    if not desk.is_open or not cleaned.is_clean or not cleaned.values or is_silent:
        return None
    late_id = tools.new_id()
    if section.is_sealed:
        row = intakes.sealed_row(
            tools, intake_id="", section=section.key, version=0, values=cleaned.values, row_id=late_id
        )
        kept = {"answers_sealed": row["body_sealed"]}
    else:
        text = json.dumps(cleaned.values, ensure_ascii=False)
        kept = {"draft_box": tools.vault.box("partner", _place(late_id), text)}
    touched = " ".join(drafts.touched(section, frozenset(cleaned.values)))
    return {"id": late_id, "target": section.key, "touched": touched, **kept}


def of_letter(tools: Tools, kind: LetterKind, text: str) -> dict[str, Any]:
    """A late message or addition as a row."""
    late_id = tools.new_id()
    blob = statements.sealed(tools, late_id, {"text": text})
    return {"id": late_id, "target": kind, "touched": "", "letter_sealed": blob}


def keep(session: Session, tools: Tools, *, row: Mapping[str, Any], by: Viewer) -> bool:
    """Keep a late row for its author; False when too many wait already. Partner door."""
    c = table_of(LateText).c
    waiting = select(func.count(c.id)).where(c.account_id == by.id, c.settled_at.is_(None))
    if (session.scalar(waiting) or 0) >= MOST:
        return False
    values = {**row, "account_id": by.id, "kept_at": tools.now(), "settled_at": None}
    session.execute(insert(table_of(LateText)), [values])
    audit.record(session, tools, by=by, verb="late_text.kept", subject=("account", by.id))
    return True


def offered(session: Session, tools: Tools, *, by: Viewer) -> tuple[Offer, ...]:
    """What waits for the viewer, oldest first. Partner door."""
    return tuple(Offer(row.id, row.target, row.kept_at) for row in _waiting(session, tools, by))


def settle(session: Session, tools: Tools, *, takes: bool, by: Viewer) -> None:
    """Take everything on offer over into form and letters, in order, or throw it away. Partner door."""
    table, rows = table_of(LateText), _waiting(session, tools, by)
    for row in rows if takes else ():
        _take(session, tools, row, by)
    ids = [row.id for row in rows]
    session.execute(update(table).where(table.c.id.in_(ids)).values(settled_at=tools.now()))
    verb = "late_text.taken" if takes else "late_text.dropped"
    audit.record(session, tools, by=by, verb=verb, subject=("account", by.id), detail={"count": len(rows)})


def _waiting(session: Session, tools: Tools, by: Viewer) -> Sequence[Any]:
    c = table_of(LateText).c
    return session.execute(
        select(c.id, c.target, c.touched, c.draft_box, c.answers_sealed, c.letter_sealed, c.kept_at)
        .where(c.account_id == by.id, c.settled_at.is_(None), c.kept_at > tools.now() - OFFERED_FOR)
        .order_by(c.kept_at, c.id)
    ).all()


def _take(session: Session, tools: Tools, row: Row[Any], by: Viewer) -> None:
    for kind in _LETTERS:
        if row.target == kind and _may_write(session, kind, by):
            statements.keep_sealed(
                session, tools, kind=kind, statement_id=row.id, blob=row.letter_sealed, by=by
            )
    desk = desks.find(session, by=by)
    # A letter is none; the form may be a short one by now, which still takes what it does not ask.
    section = None if desk is None else desk.section(row.target)
    if section is None or desk is None or not desk.is_open:
        return
    save = _save(tools, desk, section, row)
    if save.result is intake_saves.Result.STORED:
        intake_saves.store(session, tools, save=save, by=by)


def _may_write(session: Session, kind: LetterKind, by: Viewer) -> bool:
    return kind == "message" or partner_pages.sent_at(session, by=by) is not None


def _save(tools: Tools, desk: Desk, section: Section, row: Row[Any]) -> intake_saves.Save:
    """The late section as a save on top of what stands there now."""
    values = (
        {} if section.is_sealed else json.loads(tools.vault.unbox("partner", _place(row.id), row.draft_box))
    )
    fields = {"late": [row.id]}
    posted = Posted(section, Cleaned(values, (), {}, ()), str(desk.version), Go.DRAFT, "", fields)
    save = intake_saves.prepare(tools, desk, posted)
    if not section.is_sealed:
        return save
    keys = {*desk.places[section.key].touched, *row.touched.split()}
    sealed = {
        "id": row.id, "intake_id": desk.intake_id, "section": section.key, "version": desk.version + 1,
        "body_sealed": row.answers_sealed, "saved_at": tools.now(), "screened_at": None,
    }  # fmt: skip
    return replace(
        save, columns={"touched": " ".join(drafts.touched(section, frozenset(keys)))}, sealed=sealed
    )


def _place(late_id: str) -> Place:
    return Place("late_text", "draft_box", late_id)
