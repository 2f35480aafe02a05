"""A case as it stands this moment, for an act that something just told would forbid or change.

The worker looks at whatever is told within a second. An act in between would be judged by what was known
before: whoever acts looks here, at what waits for the worker alone, and with the worker's own eyes. Reads
only; in the transaction of the act, whose lock keeps out every save until it is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import CompoundSelect, Connection, Select, bindparam, or_, select, union, union_all
from sqlalchemy.orm import Session

from portal.domain.gates import OF_THE_ROUTE
from portal.domain.prerequisites import BLOCKS_INVITING
from portal.domain.safety import Finding
from portal.domain.visibility import needs_approval
from portal.models import (
    Account,
    CaseFile,
    Intake,
    Invitation,
    Job,
    Partner,
    SealedEntry,
    Statement,
    UtcDateTime,
    table_of,
)
from portal.services import couples, courses, jobs, losses, questionnaires, routing, rule_walks, screening
from portal.services.case_reading import CaseReading, this_case
from portal.services.errors import Conflict
from portal.services.routing import Advice, RecommendationView
from portal.services.screening import Look
from portal.services.tools import Tools
from portal.vault import VaultError

#: Jobs of something that is done and not begun again at once, unlike a form that is being filled in.
_DONE: Final = ("submitted", "statement", "joined", "second_claim", "route")
#: Jobs after which other advice may stand.
_JOBS: Final = ("left", *_DONE, losses.KIND)


@dataclass(frozen=True)
class Now:
    """A case with what nobody has looked at yet. All is empty where nothing waits.

    ``kept``: the newest recommendation that stands in the database. ``advice``: what the rules say now.
    ``findings``: what was told and is not kept yet, but for what was taken back in time. ``is_unreadable``:
    something waits that nobody can open; it may tell anything, and is taken for danger.
    """

    kept: RecommendationView | None
    advice: Advice | None = None
    findings: tuple[Finding, ...] = ()
    is_unreadable: bool = False

    @property
    def is_danger(self) -> bool:
        """Whether R1-R4 are among what waits, or may be."""
        return self.is_unreadable or not BLOCKS_INVITING.isdisjoint({*self._found(), *_rows(self.advice)})

    @property
    def is_danger_since(self) -> bool:
        """Whether R1-R4 are among what waits and not yet in the newest recommendation, or may be."""
        new = {*self._found(), *(set(_rows(self.advice)) - set(_rows(self.kept)))}
        return self.is_unreadable or not BLOCKS_INVITING.isdisjoint(new)

    @property
    def needs_approval(self) -> bool:
        """Whether a letter written now waits for a second person, by what waits."""
        return self.is_danger or (self.advice is not None and needs_approval(self.advice.body["route"]))

    @property
    def is_more(self) -> bool:
        """Whether something was told that the newest recommendation does not know of.

        A finding, a sending, a row, a gate or a flag that it lacks. What only takes something away, as a
        clearance just given, outdates nothing that was read.
        """
        if self.findings or self.is_unreadable:
            return True
        if self.advice is None or self.kept is None:
            return False
        known = _listed(self.kept.body)
        return routing.is_sent_since(self.advice.couple, self.kept) or any(
            one not in known for one in _listed(self.advice.body)
        )

    def _found(self) -> set[str]:
        return {finding.rule for finding in self.findings}


def _rows(said: Advice | RecommendationView | None) -> list[str]:
    return [] if said is None else said.body["matched_rules"]


def _listed(body: Mapping[str, Any]) -> list[Any]:
    """Rows, flags, and the gates that speak of what somebody told."""
    gates = [gate for gate in body["gates"] if gate not in OF_THE_ROUTE]
    return [*body["matched_rules"], *gates, *body["flags"]]


def look(session: Session, tools: Tools, *, case_id: str) -> Now:
    """How a case stands; two statements where nothing waits. Opens what waits: staff door."""
    reading = CaseReading(session, tools, case_id)
    waiting = set(session.scalars(_waiting(), {"of_case": case_id, "until": tools.now() + jobs.LONGEST_WAIT}))
    if not waiting:
        return Now(routing.latest(session, tools, case_id))
    try:
        return _opened(reading, waiting)
    except VaultError:
        return Now(routing.latest(session, tools, case_id), is_unreadable=True)


def require_read(session: Session, tools: Tools, *, case_id: str, findings_alone: bool = False) -> None:
    """Raises Conflict where something was told that nobody has read, or can read.

    ``findings_alone``: where that is a finding; else also where only the advice is another.
    """
    now = look(session, tools, case_id=case_id)
    if now.is_unreadable:
        raise Conflict("told_unreadable")
    if now.findings if findings_alone else now.is_more:
        raise Conflict("told_since")


def is_settling(connection: Connection, tools: Tools, *, case_id: str) -> bool:
    """Whether the worker is about to look at something sent or stated: a page read now would be old at once.

    Not while somebody types, as that has no end; not where a look has failed and comes again later.
    """
    found = connection.execute(_settling(), {"of_case": case_id, "until": tools.now()})
    return found.first() is not None


def _opened(reading: CaseReading, waiting: Collection[str]) -> Now:
    """What waits, read. Raises VaultError for a missing key or a spoiled save."""
    session, tools, couple = reading.session, reading.tools, couples.read(reading)
    asked = [row.id for row in reading.intakes if row.id in waiting]
    seen = (Look(couple, courses.of(reading, intake_id, couple=couple)) for intake_id in asked)
    advice = routing.advise(session, tools, couple, looked_at=tools.now(), is_whole=True)
    return Now(
        kept=None if advice is None else advice.before,
        advice=advice,
        findings=tuple(finding for one in seen for finding in screening.unkept(tools, one)),
    )


@cache
def _settling() -> Select[Any]:
    j = table_of(Job).c
    return (
        select(j.id)
        .where(j.done_at.is_(None), j.due_at <= bindparam("until", type_=UtcDateTime), j.kind.in_(_DONE))
        .where(j.subject_id.in_(_subjects().scalar_subquery()))
        .limit(1)
    )


@cache
def _waiting() -> CompoundSelect[Any]:
    """What of a case the worker has yet to look at: ids of intakes, statements, accounts and cases.

    And how far a walk after a change of settings has come that is still to come by.
    """
    i, p, e, j = (table_of(model).c for model in (Intake, Partner, SealedEntry, Job))
    saved = (
        select(e.intake_id)
        .join_from(table_of(SealedEntry), table_of(Intake), e.intake_id == i.id)
        .join(table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == this_case(), e.screened_at.is_(None))
        .where(or_(e.section.in_(questionnaires.draft_sections()), i.submitted_at.is_not(None)))
    )
    # No later than the longest wait after a failure: else every case's day of growing stale were walked.
    asked = select(j.subject_id).where(
        j.done_at.is_(None),
        j.due_at <= bindparam("until", type_=UtcDateTime),
        or_(
            j.kind.in_(_JOBS) & j.subject_id.in_(_subjects().scalar_subquery()),
            rule_walks.is_coming(j),
        ),
    )
    return union_all(saved, asked)


def _subjects() -> CompoundSelect[Any]:
    """Ids that a job of this case may be about; a second claim is of the case that was claimed, too."""
    f, i, v, s, a, p = (
        table_of(one).c for one in (CaseFile, Intake, Invitation, Statement, Account, Partner)
    )
    ours = select(p.id).where(p.case_id == this_case())
    invited = select(v.id).where(v.partner_id.in_(ours))
    return union(
        select(f.id).where(or_(f.id == this_case(), f.claims_invitation_id.in_(invited))),
        select(i.id).where(i.partner_id.in_(ours)),
        select(s.id).where(s.partner_id.in_(ours)),
        select(a.id).where(a.partner_id.in_(ours)),
    )
