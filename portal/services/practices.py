"""The practice's settings: what pages and rules may read of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.content import help_lines
from portal.content.rules import ruleset
from portal.domain.scoring import ALCOHOL_LEVEL
from portal.domain.working_days import Calendar
from portal.models import PRACTICE_ID, Practice, table_of


@dataclass(frozen=True)
class PracticeView:
    """The settings that any process may read (the on-call address is not among them)."""

    name: str = ""
    phone: str = ""
    time_zone: str = "America/New_York"
    confidentiality: str = "b"
    self_referral: bool = True
    has_on_call: bool = False
    is_demo: bool = False
    languages: str = "en"
    working_days: str = "1,2,3,4,5"
    holidays: str = ""
    public_texts: str = "{}"

    @property
    def calendar(self) -> Calendar:
        """Office days and days off, for everything that is counted in working days."""
        days = frozenset(int(day) for day in self.working_days.split(","))
        return Calendar(days, frozenset(date.fromisoformat(day) for day in self.holidays.split()))

    def told(self, topic: str, language: str = "") -> str:
        """What pages say of ``topic``, in this language or else in English; empty where nothing was said."""
        texts: dict[str, str] = json.loads(self.public_texts)
        if not language:
            return texts.get(topic, "")
        return texts.get(f"{topic}_{language}") or texts.get(f"{topic}_en", "")

    def help_lines(self, language: str) -> tuple[help_lines.ShownLine, ...]:
        """The practice's own help lines in this language, or the shipped ones: the same for all."""
        return help_lines.of_text(self.told(f"help_lines_{language}"), language)

    @property
    def variant(self) -> str:
        """The questionnaire variant that a new intake begins with: policy and whether on-call staff exist."""
        return self.confidentiality + ("+oncall" if self.has_on_call else "")


@dataclass(frozen=True)
class RulesView:
    """What reading a case goes by. Staff side: partners cannot read the levels."""

    time_zone: str
    #: Alcohol score from which this practice calls first (R5c).
    alcohol_level: int
    #: After how many days answers are asked for anew (R12).
    stale_days: int


def rules_view(session: Session) -> RulesView:
    """The settings a case is read by, or their defaults. One statement."""
    row = session.execute(_rules_statement()).one_or_none()
    if row is None:
        return RulesView(PracticeView.time_zone, ALCOHOL_LEVEL, ruleset().stale_days)
    return RulesView(*row)


def view(session: Session) -> PracticeView:
    """The settings, or their defaults before the practice was set up. One statement; any door."""
    row = session.execute(_statement()).one_or_none()
    return PracticeView() if row is None else PracticeView(**row._mapping)


# Nearly every page reads it; putting it together costs more than running it.
@cache
def _statement() -> Select[Any]:
    c = table_of(Practice).c
    return select(
        c.name,
        c.phone,
        c.time_zone,
        c.confidentiality,
        c.self_referral,
        c.has_on_call,
        c.is_demo,
        c.languages,
        c.working_days,
        c.holidays,
        c.public_texts,
    ).where(c.id == PRACTICE_ID)


@cache
def _rules_statement() -> Select[Any]:
    c = table_of(Practice).c
    return select(c.time_zone, c.alcohol_level, c.stale_days).where(c.id == PRACTICE_ID)
