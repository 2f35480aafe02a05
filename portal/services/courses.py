"""The course of one intake: what its answers raised, save by save, and until when each may be corrected.

The saves are gone through one by one, so that what is found does not depend on when the worker came by:
a danger that was told and changed in between is found all the same (contract.md, "How sealed answers
flow").
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import Select, String, bindparam, literal_column, or_, select
from sqlalchemy.orm import Session

from portal.domain import safety, scoring
from portal.domain.couple import Slot, other
from portal.domain.couple_file import parse_couple
from portal.models import AuditEvent, SealedEntry, table_of
from portal.services import openings, questionnaires
from portal.services.case_reading import CaseReading
from portal.services.couples import Couple
from portal.services.openings import Entry
from portal.services.standing import FindingView

SETTLES_AFTER: Final = timedelta(minutes=10)
#: Where a finding counts whose field is no item of the form.
FALLBACK_SECTION: Final = "safety"

#: Events of an intake that its course is told by.
_TELLING: Final = ("section.left", "answers.lost", "answers.found")

#: Rule and field: what makes two findings of one intake the same.
Key = tuple[str, str]
Raised = Mapping[Key, safety.Finding]


@dataclass(frozen=True)
class Spell:
    """A finding and when the answer was saved that raised it."""

    finding: safety.Finding
    begun_at: datetime


@dataclass(frozen=True)
class Course:
    """One intake of one partner, as it was looked at.

    ``now``: what its answers raise today; ``spells``: what began with saves nobody had looked at;
    ``ended_at``: when such a save took a finding back. ``left_at``: every time each section was left, not
    only the last one. ``taken_over``: items whose answer still is the one of the round before.
    """

    intake_id: str
    partner_id: str
    sent_at: datetime | None
    sections: Mapping[str, str]
    left_at: Mapping[str, Sequence[datetime]]
    now: Raised
    spells: Mapping[Key, Spell]
    ended_at: Mapping[Key, datetime]
    taken_over: frozenset[str]
    unscreened: frozenset[str]

    def section_of(self, field: str) -> str:
        """The form section a finding's field stands in."""
        return self.sections.get(field, FALLBACK_SECTION)

    def state(self, key: Key, found_at: datetime, now: datetime) -> str:
        """Provisional until the section is left, the intake sent or ten minutes passed; then latched.

        Corrected where another answer took it back before that. A blank or a clear marker does not.
        """
        ends = [found_at + SETTLES_AFTER, *self.left_at.get(self.section_of(key[1]), ())]
        if self.sent_at is not None:
            ends.append(self.sent_at)
        deadline = min(moment for moment in ends if moment >= found_at)
        ended = self.ended_at.get(key)
        if key not in self.now and ended is not None and found_at <= ended <= deadline:
            return "corrected"
        return "latched" if deadline <= now else "provisional"


def of(reading: CaseReading, intake_id: str, *, couple: Couple) -> Course:
    """Open an intake and follow it; reads only. It is followed whether or not the rules still read it."""
    row = next(row for row in reading.intakes if row.id == intake_id)
    questionnaire = questionnaires.of(row.questionnaire, row.variant)
    entries = reading.early_saves(intake_id)
    unscreened = unscreened_saves(reading.session, intake_id)
    slot = next(person.slot for person in couple.people if person.partner_id == row.partner_id)
    left, lost_from = _told_of(reading.session, intake_id)
    scene = _Scene(couple, cast(Slot, slot), couple.found)
    # What was taken over from the round before (version 0) was found then.
    again = {one.id for one in entries if lost_from is not None and one.version and one.version >= lost_from}
    now, spells, ended = _follow(scene, entries, unscreened, again - unscreened)
    return Course(
        intake_id=intake_id,
        partner_id=row.partner_id,
        sent_at=row.submitted_at,
        sections={item.key: section.key for section in questionnaire.sections for item in section.items},
        left_at=left,
        now=now,
        spells=spells,
        ended_at=ended,
        taken_over=_taken_over(entries),
        unscreened=unscreened,
    )


def _told_of(session: Session, intake_id: str) -> tuple[dict[str, list[datetime]], int | None]:
    """Every time each section was left, by the events of leaving; the section knows the last one only.

    And the oldest save that could not be opened when it was looked at, by its version: what was saved since
    was looked at without it, and is gone through once more. None where everything could be opened.
    """
    rows = session.execute(_events(), {"of_intake": intake_id}).all()
    left: dict[str, list[datetime]] = {}
    lost_from: list[int] = []
    for row in rows:
        if row.verb == "section.left":
            left.setdefault(json.loads(row.detail)["section"], []).append(row.happened_at)
        elif row.verb == "answers.lost":
            version = json.loads(row.detail)["version"]
            lost_from += [] if version is None else [version]
        else:
            lost_from.clear()
    return left, min(lost_from, default=None)


@cache
def _events() -> Select[Any]:
    c, this_intake = table_of(AuditEvent).c, bindparam("of_intake", type_=String)
    told = or_(*(c.verb == literal_column(f"'{verb}'") for verb in _TELLING))
    return (
        select(c.happened_at, c.verb, c.detail)
        .where(c.subject_id == this_intake, told)
        .order_by(c.happened_at)
    )


def unscreened_saves(session: Session, intake_id: str) -> frozenset[str]:
    """Ids of an intake's saves that nobody has looked at yet."""
    return frozenset(session.scalars(_unscreened(), {"of_intake": intake_id}))


@cache
def _unscreened() -> Select[Any]:
    c = table_of(SealedEntry).c
    return select(c.id).where(c.intake_id == bindparam("of_intake", type_=String), c.screened_at.is_(None))


@dataclass(frozen=True)
class _Scene:
    """What one partner's answers are read against: the other's, as far as they have settled."""

    couple: Couple
    slot: Slot
    kept: Sequence[FindingView]

    def raised(self, entries: Iterable[Entry]) -> Raised:
        """This partner's findings, by rule and field."""
        own = scoring.draft_answers(openings.merge(entries))
        partners = {other(self.slot): self._settled(), self.slot: own}
        # Who takes part does not matter to a finding, and nobody need have sent.
        file = {
            "as_of": self.couple.file["as_of"],
            "participation": dict.fromkeys(partners, "in_progress"),
            "partners": partners,
        }
        found = safety.findings(parse_couple(file))
        return {(one.rule, one.field): one for one in found if one.slot == self.slot}

    def _settled(self) -> dict[str, Any]:
        """The other's answers without those that may still be corrected: their finding speaks for them."""
        said = dict(self.couple.said.get(other(self.slot), {}))
        for view in self.kept:
            if view.slot != self.slot and view.state == "provisional":
                head, _, act = view.field.partition(".")
                if act and head in said:
                    said[head] = {key: value for key, value in said[head].items() if key != act}
                else:
                    said.pop(head, None)
        return said


def _follow(
    scene: _Scene, entries: Sequence[Entry], unscreened: Collection[str], again: Collection[str]
) -> tuple[Raised, dict[Key, Spell], dict[Key, datetime]]:
    """Today's findings, the spells that began unseen, and when a finding was last taken back unseen.

    ``again``: saves that were looked at before, without one that is back. What is kept begins no second time.
    """
    known = {(view.rule, view.field, view.found_at) for view in scene.kept if view.slot == scene.slot}
    seen = {entry.id for entry in entries if entry.id not in unscreened and entry.id not in again}
    before = scene.raised(entry for entry in entries if entry.id in seen)
    spells: dict[Key, Spell] = {}
    ended: dict[Key, datetime] = {}
    for entry in entries:
        if entry.id in seen:
            continue
        seen.add(entry.id)
        after = scene.raised(one for one in entries if one.id in seen)
        for key in after.keys() - before.keys():
            if entry.id in unscreened or (*key, entry.saved_at) not in known:
                spells.setdefault(key, Spell(after[key], entry.saved_at))
        if not entry.is_clear:
            ended.update(dict.fromkeys(before.keys() - after.keys(), entry.saved_at))
        before = after
    return before, spells, ended


def _taken_over(entries: Iterable[Entry]) -> frozenset[str]:
    old, new = set[str](), set[str]()
    for entry in entries:
        (new if entry.version else old).update(entry.values)
    return frozenset(old - new)
