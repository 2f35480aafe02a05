"""The practice's settings: what pages and rules may read of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, select
from sqlalchemy.orm import Session

from portal.content import help_lines
from portal.domain.scoring import ALCOHOL_LEVEL
from portal.domain.working_days import Calendar
from portal.models import PRACTICE_ID, Practice, table_of
from portal.store import Transaction


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
        texts = _texts(self.public_texts)
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


@lru_cache(maxsize=8)
def _texts(public_texts: str) -> Mapping[str, str]:
    """What the practice tells everybody; kept by its whole wording, so that a change is read at once."""
    return MappingProxyType(json.loads(public_texts))


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
        from portal.content.rules import ruleset  # noqa: PLC0415 - late: who serves partners loads no rules

        return RulesView(PracticeView.time_zone, ALCOHOL_LEVEL, ruleset().stale_days)
    return RulesView(*row)


def view(session: Transaction) -> PracticeView:
    """The settings, or their defaults before the practice was set up. One statement; any door."""
    row = session.execute(_statement()).one_or_none()
    return PracticeView() if row is None else PracticeView(**row._mapping)


_NAMES: Final = tuple(field.name for field in fields(PracticeView))


# Nearly every page reads it; putting it together costs more than running it.
@cache
def _statement() -> Select[Any]:
    c = table_of(Practice).c
    return select(*(c[name] for name in _NAMES)).where(c.id == PRACTICE_ID)


def beside(tables: FromClause) -> FromClause:
    """Tables of another statement with the settings beside them: for ``columns`` and ``of_row``."""
    practice = table_of(Practice)
    return tables.join(practice, practice.c.id == PRACTICE_ID, isouter=True)


def columns() -> tuple[ColumnElement[Any], ...]:
    """The settings as columns of a statement that asks for more."""
    c = table_of(Practice).c
    return (c.id.label("practice_id"), *(c[name].label(f"practice_{name}") for name in _NAMES))


def of_row(row: Any) -> PracticeView:
    """The settings that stand in such a row, or their defaults."""
    if row.practice_id is None:
        return PracticeView()
    return PracticeView(*(getattr(row, name) for name in _LABELS))


# Kept by all they say, so that a change is read at once.
@lru_cache(maxsize=8)
def of_values(practice_id: str | None, *settings: Any) -> PracticeView:
    """The settings that ``columns`` found, in their order, or their defaults."""
    return PracticeView() if practice_id is None else PracticeView(*settings)


_LABELS: Final = tuple(f"practice_{name}" for name in _NAMES)


@cache
def _rules_statement() -> Select[Any]:
    c = table_of(Practice).c
    return select(c.time_zone, c.alcohol_level, c.stale_days).where(c.id == PRACTICE_ID)
