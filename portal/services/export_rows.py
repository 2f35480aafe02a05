"""What goes into a report: one row a sent intake, read in batches, so that memory stays the same.

Each batch has a short reading transaction of its own: a long report holds nobody up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from portal.driven import Driven
from portal.models import (
    PRACTICE_ID,
    AnswerSet,
    CaseFile,
    Intake,
    KeptTime,
    Partner,
    Practice,
    Recommendation,
    Review,
    Statement,
    moment,
    table_of,
)
from portal.services import export_opening, practices
from portal.services.export_columns import Source
from portal.services.export_opening import BROKEN
from portal.services.export_orders import ALL, Filters
from portal.services.practices import PracticeView
from portal.services.routing import SIGNED_DECISIONS
from portal.services.tools import Tools
from portal.store import Door, is_postgres

#: Read, opened and written together; keys are looked at once for each (decision 0021).
BATCH: Final = 400
#: Where a batch begins: a slot, and the intake it comes after.
Start = tuple[str, str]
BEGINNING: Final[Start] = ("a", "")
#: States of a case that only its review tells.
_BY_REVIEW: Final = ("signed", "unsigned")
#: Digits of a drawn id.
_DRAWN: Final = 32


#: All that a batch needs of the practice.
_ZONE: Final = Driven(select(table_of(Practice).c.time_zone).where(table_of(Practice).c.id == PRACTICE_ID))


def told_to_nobody(_following: Start | None) -> None:
    """Nobody waits to begin the next batch."""


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
    """Reads the sources of one report. ``key``: the report's id, to which the rows' drawn ids are bound;
    ``by_case``: whether they tell which rows are of one case."""

    tools: Tools
    key: str
    span: Span
    identified: bool
    filters: Filters = ALL
    by_case: bool = False

    def batch(
        self,
        door: Door,
        slot: str,
        after: str,
        tell: Callable[[Start | None], None] = told_to_nobody,
    ) -> tuple[list[Source | None], Start | None]:
        """The next rows after an intake of a slot, None for one that the filters leave out, and where the
        following ones begin (None: that was all), which ``tell`` hears before anything is opened.

        Rows go by slot, then by the intakes' drawn ids: an order that tells no time and no couple. A short
        reading transaction of its own.
        """
        with door.read() as session:
            rows, zone = self._rows(session, slot, after)
            is_full = len(rows) == BATCH
            following = (slot, str(rows[-1].id)) if is_full else ("b", "") if slot == "a" else None
            tell(following)
            found = self._opened(session, rows, zone)
        if not self.filters.route and self.filters.status not in _BY_REVIEW:
            return [*found], following
        return [source if self._is_chosen(source) else None for source in found], following

    def count(self, session: Session, most: int | None = None) -> int:
        """How many intakes will be looked at; from ``most`` on it is not counted further."""
        since, before = self.span.bounds(ZoneInfo(practices.view(session).time_zone))
        chosen = _chosen(select(table_of(Intake).c.id), self.filters, has_since=since is not None)
        counted = select(func.count()).select_from(chosen.limit(most).subquery())
        return int(session.execute(counted, {"since": since, "before": before}).scalar_one())

    def _is_chosen(self, source: Source) -> bool:
        """What only the opened advice and review can tell."""
        route, status = self.filters.route, self.filters.status
        if route and route != (source.recommendation or {}).get("route"):
            return False
        return status not in _BY_REVIEW or (status == "signed") == (source.signed_route is not None)

    def _rows(self, session: Session, slot: str, after: str) -> tuple[Sequence[Any], ZoneInfo]:
        connection = session.connection()
        practice = _ZONE.one(connection, {})
        zone = ZoneInfo(PracticeView.time_zone if practice is None else practice.time_zone)
        since, before = self.span.bounds(zone)
        at = {"before": before, "slot": slot, "after": after, "batch": BATCH}
        asked = _intakes(self.filters, since is not None, is_postgres(session))
        return asked.all(connection, at if since is None else {**at, "since": since}), zone

    def _opened(self, session: Session, rows: Sequence[Any], zone: ZoneInfo) -> list[Source]:
        tools = self.tools.reading()
        found = zip(
            self._ids(tools, rows),
            rows,
            export_opening.scored(session, tools, rows, has_answers=self.identified),
            export_opening.advice(tools, rows),
            export_opening.signed_routes(tools, rows),
            export_opening.names(session, tools, rows) if self.identified else [None] * len(rows),
            strict=True,
        )
        sources = []
        for (export_id, case_key), row, scored, advice, signed, name in found:
            sent_on = moment(row.submitted_at).astimezone(zone).date()
            if scored is BROKEN or advice is BROKEN or signed is BROKEN or name is BROKEN or scored is None:
                bare = Source(export_id, row.slot, sent_on, case_key=case_key, case_id=row.case_id)
                sources.append(bare)
                continue
            scores, answers = scored
            sources.append(
                Source(
                    export_id, row.slot, sent_on, scores, advice, signed, case_key, row.case_id, name, answers
                )
            )
        return sources

    def _ids(self, tools: Tools, rows: Sequence[Any]) -> list[tuple[str, str]]:
        """Ids of each row and of its case that say nothing outside this report."""
        drawn, key = tools.vault.digester("staff", "export_row"), self.key
        return [
            (
                drawn(f"{key}|{row.id}")[:_DRAWN],
                drawn(f"{key}|case|{row.case_id}")[:_DRAWN] if self.by_case else "",
            )
            for row in rows
        ]


def _chosen(asked: Select[Any], filters: Filters, *, has_since: bool) -> Select[Any]:
    """Sent intakes inside the span and the filters; a withdrawn one is no longer read (contract.md)."""
    i, p, s, f = (table_of(model).c for model in (Intake, Partner, Statement, CaseFile))
    # By the partner's own id: then only those of the wanted slot are asked whether they withdrew.
    withdrawn = exists().where(s.partner_id == p.id, s.kind == "withdrawal", s.said_at >= i.submitted_at)
    chosen = asked.join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id).where(
        i.submitted_at < bindparam("before"), ~withdrawn
    )
    if filters.therapist or filters.status in ("open", "closed"):
        chosen = chosen.join(table_of(CaseFile), p.case_id == f.id)
    if filters.therapist:
        chosen = chosen.where(f.therapist_id == filters.therapist)
    if filters.status in ("open", "closed"):
        chosen = chosen.where(f.closed_at.is_(None) if filters.status == "open" else f.closed_at.is_not(None))
    return chosen.where(i.submitted_at >= bindparam("since")) if has_since else chosen


# A long report asks it thousands of times.
@lru_cache(maxsize=8)
def _intakes(filters: Filters, has_since: bool, is_on_postgres: bool) -> Driven:
    """One batch of them, each with its merged answers and the newest advice and signed review of its case."""
    i, p, a = table_of(Intake).c, table_of(Partner).c, table_of(AnswerSet).c
    place = "id" if is_on_postgres else "rowid"
    (advice, is_advice), (review, is_review) = (
        _newest(place, Recommendation),
        _newest(place, Review, *SIGNED_DECISIONS),
    )
    asked = select(
        i.id, i.partner_id, i.questionnaire, i.variant, p.slot, p.case_id,
        type_coerce(i.submitted_at, KeptTime).label("submitted_at"),
        a.id.label("set_id"), a.body_sealed,
        advice.c.id.label("advice_id"), advice.c.body_box.label("advice_box"),
        review.c.id.label("review_id"), review.c.body_box.label("review_box"),
    )  # fmt: skip
    is_of_it = a.intake_id == i.id
    if is_on_postgres:  # it merges the two in their order, and would begin at the first answers each time
        is_of_it &= a.intake_id > bindparam("after")
    return Driven(
        _chosen(asked, filters, has_since=has_since)
        .outerjoin(table_of(AnswerSet), is_of_it)
        .outerjoin(advice, is_advice)
        .outerjoin(review, is_review)
        .where(p.slot == bindparam("slot"), i.id > bindparam("after"))
        .order_by(i.id)
        .limit(bindparam("batch"))
    )


def _newest(
    place: str, model: type[Recommendation | Review], *decisions: str
) -> tuple[FromClause, ColumnElement[bool]]:
    """The newest row that a partner's case has (of these decisions), and what joins it: found once for each
    row that is read, off an index. ``place``: the column that it is joined by; SQLite's own number of a row
    leads to it without another index."""
    told, other = table_of(model).alias(), table_of(model).alias()
    (told_at, other_at) = (column(place, String, _selectable=one) for one in (told, other))
    of_case = select(other_at).where(other.c.case_id == table_of(Partner).c.case_id)
    # Not IN, which SQLAlchemy writes anew for each batch.
    if decisions:
        of_case = of_case.where(or_(*(other.c.decision == decision for decision in decisions)))
    newest = of_case.order_by(other.c.made_at.desc(), other.c.id.desc()).limit(1)
    return told, told_at == newest.correlate(table_of(Partner)).scalar_subquery()
