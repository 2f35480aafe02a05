"""What goes into a report: one row a sent intake, read in batches, so that memory stays the same.

Each batch has a short reading transaction of its own: a long report holds nobody up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, exists, or_, select
from sqlalchemy.orm import Session

from portal.domain import scoring
from portal.domain.answers import Answer
from portal.models import AnswerSet, Consent, Intake, Partner, Recommendation, Review, Statement, table_of
from portal.services import openings, practices, questionnaires
from portal.services.export_columns import Source
from portal.services.routing import SIGNED_DECISIONS, opened
from portal.services.tools import Tools
from portal.store import Door
from portal.vault import Place

BATCH: Final = 200


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

    def sources(self, door: Door) -> Iterator[Source]:
        """Every row by slot, then by the intakes' drawn ids: an order that tells no time and no couple."""
        for slot in ("a", "b"):
            after: str | None = ""
            while after is not None:
                with door.read() as session:
                    batch = self._batch(session, slot, after)
                yield from (source for _, source in batch)
                after = batch[-1][0] if len(batch) == BATCH else None

    def _batch(self, session: Session, slot: str, after: str) -> list[tuple[str, Source]]:
        zone = ZoneInfo(practices.view(session).time_zone)
        level = practices.alcohol_level(session)
        rows = session.execute(_intakes(self.span.bounds(zone), slot, after)).all()
        answers = _answers(session, self.tools, [row.id for row in rows])
        cases = sorted({row.case_id for row in rows})
        said = _recommendations(session, self.tools, cases)
        signed = _signed_routes(session, self.tools, cases)
        names = _names(session, self.tools, [row.partner_id for row in rows]) if self.identified else {}
        looked_up = (said, signed, names)
        return [(row.id, self._source(row, zone, level, answers[row.id], looked_up)) for row in rows]

    def _source(
        self,
        row: Row[Any],
        zone: ZoneInfo,
        level: int,
        answers: Mapping[str, Answer],
        looked_up: tuple[Mapping[str, Mapping[str, Any]], Mapping[str, str], Mapping[str, str]],
    ) -> Source:
        said, signed, names = looked_up
        questionnaire = questionnaires.of(row.questionnaire, row.variant)
        return Source(
            export_id=self.tools.vault.digest("staff", "export_row", f"{self.key}|{row.id}")[:32],
            slot=row.slot,
            sent_on=row.submitted_at.astimezone(zone).date(),
            scores=scoring.partner_answers(questionnaire, answers, alcohol_level=level),
            recommendation=said.get(row.case_id),
            signed_route=signed.get(row.case_id),
            case_id=row.case_id,
            name=names.get(row.partner_id),
            answers=answers if self.identified else {},
        )


def _intakes(bounds: tuple[datetime | None, datetime], slot: str, after: str) -> Select[Any]:
    """One batch of sent intakes; a withdrawn one is no longer read (contract.md, "Fields")."""
    i, p, s = table_of(Intake).c, table_of(Partner).c, table_of(Statement).c
    withdrawn = exists().where(
        s.partner_id == i.partner_id, s.kind == "withdrawal", s.said_at >= i.submitted_at
    )
    since, before = bounds
    chosen = (
        select(i.id, i.partner_id, i.questionnaire, i.variant, i.submitted_at, p.slot, p.case_id)
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .where(p.slot == slot, i.id > after, i.submitted_at < before, ~withdrawn)
        .order_by(i.id)
        .limit(BATCH)
    )
    return chosen if since is None else chosen.where(i.submitted_at >= since)


def _answers(session: Session, tools: Tools, intake_ids: Sequence[str]) -> dict[str, dict[str, Answer]]:
    """Answers by intake: one statement for all that were merged, and what was just sent one by one."""
    c = table_of(AnswerSet).c
    rows = session.execute(select(c.id, c.intake_id, c.body_sealed).where(c.intake_id.in_(intake_ids)))
    found: dict[str, dict[str, Answer]] = {
        row.intake_id: json.loads(
            tools.vault.open(Place("answer_set", "body_sealed", row.id), row.body_sealed)
        )
        for row in rows
    }
    return {key: found[key] if key in found else openings.answers(session, tools, key) for key in intake_ids}


def _recommendations(session: Session, tools: Tools, case_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
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
    return {row.case_id: opened(tools, row).body for row in rows}


def _signed_routes(session: Session, tools: Tools, case_ids: Sequence[str]) -> dict[str, str]:
    """The route of the newest signed review of each case. One statement."""
    c = table_of(Review).c
    rows = session.execute(
        select(c.id, c.case_id, c.body_box)
        .where(c.case_id.in_(case_ids), c.decision.in_(SIGNED_DECISIONS))
        .order_by(c.made_at, c.id)
    ).all()
    newest = {row.case_id: row for row in rows}
    return {
        case_id: json.loads(tools.vault.unbox("staff", Place("review", "body_box", row.id), row.body_box))[
            "route"
        ]
        for case_id, row in newest.items()
    }


def _names(session: Session, tools: Tools, partner_ids: Sequence[str]) -> dict[str, str]:
    """The name under each partner's newest consent. One statement."""
    c = table_of(Consent).c
    rows = session.execute(
        select(c.id, c.partner_id, c.name_sealed)
        .where(c.partner_id.in_(partner_ids))
        .order_by(c.given_at, c.id)
    ).all()
    newest = {row.partner_id: row for row in rows}
    return {
        partner_id: tools.vault.open(Place("consent", "name_sealed", row.id), row.name_sealed)
        for partner_id, row in newest.items()
    }
