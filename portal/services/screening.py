"""Safety findings from drafts and sent intakes: found at once, provisional, then latched.

contract.md, "How sealed answers flow": a finding from a draft alerts at once and is provisional until
the section is left or ten minutes pass; a correction before that withdraws it, shown to staff as
corrected; then it latches for good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, insert, literal_column, select, update
from sqlalchemy.orm import Session

from portal.domain import safety
from portal.domain.access import Viewer
from portal.models import CaseFile, Finding, Intake, Partner, SealedEntry, table_of
from portal.services import audit, couples, courses, questionnaires, standing
from portal.services.case_reading import CaseReading
from portal.services.couples import Couple
from portal.services.courses import Course, Key, Spell
from portal.services.errors import Conflict
from portal.services.standing import FindingView
from portal.services.tools import Tools
from portal.vault import Place

_CORRECTED: Final = "corrected"


@dataclass(frozen=True)
class Screened:
    """What one screening changed: how many findings are new, corrected or latched.

    ``tiers``: those of the new ones. One that was corrected before anybody looked is not new.
    """

    case_id: str
    new: int
    corrected: int
    latched: int
    tiers: frozenset[str]

    @property
    def is_changed(self) -> bool:
        """Whether a new recommendation is due."""
        return bool(self.new or self.corrected or self.latched)


def waiting(session: Session) -> tuple[str, ...]:
    """Intakes with saves nobody has looked at yet."""
    c = table_of(SealedEntry).c
    return tuple(session.scalars(select(c.intake_id).distinct().where(c.screened_at.is_(None))))


def unsettled(session: Session, tools: Tools) -> tuple[str, ...]:
    """Intakes with provisional findings whose time has run out; leaving and sending have their own jobs."""
    c, latest = table_of(Finding).c, tools.now() - courses.SETTLES_AFTER
    # Written out: SQLite reads an index of some rows only where the statement says which.
    due = (c.state == literal_column("'provisional'")) & (c.found_at <= latest)
    # Told apart here: asked for DISTINCT, SQLite walks the index of another column to have them in order.
    return tuple(dict.fromkeys(session.scalars(select(c.intake_id).where(due))))


def set_aside(session: Session, tools: Tools) -> None:
    """Note saves as looked at that the rules read once the form is sent, and not before."""
    c = table_of(SealedEntry).c
    aside = c.screened_at.is_(None) & c.section.not_in(questionnaires.draft_sections())
    if session.scalar(select(c.id).where(aside).limit(1)) is not None:
        session.execute(update(table_of(SealedEntry)).where(aside).values(screened_at=tools.now()))


def case_of(session: Session, intake_id: str) -> str:
    """The case an intake belongs to. Raises NoResultFound."""
    p, i = table_of(Partner).c, table_of(Intake).c
    found = session.execute(
        select(p.case_id)
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .where(i.id == intake_id)
    )
    return str(found.scalar_one())


def rows(intake_id: str) -> Select[Any]:
    """What decides a look: no save of this intake, and no other look at its case, comes in between."""
    p, i, f = table_of(Partner).c, table_of(Intake).c, table_of(CaseFile).c
    return (
        select(i.id, f.id)
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .join(table_of(CaseFile), p.case_id == f.id)
        .where(i.id == intake_id)
    )


@dataclass(frozen=True)
class Look:
    """What one look at an intake saw: opened and computed outside any writing transaction.

    ``missing``: what is lost of the case, as ``CaseReading.lost`` has it.
    """

    couple: Couple
    course: Course
    missing: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def kept(self) -> tuple[FindingView, ...]:
        """Every finding of the case so far."""
        return self.couple.found

    @property
    def case_id(self) -> str:
        """The case of this intake."""
        return self.couple.case_id


def look(session: Session, tools: Tools, *, intake_id: str) -> Look:
    """Open the intake and see what its answers raise beside the other partner's; reads only.

    Also where something is lost, of either: a danger told in what can be opened must be found all the same.
    """
    reading = CaseReading(session, tools, case_of(session, intake_id), may_miss=True)
    couple = couples.read(reading)
    course = courses.of(reading, intake_id, couple=couple)
    return Look(couple=couple, course=course, missing=dict(reading.lost))


def note(session: Session, tools: Tools, seen: Look, *, by: Viewer) -> Screened:
    """Write the difference between what the answers raise and the findings kept, in one short transaction.

    Raises Conflict when something moved since the look: look again.
    """
    _require_unmoved(session, tools, seen)
    settled = _settle(session, tools, seen)
    new = _add(session, tools, seen, settled)
    c = table_of(SealedEntry).c
    session.execute(
        update(table_of(SealedEntry))
        .where(c.intake_id == seen.course.intake_id, c.screened_at.is_(None))
        .values(screened_at=tools.now())
    )
    states = [*settled.values(), *(state for _, state in new)]
    raised = frozenset(finding.tier for finding, state in new if state != _CORRECTED)
    done = Screened(
        case_id=seen.case_id,
        new=sum(state != _CORRECTED for _, state in new),
        corrected=states.count(_CORRECTED),
        latched=list(settled.values()).count("latched"),
        tiers=frozenset(raised),
    )
    if done.is_changed:
        detail: audit.Detail = {"new": done.new, "corrected": done.corrected, "latched": done.latched}
        subject = ("case", seen.case_id)
        audit.record(session, tools, by=by, verb="findings.changed", subject=subject, detail=detail)
    return done


def _require_unmoved(session: Session, tools: Tools, seen: Look) -> None:
    """No save, no finding and no sending came between the look and now."""
    i = table_of(Intake).c
    intake_id = seen.course.intake_id
    is_same = (
        courses.unscreened_saves(session, intake_id) == seen.course.unscreened
        and session.scalar(select(i.submitted_at).where(i.id == intake_id)) == seen.course.sent_at
        and standing.of_case(session, tools, seen.case_id) == seen.kept
    )
    if not is_same:
        raise Conflict("moved")


def _key(view: FindingView) -> Key:
    return (view.rule, view.field)


def unkept(tools: Tools, seen: Look) -> tuple[safety.Finding, ...]:
    """What a note of this look would add, but for what was taken back in time. Writes nothing."""
    fresh = _fresh(seen, _states(seen, tools.now()), tools.now())
    return tuple(spell.finding for spell, state in fresh.values() if state != _CORRECTED)


def _settle(session: Session, tools: Tools, seen: Look) -> dict[str, str]:
    """Latch or withdraw provisional findings of this intake; returns the new state by finding id."""
    now, c = tools.now(), table_of(Finding).c
    states = _states(seen, now)
    for finding_id, state in states.items():
        session.execute(
            update(table_of(Finding)).where(c.id == finding_id).values(state=state, settled_at=now)
        )
    return states


def _states(seen: Look, now: datetime) -> dict[str, str]:
    """What becomes of the provisional findings of this intake, by id.

    A finding whose time has run out latches even if the newest answers no longer raise it.
    """
    course = seen.course
    return {
        view.id: state
        for view in seen.kept
        if view.state == "provisional" and view.intake_id == course.intake_id
        if (state := course.state(_key(view), view.found_at, now)) != "provisional"
    }


def _add(
    session: Session, tools: Tools, seen: Look, settled: dict[str, str]
) -> list[tuple[safety.Finding, str]]:
    """Keep what is not kept yet; returns the new findings with their states."""
    fresh = _fresh(seen, settled, tools.now())
    if fresh:
        rows = [_row(tools, seen.course, key, spell, state) for key, (spell, state) in fresh.items()]
        session.execute(insert(table_of(Finding)), rows)
    return [(spell.finding, state) for spell, state in fresh.values()]


def _fresh(seen: Look, settled: dict[str, str], now: datetime) -> dict[Key, tuple[Spell, str]]:
    """Findings that are not kept yet, with their states.

    First what new saves raised. Once nothing of this intake may be corrected any more, also what its
    answers raise together with the other partner's, who may have told theirs later.
    """
    course = seen.course
    kept = {
        _key(view): settled.get(view.id, view.state)
        for view in seen.kept
        if view.intake_id == course.intake_id and settled.get(view.id, view.state) != _CORRECTED
    }
    fresh = {
        key: (spell, course.state(key, spell.begun_at, now))
        for key, spell in course.spells.items()
        if key not in kept
    }
    if "provisional" not in {*kept.values(), *(state for _, state in fresh.values())}:
        known = {*kept, *fresh, *_raised_before(seen)}
        fresh |= {
            key: (Spell(finding, now), "latched") for key, finding in course.now.items() if key not in known
        }
    return fresh


def _raised_before(seen: Look) -> frozenset[Key]:
    """Findings that this partner's earlier rounds raised by answers that this round only took over."""
    course = seen.course
    return frozenset(
        _key(view)
        for view in seen.kept
        if view.partner_id == course.partner_id
        and view.state != _CORRECTED
        and view.field in course.taken_over
    )


def _row(tools: Tools, course: Course, key: Key, spell: Spell, state: str) -> dict[str, object]:
    row_id, finding = tools.new_id(), spell.finding
    body = json.dumps({"rule": finding.rule, "field": finding.field, "tier": finding.tier}, sort_keys=True)
    return {
        "id": row_id,
        "partner_id": course.partner_id,
        "intake_id": course.intake_id,
        "identity": tools.vault.digest("staff", "finding", "|".join((course.partner_id, *key))),
        "state": state,
        "body_box": tools.vault.box("staff", Place("finding", "body_box", row_id), body),
        "found_at": spell.begun_at,
        "section": course.section_of(finding.field),
        "settled_at": None if state == "provisional" else tools.now(),
    }
