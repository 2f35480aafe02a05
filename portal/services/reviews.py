"""A therapist's review of the newest recommendation: accept, override or defer. Signed, never changed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.prerequisites import JOINT, is_cleared, is_downward_from_safety, without_interview
from portal.domain.urgency import SIGNED
from portal.models import CaseFile, Review, table_of
from portal.services import audit, clearances, interviews, persons, routing, standing_now
from portal.services.case_reading import this_case
from portal.services.errors import Conflict, OutOfOrder
from portal.services.routing import SIGNED_DECISIONS, RecommendationView
from portal.services.tools import Tools
from portal.vault import Place

Decision = Literal["accept", "override", "defer"]


@dataclass(frozen=True)
class Choice:
    """What the therapist decided. ``route`` only on an override, ``model`` None means as recommended."""

    decision: Decision
    route: str | None = None
    model: str | None = None
    format: str | None = None
    reason_code: str | None = None
    note: str = ""


@dataclass(frozen=True)
class ReviewView:
    """One review; ``route`` None where it was deferred. ``made_by`` is a staff id."""

    id: str
    recommendation_id: str
    decision: str
    route: str | None
    model: str | None
    format: str | None
    reason_code: str | None
    note: str
    made_by: str
    made_at: datetime

    @property
    def is_signed(self) -> bool:
        """Accepted or overridden, not deferred."""
        return self.decision in SIGNED_DECISIONS


def make(
    session: Session, tools: Tools, *, case_id: str, choice: Choice, shown: str | None = None, by: Viewer
) -> None:
    """Keep a review of the newest recommendation; signing takes the case off the queue.

    ``shown``: the recommendation the therapist looked at, if known. Raises OutOfOrder without a
    recommendation, for leaving safety without clearance, and for a format of couples or discernment
    before the interviews; Conflict where a newer recommendation stands than the one shown, and for signing
    where something was told that the newest does not know of yet, or that nobody can open.
    """
    newest = routing.latest(session, tools, case_id)
    if newest is None:
        raise OutOfOrder("no_recommendation")
    if shown is not None and shown != newest.id:
        raise Conflict("newer_recommendation")
    if choice.decision in SIGNED_DECISIONS:
        standing_now.require_read(session, tools, case_id=case_id)
    route = newest.body["route"] if choice.decision == "accept" else choice.route
    _require_order(session, tools, case_id, choice=choice, newest=newest, route=route)
    _insert(session, tools, case_id, newest=newest, choice=choice, route=route, by=by)
    if choice.decision in SIGNED_DECISIONS:
        c = table_of(CaseFile).c
        session.execute(update(table_of(CaseFile)).where(c.id == case_id).values(urgency=SIGNED))
    verb = "review.deferred" if choice.decision == "defer" else "review.signed"
    detail = {"decision": choice.decision, "recommendation": newest.id}
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id), detail=detail)


def _require_order(
    session: Session,
    tools: Tools,
    case_id: str,
    *,
    choice: Choice,
    newest: RecommendationView,
    route: str | None,
) -> None:
    leaves_safety = choice.decision == "override" and is_downward_from_safety(
        newest.body["route"], str(route)
    )
    if not leaves_safety and not (choice.format and route in JOINT):
        return
    people = interviews.standings(persons.people(session, tools, case_id))
    if leaves_safety:
        rules, cleared = newest.body["matched_rules"], clearances.newest(session, case_id)
        if not is_cleared(rules, newest.made_at, cleared, people):
            raise OutOfOrder("clearance_first")
    if choice.format and route in JOINT and without_interview(people, interviews.held(session, case_id)):
        raise OutOfOrder("format_after_interviews")


def _insert(
    session: Session,
    tools: Tools,
    case_id: str,
    *,
    newest: RecommendationView,
    choice: Choice,
    route: str | None,
    by: Viewer,
) -> None:
    row_id = tools.new_id()
    model = (choice.model or newest.body["model"] or "therapist_choice") if route == "couples" else None
    body = {**asdict(choice), "route": route, "model": model}
    row = {
        "id": row_id,
        "case_id": case_id,
        "recommendation_id": newest.id,
        "decision": choice.decision,
        "body_box": tools.vault.box(
            "staff", Place("review", "body_box", row_id), json.dumps(body, ensure_ascii=False, sort_keys=True)
        ),
        "made_by": by.id,
        "made_at": tools.now(),
    }
    session.execute(insert(table_of(Review)), [row])


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[ReviewView, ...]:
    """Every review of a case, newest first, opened. One statement."""
    return tuple(_opened(tools, row) for row in session.execute(_newest_first(), {"of_case": case_id}))


@cache
def _newest_first() -> Select[Any]:
    c = table_of(Review).c
    return (
        select(c.id, c.recommendation_id, c.body_box, c.made_by, c.made_at)
        .where(c.case_id == this_case())
        .order_by(c.made_at.desc(), c.id.desc())
    )


def _opened(tools: Tools, row: Any) -> ReviewView:
    body = json.loads(tools.vault.unbox("staff", Place("review", "body_box", row.id), row.body_box))
    return ReviewView(
        id=row.id,
        recommendation_id=row.recommendation_id,
        decision=body["decision"],
        route=body["route"],
        model=body["model"],
        format=body["format"],
        reason_code=body["reason_code"],
        note=body["note"],
        made_by=row.made_by,
        made_at=row.made_at,
    )


def signed(session: Session, tools: Tools, case_id: str) -> ReviewView | None:
    """The newest signed review of a case, or None."""
    return next((view for view in of_case(session, tools, case_id) if view.is_signed), None)
