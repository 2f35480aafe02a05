"""Every acknowledged value against the database, opened with the practice's own keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.load.people import Typist
from benchmarks.load.practice import house
from portal.domain.answers import Answer
from portal.models import SealedEntry, table_of
from portal.services import desks, intakes
from portal.services.desks import Desk
from portal.services.tools import Tools
from portal.vault import Place


def losses(config: Mapping[str, str], typists: Iterable[Typist]) -> tuple[int, list[str]]:
    """How many acknowledged saves were looked for, and what is not there or is another."""
    looked, found = 0, []
    with house(config) as (store, tools):
        for typist in typists:
            with store.staff.read() as session:
                desk = desks.of_partner(session, typist.seat.partner_id)
                sealed = _sealed(session, tools, desk.intake_id) if desk else {}
            if desk is None:
                found.append(f"{typist.seat.partner_id}: no form")
                continue
            looked += len(typist.acknowledged)
            found += [f"{typist.seat.partner_id}: {loss}" for loss in _of_one(tools, desk, sealed, typist)]
    return looked, found


def _sealed(session: Session, tools: Tools, intake_id: str) -> dict[tuple[str, int], Any]:
    c = table_of(SealedEntry).c
    query = select(c.id, c.section, c.version, c.body_sealed).where(c.intake_id == intake_id)
    return {
        (row.section, row.version): json.loads(
            tools.vault.open(Place("sealed_entry", "body_sealed", row.id), row.body_sealed)
        )["values"]
        for row in session.execute(query)
    }


def _of_one(tools: Tools, desk: Desk, sealed: Mapping[tuple[str, int], Any], typist: Typist) -> list[str]:
    found: list[str] = []
    if typist.is_sent and desk.is_open:
        found.append("the sending was acknowledged, and the form is open")
    if desk.version < typist.version:
        found.append(f"counter {desk.version}, acknowledged {typist.version}")
    newest: dict[str, tuple[int, Mapping[str, Answer]]] = {}
    for (section, version), values in sorted(typist.acknowledged.items(), key=lambda kept: kept[0][1]):
        if desk.questionnaire.section(section).is_sealed:
            if sealed.get((section, version)) != values:
                found.append(f"{section} {version} is not as it was acknowledged")
        else:
            newest[section] = version, values
    for section, (version, values) in newest.items():
        if not _stands(tools, desk, sealed, typist, section, version, values):
            found.append(f"{section} {version} is not as it was acknowledged last")
    return found


def _stands(
    tools: Tools, desk: Desk, sealed: Mapping[tuple[str, int], Any], typist: Typist, *last: Any
) -> bool:
    """The last acknowledged save of a readable section, or a later one that was sent and never answered."""
    section, version, values = last
    stored = intakes.read_draft(tools, desk, section)
    if not desk.is_open:
        stored = next((body for (name, _), body in sealed.items() if name == section), {})
    later = [
        kept for (name, number), kept in typist.unanswered.items() if name == section and number > version
    ]
    return stored in [values, *later]
