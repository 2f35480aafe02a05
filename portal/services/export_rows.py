"""What goes into a report: one row a sent intake, read in batches, so that memory stays the same.

Each batch has a short reading transaction of its own: a long report holds nobody up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.domain import scoring
from portal.domain.answers import Answer
from portal.models import (
    AnswerSet,
    CaseFile,
    Consent,
    Intake,
    Partner,
    Recommendation,
    Review,
    Statement,
    table_of,
)
from portal.services import openings, practices, questionnaires
from portal.services.export_columns import Source
from portal.services.export_orders import ALL, Filters
from portal.services.routing import SIGNED_DECISIONS, opened
from portal.services.tools import Tools
from portal.store import Door
from portal.vault import Place, VaultError

BATCH: Final = 200
#: A recommendation's body; None where it cannot be opened.
Opened = Mapping[str, Any] | None


@dataclass(frozen=True)
class Span:
    """Which intakes a report holds: sent from ``since`` to ``until``, both inclusive, by the practice's day.

    ``as_of``: nothing sent after the moment the report was asked for.
    """

    since: date | None
    until: date | None
    as_of: datetime

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime]:
        """First moment, and the first moment no longer inside, in UTC."""
        start = None if self.since is None else _midnight(self.since, zone)
        end = self.as_of + timedelta(microseconds=1)
        if self.until is not None:
            end = min(end, _midnight(self.until + timedelta(days=1), zone))
        return start, end


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True)
class Reader:
    """Reads the sources of one report. ``key``: the report's id, to which the rows' drawn ids are bound."""

    tools: Tools
    key: str
    span: Span
    identified: bool
    filters: Filters = ALL

    def sources(self, door: Door) -> Iterator[Source]:
        """Every row by slot, then by the intakes' drawn ids: an order that tells no time and no couple."""
        at: tuple[str, str] | None = ("a", "")
        while at is not None:
            batch, at = self.batch(door, *at)
            yield from (source for source in batch if source is not None)

    def batch(self, door: Door, slot: str, after: str) -> tuple[list[Source | None], tuple[str, str] | None]:
        """The next rows after an intake of a slot, None for one that the filters leave out, and where the
        following ones begin (None: that was all). A short reading transaction of its own."""
        with door.read() as session:
            found = self._batch(session, slot, after)
        sources = [source if self._is_chosen(source) else None for _, source in found]
        if len(found) == BATCH:
            return sources, (slot, found[-1][0])
        return sources, ("b", "") if slot == "a" else None

    def count(self, session: Session) -> int:
        """How many intakes will be looked at."""
        zone = ZoneInfo(practices.view(session).time_zone)
        chosen = _chosen(select(func.count()), self.span.bounds(zone), self.filters)
        return int(session.execute(chosen).scalar_one())

    def _is_chosen(self, source: Source) -> bool:
        """What only the opened advice and review can tell."""
        filters = self.filters
        advice = (source.recommendation or {}).get("route")
        is_signed = source.signed_route is not None
        return (filters.route in ("", advice)) and {"signed": is_signed, "unsigned": not is_signed}.get(
            filters.status, True
        )

    def _batch(self, session: Session, slot: str, after: str) -> list[tuple[str, Source]]:
        zone = ZoneInfo(practices.view(session).time_zone)
        tools = self.tools.reading()
        rows = session.execute(_intakes(self.span.bounds(zone), self.filters, slot, after)).all()
        answers = _answers(session, tools, [row.id for row in rows])
        cases = sorted({row.case_id for row in rows})
        said = _recommendations(session, tools, cases)
        signed = _signed_routes(session, tools, cases)
        names = _names(session, tools, [row.partner_id for row in rows]) if self.identified else {}
        looked_up = (said, signed, names)
        return [(row.id, self._source(tools, row, zone, answers[row.id], looked_up)) for row in rows]

    def _source(
        self,
        tools: Tools,
        row: Row[Any],
        zone: ZoneInfo,
        answers: Mapping[str, Answer] | None,
        looked_up: tuple[Mapping[str, Opened], Mapping[str, str | None], Mapping[str, str | None]],
    ) -> Source:
        said, signed, names = looked_up
        digest, advice = tools.vault.digest, said.get(row.case_id)
        bare = {
            "export_id": digest("staff", "export_row", f"{self.key}|{row.id}")[:32],
            "slot": row.slot,
            "sent_on": row.submitted_at.astimezone(zone).date(),
            "case_key": digest("staff", "export_row", f"{self.key}|case|{row.case_id}")[:32],
            "case_id": row.case_id,
        }
        parts = (answers, advice if row.case_id in said else {}, signed.get(row.case_id, ""))
        if any(part is None for part in (*parts, names.get(row.partner_id, ""))):
            return Source(**bare)
        questionnaire = questionnaires.of(row.questionnaire, row.variant)
        given = answers or {}
        return Source(
            **bare,
            scores=scoring.report_scores(questionnaire, given),
            recommendation=advice,
            signed_route=signed.get(row.case_id),
            name=names.get(row.partner_id),
            answers=given if self.identified else {},
        )


def _chosen(asked: Select[Any], bounds: tuple[datetime | None, datetime], filters: Filters) -> Select[Any]:
    """Sent intakes inside the span and the filters; a withdrawn one is no longer read (contract.md)."""
    i, p, s, f = (table_of(model).c for model in (Intake, Partner, Statement, CaseFile))
    withdrawn = exists().where(
        s.partner_id == i.partner_id, s.kind == "withdrawal", s.said_at >= i.submitted_at
    )
    since, before = bounds
    chosen = (
        asked.join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .join(table_of(CaseFile), p.case_id == f.id)
        .where(i.submitted_at < before, ~withdrawn)
    )
    if filters.therapist:
        chosen = chosen.where(f.therapist_id == filters.therapist)
    if filters.status in ("open", "closed"):
        chosen = chosen.where(f.closed_at.is_(None) if filters.status == "open" else f.closed_at.is_not(None))
    return chosen if since is None else chosen.where(i.submitted_at >= since)


def _intakes(
    bounds: tuple[datetime | None, datetime], filters: Filters, slot: str, after: str
) -> Select[Any]:
    """One batch of them."""
    i, p = table_of(Intake).c, table_of(Partner).c
    asked = select(i.id, i.partner_id, i.questionnaire, i.variant, i.submitted_at, p.slot, p.case_id)
    return _chosen(asked, bounds, filters).where(p.slot == slot, i.id > after).order_by(i.id).limit(BATCH)


def _or_none(read: Callable[[], Any]) -> Any:
    """What a sealed cell holds; None where it cannot be opened, so that one bad row breaks no report."""
    try:
        return read()
    except (VaultError, ValueError, KeyError):
        return None


def _answers(
    session: Session, tools: Tools, intake_ids: Sequence[str]
) -> dict[str, dict[str, Answer] | None]:
    """Answers by intake: one statement for all that were merged, and what was just sent one by one."""
    c = table_of(AnswerSet).c
    rows = session.execute(select(c.id, c.intake_id, c.body_sealed).where(c.intake_id.in_(intake_ids))).all()
    found: dict[str, dict[str, Answer] | None] = {
        row.intake_id: _or_none(
            lambda row=row: json.loads(  # type: ignore[misc]
                tools.vault.open(Place("answer_set", "body_sealed", row.id), row.body_sealed)
            )
        )
        for row in rows
    }
    for key in intake_ids:
        if key not in found:
            found[key] = _or_none(lambda key=key: openings.answers(session, tools, key))  # type: ignore[misc]
    return found


def _recommendations(session: Session, tools: Tools, case_ids: Sequence[str]) -> dict[str, Opened]:
    """The newest recommendation of each case. One statement."""
    outer, c = table_of(Recommendation).c, table_of(Recommendation).alias("newer").c
    later = exists().where(
        c.case_id == outer.case_id,
        or_(c.made_at > outer.made_at, (c.made_at == outer.made_at) & (c.id > outer.id)),
    )
    rows = session.execute(
        select(outer.id, outer.case_id, outer.body_box, outer.made_at).where(
            outer.case_id.in_(case_ids), ~later
        )
    ).all()
    return {row.case_id: _or_none(lambda row=row: opened(tools, row).body) for row in rows}  # type: ignore[misc]


def _signed_routes(session: Session, tools: Tools, case_ids: Sequence[str]) -> dict[str, str | None]:
    """The route of the newest signed review of each case. One statement."""
    c = table_of(Review).c
    rows = session.execute(
        select(c.id, c.case_id, c.body_box)
        .where(c.case_id.in_(case_ids), c.decision.in_(SIGNED_DECISIONS))
        .order_by(c.made_at, c.id)
    ).all()
    newest = {row.case_id: row for row in rows}
    return {case_id: _or_none(lambda row=row: _route_of(tools, row)) for case_id, row in newest.items()}  # type: ignore[misc]


def _route_of(tools: Tools, row: Row[Any]) -> str:
    body = json.loads(tools.vault.unbox("staff", Place("review", "body_box", row.id), row.body_box))
    return str(body["route"])


def _names(session: Session, tools: Tools, partner_ids: Sequence[str]) -> dict[str, str | None]:
    """The name under each partner's newest consent. One statement."""
    c = table_of(Consent).c
    rows = session.execute(
        select(c.id, c.partner_id, c.name_sealed)
        .where(c.partner_id.in_(partner_ids))
        .order_by(c.given_at, c.id)
    ).all()
    newest = {row.partner_id: row for row in rows}

    def name(row: Row[Any]) -> str:
        return tools.vault.open(Place("consent", "name_sealed", row.id), row.name_sealed)

    return {key: _or_none(lambda row=row: name(row)) for key, row in newest.items()}  # type: ignore[misc]
