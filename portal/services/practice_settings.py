"""The practice's settings as an admin changes them. No setting loosens a safety rule."""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.answers import canonical_text
from portal.domain.rules import SAFE_RANGES
from portal.domain.staffing import LANGUAGES
from portal.models import PRACTICE_ID, Practice, table_of
from portal.services import alerts, audit, practice_checks, rule_walks
from portal.services.errors import BadInput
from portal.services.practice_checks import Check, Fault, Value
from portal.services.tools import Tools
from portal.vault import Place

#: A change of one of these may change what the rules say of an open case.
READ_BY_RULES: Final = frozenset(
    {"time_zone", "stale_days", "alcohol_level", "index_margin", "clarity_for_two"}
)
#: Posted name -> column, where they differ.
_COLUMNS: Final = {"practice_name": "name"}
_ABSENT: Final = {"has_on_call": False, "is_demo": False, "public_texts": "{}"}


@dataclass(frozen=True)
class PracticeSettings:
    """Every setting. ``on_call_email`` is empty where nobody is on call."""

    practice_name: str
    phone: str
    on_call_email: str = field(repr=False)
    time_zone: str
    confidentiality: str
    self_referral: bool
    stale_days: int
    alcohol_level: int
    index_margin: int
    clarity_for_two: bool
    draft_days: int
    mail_days: int
    case_years: int
    export_days: int
    languages: str
    working_days: str
    holidays: str
    #: What pages tell of the practice, by the names of ``TOLD``; what is empty is not told.
    told: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """One setting by its name."""
        return self.told.get(name, "") if name in TOLD else getattr(self, name)


#: What the public pages may say of the practice, each in English and Spanish.
TOPICS: Final = ("cost", "length", "evenings", "online", "childcare")
TOLD: Final = (
    "office_email",
    "postal_address",
    *(f"{topic}_{key}" for topic in (*TOPICS, "help_lines") for key in ("en", "es")),
)
#: Office days are counted as in ISO 8601: 1 is Monday.
DAYS: Final = ("1", "2", "3", "4", "5", "6", "7")

#: Shortest and longest time that things nobody needs may be kept: days, days, years, days.
KEEPING_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "draft_days": (30, 730),
    "mail_days": (7, 90),
    "case_years": (1, 30),
    "export_days": (1, 90),
}
#: Every number's lowest and highest value; a threshold of 0 or 1 is asked as no or yes.
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    **{name: ends for name, ends in SAFE_RANGES.items() if ends != (0, 1)},
    **KEEPING_RANGES,
}

#: What holds before the practice was set up; the same as the columns' defaults.
DEFAULTS: Final = PracticeSettings(
    *("", "", "", "America/New_York", "b", True, 60, 8, 10, True, 180, 30, 7, 7, "en", "1,2,3,4,5", ""),
)


def view(session: Session, tools: Tools) -> PracticeSettings:
    """The settings as they are, or their defaults."""
    row = session.execute(
        select(table_of(Practice)).where(table_of(Practice).c.id == PRACTICE_ID)
    ).one_or_none()
    if row is None:
        return DEFAULTS
    return PracticeSettings(
        practice_name=row.name,
        phone=row.phone,
        on_call_email=alerts.opened(tools, row.on_call_box) or "",
        time_zone=row.time_zone,
        confidentiality=row.confidentiality,
        self_referral=row.self_referral,
        stale_days=row.stale_days,
        alcohol_level=row.alcohol_level,
        index_margin=row.index_margin,
        clarity_for_two=row.clarity_for_two,
        draft_days=row.draft_days,
        mail_days=row.mail_days,
        case_years=row.case_years,
        export_days=row.export_days,
        languages=row.languages,
        working_days=row.working_days,
        holidays=row.holidays,
        told=json.loads(row.public_texts),
    )


def time_zones() -> tuple[str, ...]:
    """Every time zone there is, by name."""
    return tuple(sorted(zoneinfo.available_timezones()))


def change(session: Session, tools: Tools, *, given: Mapping[str, str], by: Viewer) -> frozenset[str]:
    """Set what is given (field of contract.md -> posted text); what is missing stays. Returns what changed.

    Raises BadInput with a reason for each field at fault, and then changes nothing. Where the rules read a
    changed setting, every open case is routed anew, a few at a time.
    """
    cleaned = checked(given)
    before = view(session, tools)
    changed = frozenset(name for name, value in cleaned.items() if before.value(name) != value)
    if not changed:
        return changed
    told = {**before.told, **{name: str(cleaned[name]) for name in changed if name in TOLD}}
    _store(session, tools, {name: cleaned[name] for name in changed}, told)
    detail: audit.Detail = {"settings": sorted(changed)}
    audit.record(
        session, tools, by=by, verb="settings.changed", subject=("practice", PRACTICE_ID), detail=detail
    )
    if changed & READ_BY_RULES:
        rule_walks.begin(session, tools)
    return changed


def _store(session: Session, tools: Tools, changed: Mapping[str, Value], told: Mapping[str, str]) -> None:
    values = {**_columns(changed), "public_texts": _as_json(told)}
    if "on_call_email" in changed:
        place, email = Place("practice", "on_call_box", PRACTICE_ID), str(changed["on_call_email"])
        values["on_call_box"] = tools.vault.box("staff", place, email) if email else None
        values["has_on_call"] = bool(email)
    table = table_of(Practice)
    if session.execute(select(table.c.id).where(table.c.id == PRACTICE_ID)).one_or_none() is None:
        session.execute(insert(table), [{"id": PRACTICE_ID, **_columns(asdict(DEFAULTS)), **_ABSENT}])
    session.execute(update(table).where(table.c.id == PRACTICE_ID).values(**values))


def _columns(named: Mapping[str, object]) -> dict[str, object]:
    """Settings by column; the on-call address is boxed apart, what is told stands in one column."""
    apart = {"on_call_email", "told", *TOLD}
    return {_COLUMNS.get(name, name): value for name, value in named.items() if name not in apart}


def _as_json(told: Mapping[str, str]) -> str:
    return json.dumps({name: text for name, text in told.items() if text}, ensure_ascii=False, sort_keys=True)


def checked(given: Mapping[str, str]) -> dict[str, Value]:
    """Posted texts as values. Raises BadInput; a name that is no setting is left out."""
    faults: dict[str, str] = {}
    values: dict[str, Value] = {}
    for name, check in _CHECKS.items():
        if name not in given:
            continue
        try:
            values[name] = check(canonical_text(given[name]).strip())
        except Fault as fault:
            faults[name] = str(fault)
        except ValueError:
            faults[name] = "bad_characters"
    if faults:
        raise BadInput(faults)
    return values


_CHECKS: Final[Mapping[str, Check]] = {
    "practice_name": practice_checks.line(200, is_needed=True),
    "phone": practice_checks.line(64),
    "on_call_email": practice_checks.email,
    "time_zone": practice_checks.zone,
    "confidentiality": practice_checks.policy,
    "self_referral": practice_checks.yes_no,
    "clarity_for_two": practice_checks.yes_no,
    **{name: practice_checks.number(ends) for name, ends in RANGES.items()},
    "languages": practice_checks.some_of(LANGUAGES),
    "working_days": practice_checks.some_of(DAYS),
    "holidays": practice_checks.days_off,
    **{name: practice_checks.line(300) for name in TOLD},
    "office_email": practice_checks.email,
    **{f"help_lines_{key}": practice_checks.help_lines(key) for key in ("en", "es")},
}
#: The settings' names, as forms post them; those in which several may be chosen.
FIELDS: Final = tuple(_CHECKS)
CHOSEN: Final = frozenset({"languages", "working_days"})
