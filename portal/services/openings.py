"""Opening what partners sealed. Needs the private key; callers write the event of who looked, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, String, bindparam, select
from sqlalchemy.orm import Session

from portal.domain.answers import Answer
from portal.models import AnswerSet, SealedEntry, SectionState, Statement, table_of
from portal.services import questionnaires
from portal.services.tools import Tools
from portal.vault import Place, VaultError


@dataclass(frozen=True)
class Entry:
    """One opened save of one section. ``values`` holds non-blank answers only.

    ``version`` 0: answers that a later round took over from the one before.
    """

    id: str
    section: str
    version: int
    saved_at: datetime
    values: Mapping[str, Answer]
    is_clear: bool


@dataclass(frozen=True)
class OpenedStatement:
    """Something a partner told the practice outside the form.

    ``is_lost``: nobody can open it, so that ``body`` is empty; kind and time are known all the same.
    """

    id: str
    kind: str
    said_at: datetime
    body: dict[str, Any]
    is_lost: bool = False


def merge(entries: Iterable[Entry]) -> dict[str, Answer]:
    """The latest non-blank value of each item. A clear marker empties its section; a blank erases nothing.

    ``entries`` come in the order they were saved.
    """
    merged: dict[str, Answer] = {}
    section_of: dict[str, str] = {}
    for entry in entries:
        if entry.is_clear:
            for key in [key for key, section in section_of.items() if section == entry.section]:
                merged.pop(key, None)
        for key, value in entry.values.items():
            if value not in ("", []):
                merged[key] = value
                section_of[key] = entry.section
    return merged


#: What cannot be opened, for a missing key or altered bytes: the version of the save (None: of what is no
#: sealed save) and why. Whoever hands such a list in goes on without it; else it is raised.
Missed = list[tuple[int | None, VaultError]]


def entries(
    session: Session, tools: Tools, intake_id: str, missed: Missed | None = None
) -> tuple[Entry, ...]:
    """All sealed saves of an intake, opened, oldest first."""
    return tuple(_opened(tools, session.execute(_entries(), {"of_intake": intake_id}), missed))


def early_saves(
    session: Session, tools: Tools, intake_id: str, missed: Missed | None = None
) -> tuple[Entry, ...]:
    """Those of them that the rules read before the form is sent, opened, oldest first."""
    return tuple(_opened(tools, session.execute(_early_saves(), {"of_intake": intake_id}), missed))


def _opened(tools: Tools, rows: Iterable[Any], missed: Missed | None) -> Iterator[Entry]:
    for row in rows:
        try:
            yield _entry(tools, row)
        except VaultError as error:
            if missed is None:
                raise
            missed.append((row.version, error))


@cache
def _early_saves() -> Select[Any]:
    return _entries().where(table_of(SealedEntry).c.section.in_(questionnaires.draft_sections()))


@cache
def _entries() -> Select[Any]:
    c = table_of(SealedEntry).c
    return (
        select(c.id, c.section, c.version, c.body_sealed, c.saved_at)
        .where(c.intake_id == _this_intake())
        .order_by(c.version, c.saved_at, c.id)
    )


@cache
def _start() -> Select[Any]:
    c = table_of(SectionState).c
    return select(c.draft_box).where(c.intake_id == _this_intake(), c.section == "start")


def _this_intake() -> BindParameter[str]:
    return bindparam("of_intake", type_=String)


def _entry(tools: Tools, row: Any) -> Entry:
    body = json.loads(tools.vault.open(Place("sealed_entry", "body_sealed", row.id), row.body_sealed))
    return Entry(row.id, row.section, row.version, row.saved_at, body["values"], bool(body.get("clear")))


def answers(session: Session, tools: Tools, intake_id: str) -> dict[str, Answer]:
    """Every answer of an intake: from the merged blob once there is one, else from the sealed saves."""
    c = table_of(AnswerSet).c
    row = session.execute(select(c.id, c.body_sealed).where(c.intake_id == intake_id)).one_or_none()
    return merge(entries(session, tools, intake_id)) if row is None else opened_answers(tools, row)


def opened_answers(tools: Tools, row: Any) -> dict[str, Answer]:
    """A row with ``id`` and ``body_sealed`` of the merged blob, opened."""
    place = Place("answer_set", "body_sealed", row.id)
    opened: dict[str, Answer] = json.loads(tools.vault.open(place, row.body_sealed))
    return opened


def call_wish(session: Session, tools: Tools, intake_id: str) -> dict[str, Answer]:
    """All that the rules read of the readable sections of an unsent intake: the wish for a call."""
    box = session.scalar(_start(), {"of_intake": intake_id})
    if box is None:
        return {}
    place = Place("section_state", "draft_box", f"{intake_id}/start")
    start = json.loads(tools.vault.unbox("partner", place, box))
    return {key: start[key] for key in ("call_first",) if start.get(key)}


def statements(
    session: Session,
    tools: Tools,
    partner_ids: Sequence[str],
    kinds: Sequence[str],
    opened: Callable[[Tools, Any], OpenedStatement] | None = None,
) -> dict[str, tuple[OpenedStatement, ...]]:
    """Opened statements of these kinds by partner id, oldest first. One statement, whatever the number.

    ``opened``: how, default ``opened_statement``.
    """
    opened = opened or opened_statement
    c = table_of(Statement).c
    rows = session.execute(
        select(c.id, c.partner_id, c.kind, c.body_sealed, c.said_at)
        .where(c.partner_id.in_(partner_ids), c.kind.in_(kinds))
        .order_by(c.said_at, c.id)
    ).all()
    found: dict[str, list[OpenedStatement]] = {partner_id: [] for partner_id in partner_ids}
    for row in rows:
        found[row.partner_id].append(opened(tools, row))
    return {partner_id: tuple(said) for partner_id, said in found.items()}


def opened_statement(tools: Tools, row: Any) -> OpenedStatement:
    """A row with ``id``, ``kind``, ``body_sealed``, ``said_at``, opened."""
    body = json.loads(tools.vault.open(Place("statement", "body_sealed", row.id), row.body_sealed))
    return OpenedStatement(row.id, row.kind, row.said_at, body)


def opened_or_lost(tools: Tools, row: Any) -> OpenedStatement:
    """The same; one that nobody can open, for a missing key or altered bytes, is lost."""
    try:
        return opened_statement(tools, row)
    except VaultError:
        return OpenedStatement(row.id, row.kind, row.said_at, {}, is_lost=True)


def contact(session: Session, tools: Tools, partner_id: str) -> dict[str, Any] | None:
    """The newest safe contact of a partner, or None if none was given."""
    said = statements(session, tools, [partner_id], ["contact"])[partner_id]
    return said[-1].body if said else None
