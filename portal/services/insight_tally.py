"""Counting cases for the insights: what is sealed is opened, counted and let go of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from portal.domain.working_days import elapsed
from portal.models import (
    AnswerSet,
    DiscernmentEnd,
    Intake,
    Interview,
    Partner,
    Recommendation,
    Review,
    SectionState,
    Statement,
    table_of,
)
from portal.services.practices import PracticeView
from portal.services.routing import SIGNED_DECISIONS, opened
from portal.services.tools import Tools
from portal.vault import Place

#: Counters of one set of figures; keys join several things by "|".
PARTS: Final = (
    "routes", "lean", "reviews", "reasons", "call_days", "sign_days", "sections", "left_at", "forms",
    "paths",
)  # fmt: skip


@dataclass
class Tally:
    """The sums so far. Opens what is sealed and keeps nothing of it."""

    tools: Tools
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {part: Counter() for part in PARTS})

    def add(self, session: Session, case_ids: Sequence[str], practice: PracticeView) -> None:
        """One batch of cases."""
        zone = ZoneInfo(practice.time_zone)
        sent = _sent(session, case_ids)
        signed = self._reviews(session, case_ids)
        self._advice(session, case_ids, signed, zone)
        self._leans(session, sent)
        self._times(session, sent, signed, practice)

    def add_open(self, session: Session) -> None:
        """What the database can count itself: first forms by section, and paths out of discernment."""
        i, s = table_of(Intake).c, table_of(SectionState).c
        first = i.kind == "first"
        touched = (
            select(s.section, func.count())
            .join_from(table_of(SectionState), table_of(Intake), s.intake_id == i.id)
            .where(first, s.touched != "")
            .group_by(s.section)
        )
        left = select(i.position, func.count()).where(first, i.submitted_at.is_(None)).group_by(i.position)
        whole = select(func.count(), func.count(i.submitted_at)).where(first)
        self.counts["sections"].update({row[0]: row[1] for row in session.execute(touched)})
        self.counts["left_at"].update({row[0]: row[1] for row in session.execute(left)})
        ways = table_of(DiscernmentEnd).c.path
        ended = session.execute(select(ways, func.count()).group_by(ways))
        self.counts["paths"].update({str(row[0]): row[1] for row in ended})
        begun, sent = session.execute(whole).one()
        self.counts["forms"].update({"begun": begun, "sent": sent})

    def _reviews(self, session: Session, case_ids: Sequence[str]) -> dict[str, _Signed]:
        """The newest signed review of each case."""
        c = table_of(Review).c
        rows = session.execute(
            select(c.id, c.case_id, c.recommendation_id, c.body_box, c.made_at)
            .where(c.case_id.in_(case_ids), c.decision.in_(SIGNED_DECISIONS))
            .order_by(c.made_at, c.id)
        ).all()
        newest = {row.case_id: row for row in rows}
        found = {}
        for case_id, row in newest.items():
            place = Place("review", "body_box", row.id)
            body = json.loads(self.tools.vault.unbox("staff", place, row.body_box))
            found[case_id] = _Signed(row.recommendation_id, body["route"], body["reason_code"], row.made_at)
        return found

    def _advice(
        self, session: Session, case_ids: Sequence[str], signed: Mapping[str, _Signed], zone: ZoneInfo
    ) -> None:
        """Routes by the month of the newest recommendation; what was signed, beside what it was signed on."""
        c = table_of(Recommendation).c
        rows = session.execute(
            select(c.id, c.case_id, c.body_box, c.made_at)
            .where(c.case_id.in_(case_ids))
            .order_by(c.made_at, c.id)
        ).all()
        newest = {row.case_id: row for row in rows}
        by_id = {row.id: row for row in rows}
        for row in newest.values():
            month = row.made_at.astimezone(zone).strftime("%Y-%m")
            self.counts["routes"][f"{month}|{opened(self.tools, row).body['route']}"] += 1
        for review in signed.values():
            body = opened(self.tools, by_id[review.recommendation_id]).body
            self.counts["reviews"][f"{body['rule']}|{body['route']}|{review.route}"] += 1
            if review.reason_code:
                self.counts["reasons"][review.reason_code] += 1

    def _leans(self, session: Session, sent: Iterable[_Sent]) -> None:
        """Both partners' lean, of couples who both sent; A's first."""
        slots: dict[str, dict[str, str]] = {}
        for one in sent:
            slots.setdefault(one.case_id, {})[one.slot] = one.intake_id
        pairs = [slot for slot in slots.values() if len(slot) == 2]
        leans = self._answers(session, [intake_id for pair in pairs for intake_id in pair.values()])
        for pair in pairs:
            said = [leans.get(pair[slot]) for slot in "ab"]
            if all(value is not None and value.isdigit() for value in said):
                self.counts["lean"][f"{said[0]}|{said[1]}"] += 1

    def _answers(self, session: Session, intake_ids: Sequence[str]) -> dict[str, str]:
        c = table_of(AnswerSet).c
        rows = session.execute(
            select(c.id, c.intake_id, c.body_sealed).where(c.intake_id.in_(intake_ids))
        ).all()
        found = {}
        for row in rows:
            place = Place("answer_set", "body_sealed", row.id)
            found[row.intake_id] = str(json.loads(self.tools.vault.open(place, row.body_sealed)).get("lean"))
        return found

    def _times(
        self, session: Session, sent: Sequence[_Sent], signed: Mapping[str, _Signed], practice: PracticeView
    ) -> None:
        """Working days from sending to the first interview, by person; to the signature, by case."""
        seen = _first_interviews(session, [one.partner_id for one in sent])
        first: dict[str, datetime] = {}
        for one in sent:
            first[one.case_id] = min(one.sent_at, first.get(one.case_id, one.sent_at))
            held = [at for at in seen.get(one.partner_id, ()) if at >= one.sent_at]
            if held:
                self.counts["call_days"][_days(one.sent_at, min(held), practice)] += 1
        for case_id, review in signed.items():
            if case_id in first and review.made_at >= first[case_id]:
                self.counts["sign_days"][_days(first[case_id], review.made_at, practice)] += 1


@dataclass(frozen=True)
class _Signed:
    recommendation_id: str
    route: str
    reason_code: str | None
    made_at: datetime


@dataclass(frozen=True)
class _Sent:
    case_id: str
    partner_id: str
    slot: str
    intake_id: str
    sent_at: datetime


def _sent(session: Session, case_ids: Sequence[str]) -> list[_Sent]:
    """The newest sent intake of each partner; a withdrawn one is no longer read."""
    i, p, s = table_of(Intake).c, table_of(Partner).c, table_of(Statement).c
    withdrawn = exists().where(
        s.partner_id == i.partner_id, s.kind == "withdrawal", s.said_at >= i.submitted_at
    )
    rows = session.execute(
        select(p.case_id, p.id, p.slot, i.id, i.submitted_at)
        .join_from(table_of(Intake), table_of(Partner), i.partner_id == p.id)
        .where(p.case_id.in_(case_ids), i.submitted_at.is_not(None), ~withdrawn)
        .order_by(i.round)
    ).all()
    return [*{row[1]: _Sent(*row) for row in rows}.values()]


def _first_interviews(session: Session, partner_ids: Sequence[str]) -> dict[str, list[datetime]]:
    c = table_of(Interview).c
    rows = session.execute(select(c.partner_id, c.held_at).where(c.partner_id.in_(partner_ids))).all()
    found: dict[str, list[datetime]] = {}
    for row in rows:
        found.setdefault(row.partner_id, []).append(row.held_at)
    return found


def _days(since: datetime, until: datetime, practice: PracticeView) -> str:
    zone = ZoneInfo(practice.time_zone)
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    return str(elapsed(first, last, practice.calendar))
