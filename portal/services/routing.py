"""Recommendations: made by the worker, kept for good, read by staff. Nothing of it reaches a partner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from portal.content.rules import CURRENT, ruleset
from portal.domain import routing, told_alone
from portal.domain.access import Viewer
from portal.domain.couple_file import parse_couple
from portal.domain.rules import Ruleset
from portal.domain.urgency import LOST, urgency
from portal.models import PRACTICE_ID, CaseFile, Practice, Recommendation, Review, table_of
from portal.services import audit, call_plans, caseload, couples, jobs, losses, practices
from portal.services.case_reading import CaseReading, this_case
from portal.services.couples import Couple
from portal.services.errors import Conflict
from portal.services.tools import Tools
from portal.vault import Place

SIGNED_DECISIONS: Final = ("accept", "override")


@dataclass(frozen=True)
class RecommendationView:
    """One recommendation; ``body`` is contract.md's JSON."""

    id: str
    body: dict[str, Any]
    made_at: datetime


def rules_of(session: Session, named: str = CURRENT) -> Ruleset:
    """A ruleset, the live one unless named, under this practice's own thresholds."""
    c = table_of(Practice).c
    row = session.execute(
        select(c.stale_days, c.alcohol_level, c.index_margin, c.clarity_for_two).where(c.id == PRACTICE_ID)
    ).one_or_none()
    if row is None:
        return ruleset(named)
    return ruleset(named, **{name: int(value) for name, value in row._mapping.items()})


def latest(session: Session, tools: Tools, case_id: str) -> RecommendationView | None:
    """The newest recommendation of a case."""
    row = session.execute(_latest(), {"of_case": case_id}).one_or_none()
    return None if row is None else opened(tools, row)


def newest_and(
    reading: CaseReading, signed_id: str
) -> tuple[RecommendationView | None, RecommendationView | None]:
    """The newest recommendation of a case and the one of this id ("" for none). One statement."""
    rows = reading.all(_latest_and(), signed_id=signed_id)
    views = [opened(reading.tools, row) for row in rows]
    return (views[0] if views else None), next((view for view in views if view.id == signed_id), None)


@cache
def _latest() -> Select[Any]:
    c = table_of(Recommendation).c
    newest_first = _of_case().order_by(c.made_at.desc(), c.id.desc())
    return newest_first.limit(1)


@cache
def _latest_and() -> Select[Any]:
    c, newest = table_of(Recommendation).c, _latest().with_only_columns(table_of(Recommendation).c.id)
    wanted = or_(c.id == newest.scalar_subquery(), c.id == bindparam("signed_id"))
    return _of_case().where(wanted).order_by(c.made_at.desc(), c.id.desc())


def _of_case() -> Select[Any]:
    c = table_of(Recommendation).c
    return select(c.id, c.body_box, c.made_at).where(c.case_id == this_case())


def opened(tools: Tools, row: Any) -> RecommendationView:
    """A row with ``id``, ``body_box``, ``made_at``, opened."""
    place = Place("recommendation", "body_box", row.id)
    return RecommendationView(
        row.id, json.loads(tools.vault.unbox("staff", place, row.body_box)), row.made_at
    )


@dataclass(frozen=True)
class Advice:
    """What the rules say of a case as it was read; ``before`` is the newest recommendation kept then."""

    couple: Couple
    body: dict[str, Any]
    before: RecommendationView | None
    looked_at: datetime


def look(session: Session, tools: Tools, *, case_id: str) -> Advice | None:
    """Open a case and run the rules; reads only. None as long as nobody has answered anything.

    Also where something said is lost: a danger told in what can be read asks for its route and its calls.
    """
    looked_at, reading = tools.now(), CaseReading(session, tools, case_id, may_miss=True)
    return advise(session, tools, couples.read(reading), looked_at=looked_at)


def advise(
    session: Session,
    tools: Tools,
    couple: Couple,
    *,
    looked_at: datetime,
    missing: Mapping[str, int | None] | None = None,
    is_whole: bool = False,
) -> Advice | None:
    """The same of a case that this very transaction has opened; ``looked_at``: before it read anything.

    ``missing``: what is lost of the case, default what the couple lacks. ``is_whole``: everything was opened
    just now, so that what is noted as lost is back.
    """
    before = latest(session, tools, couple.case_id)
    missing = couple.missing if missing is None else missing
    is_noted = not is_whole and before is not None and LOST in before.body
    lost = losses.slots(session, tools, couple.case_id, missing, is_noted=is_noted)
    is_silent = not couple.file["partners"] and not couple.file["standing_findings"]
    if before is None and is_silent and not lost:
        return None
    file, rules = parse_couple(couple.file), rules_of(session)
    if missing or lost:
        body = told_alone.advise(file, rules, before.body if before else None, lost=lost)
        if before is not None and not (lost or _is_asking(couple, body, before)):
            body = before.body
    else:
        body = routing.recommend(file, rules, would_change=True).as_dict()
    return Advice(couple=couple, body=body, before=before, looked_at=looked_at)


def _is_asking(couple: Couple, body: dict[str, Any], before: RecommendationView) -> bool:
    """Whether advice is kept where only words outside the forms are lost: a form was sent, or danger told.

    Else the newest stands: such words are advised upon by nobody (docs/decisions/0111).
    """
    is_over = LOST in before.body
    return is_over or told_alone.is_more(body, before.body) or is_sent_since(couple, before)


def row(case_id: str) -> Select[Any]:
    """What decides keeping: no other advice for this case comes in between."""
    c = table_of(CaseFile).c
    return select(c.id).where(c.id == case_id)


def keep(session: Session, tools: Tools, advice: Advice | None, *, by: Viewer) -> RecommendationView | None:
    """Keep the advice if it says anything new, in one short transaction.

    Raises Conflict when another recommendation was kept since the look: look again.
    """
    if advice is None:
        return None
    case_id, before = advice.couple.case_id, advice.before
    newest = latest(session, tools, case_id)
    if (newest and newest.id) != (before and before.id):
        raise Conflict("moved")
    view = _keep(session, tools, advice, by) if before is None or _is_news(advice, before) else before
    place_in_queue(session, tools, advice.couple, view)
    _ask_for_recheck(session, tools, advice.couple)
    return view


def _ask_for_recheck(session: Session, tools: Tools, couple: Couple) -> None:
    """Have the case looked at again when its first intake goes stale (R12): no act tells of that day.

    The rules count days on the practice's wall calendar, which has days of 23 and 25 hours.
    """
    zone = ZoneInfo(practices.view(session).time_zone)
    days = timedelta(days=rules_of(session).stale_days + 1)
    sent = [person.answered_at for person in couple.people if person.answered_at is not None]
    first = [datetime.combine(moment.astimezone(zone).date() + days, time.min, zone) for moment in sent]
    due = [moment.astimezone(UTC) for moment in first]
    coming = [moment for moment in due if moment > tools.now()]
    if coming and not jobs.is_asked(session, kind="recheck", subject_id=couple.case_id, due_at=min(coming)):
        jobs.add(session, tools, kind="recheck", subject_id=couple.case_id, due_at=min(coming))


def is_recheck_due(session: Session, tools: Tools, case_id: str) -> bool:
    """Whether the passing of days may still change this case's advice: not once a therapist signed it."""
    newest = latest(session, tools, case_id)
    return newest is not None and not is_signed(session, newest.id)


def recommend_case(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> RecommendationView | None:
    """Look and keep in one transaction (commands and tests; the worker takes two)."""
    return keep(session, tools, look(session, tools, case_id=case_id), by=by)


def _is_news(advice: Advice, before: RecommendationView) -> bool:
    """Other advice, or somebody sent since: a new submission makes a new recommendation (clinical.md §4).

    The digest alone, which the day changes, is no news.
    """
    if is_sent_since(advice.couple, before):
        return True
    return {**before.body, "inputs_digest": ""} != {**advice.body, "inputs_digest": ""}


def is_sent_since(couple: Couple, before: RecommendationView) -> bool:
    """Whether somebody sent after a recommendation was made."""
    sent = [person.submitted_at for person in couple.people if person.submitted_at is not None]
    return any(submitted_at > before.made_at for submitted_at in sent)


def _made_at(advice: Advice) -> datetime:
    """When the case was looked at; after the recommendation before, even if the clock went back."""
    if advice.before is None:
        return advice.looked_at
    return max(advice.looked_at, advice.before.made_at + timedelta(microseconds=1))


def _keep(session: Session, tools: Tools, advice: Advice, by: Viewer) -> RecommendationView:
    case_id, body = advice.couple.case_id, advice.body
    row_id, now = tools.new_id(), _made_at(advice)
    text = json.dumps(body, ensure_ascii=False)
    row = {
        "id": row_id,
        "case_id": case_id,
        "body_box": tools.vault.box("staff", Place("recommendation", "body_box", row_id), text),
        "ruleset": body["ruleset"],
        # Keyed here: whoever has the tables alone could else try whole couple files against it.
        "inputs_digest": tools.vault.digest("staff", "inputs", body["inputs_digest"]),
        "made_at": now,
    }
    session.execute(insert(table_of(Recommendation)), [row])
    detail: audit.Detail = {"recommendation": row_id, "ruleset": body["ruleset"]}
    audit.record(session, tools, by=by, verb="recommendation.made", subject=("case", case_id), detail=detail)
    return RecommendationView(row_id, body, now)


def is_signed(session: Session, recommendation_id: str) -> bool:
    """Whether a therapist signed exactly this recommendation."""
    c = table_of(Review).c
    found = session.scalar(
        select(c.id)
        .where(c.recommendation_id == recommendation_id, c.decision.in_(SIGNED_DECISIONS))
        .limit(1)
    )
    return found is not None


def place_in_queue(session: Session, tools: Tools, couple: Couple, view: RecommendationView) -> None:
    """Keep what the caseload is sorted and filtered by, and who is to be called by when."""
    sent = [person.submitted_at for person in couple.people if person.submitted_at is not None]
    joined = {person.language for person in couple.people if person.has_account}
    values: dict[str, object] = {
        "urgency": urgency(view.body, is_signed=is_signed(session, view.id)),
        "route_mark": caseload.route_mark(tools, view.body["route"]),
        "languages": " ".join(sorted(joined)),
    }
    if sent:
        values |= {"waiting_since": min(sent), "news_at": max(sent)}
    call_plans.keep(session, tools, couple=couple, advice=view.body, made_at=view.made_at)
    c = table_of(CaseFile).c
    session.execute(update(table_of(CaseFile)).where(c.id == couple.case_id).values(**values))
