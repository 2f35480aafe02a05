"""What somebody asks a report for: checked field by field, before anything is kept.

Four kinds: ``intakes`` (a row each sent intake), ``board`` (counts alone), ``case`` (one case, for staff
alone) and ``person`` (what one person told, for that person's own request).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.answers import canonical_text
from portal.domain.rules import PROTECTIVENESS
from portal.models import Partner, StaffAccount, table_of
from portal.services.errors import BadInput
from portal.services.export_columns import KINDS

LONGEST_PURPOSE: Final = 500
#: Report -> the formats it comes in.
FORMATS: Final[Mapping[str, tuple[str, ...]]] = {
    "intakes": ("csv", "xlsx", "json"),
    "board": ("csv", "xlsx", "json", "pdf"),
    "case": ("pdf", "json"),
    "person": ("pdf", "json"),
}
#: Reports about one case or one person: always identified, and made from that case alone.
PAPERS: Final = frozenset({"case", "person"})
STATUSES: Final = ("open", "closed", "signed", "unsigned")
#: Days a report may begin or end on; beyond them the calendar's own edges are near.
_YEARS: Final = range(1970, 2200)
_ID: Final = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True)
class Filters:
    """Which rows: ``therapist`` a staff id, ``status`` of ``STATUSES``, ``route`` as recommended; "" is all.

    ``case`` and ``slot`` for a report about one case or person; ``language`` what papers are written in.
    """

    therapist: str = ""
    status: str = ""
    route: str = ""
    case: str = ""
    slot: str = ""
    language: str = "en"


#: No filter.
ALL: Final = Filters()


@dataclass(frozen=True)
class Order:
    """What is asked for, checked. ``since`` and ``until`` are inclusive days in the practice's time zone."""

    format: str
    since: date | None = None
    until: date | None = None
    identified: bool = False
    include: tuple[str, ...] = ()
    purpose: str = field(default="", repr=False)
    report: str = "intakes"
    filters: Filters = ALL

    @property
    def streams(self) -> bool:
        """Whether it is ready at once and read straight from the database (contract.md)."""
        return self.report == "intakes" and self.format == "csv" and not self.identified


def checked(
    *,
    form: str,
    since: str = "",
    until: str = "",
    identified: bool = False,
    include: Sequence[str] = (),
    purpose: str = "",
    report: str = "",
    filters: Filters = ALL,
) -> Order:
    """An order from posted texts. Raises BadInput with a reason for each field at fault."""
    faults: dict[str, str] = {}
    first, last = _day("since", since, faults), _day("until", until, faults)
    if first is not None and last is not None and last < first:
        faults["until"] = "before_since"
    kind = report or "intakes"
    if kind not in FORMATS:
        faults["report"] = "not_an_option"
    elif form not in FORMATS[kind]:
        faults["format"] = "not_in_this_format" if _is_known(form) else "not_an_option"
    _check_identity(kind, identified, include, faults)
    filters = _of_kind(kind, filters)
    _check_filters(kind, filters, faults)
    why = _purpose(purpose, faults, is_needed=identified)
    if faults:
        raise BadInput(faults)
    chosen = tuple(one for one in KINDS if one in include)
    return Order(form, first, last, identified, chosen, why, kind, filters)


def _is_known(form: str) -> bool:
    return any(form in forms for forms in FORMATS.values())


def _check_identity(kind: str, identified: bool, include: Sequence[str], faults: dict[str, str]) -> None:
    if any(one not in KINDS for one in include):
        faults["include"] = "not_an_option"
    elif include and not identified:
        faults["include"] = "identified_only"
    if kind in PAPERS and not identified:
        faults["identified"] = "names_somebody"
    if kind == "board" and identified:
        faults["identified"] = "counts_only"


def _of_kind(kind: str, filters: Filters) -> Filters:
    """Without what only another kind of report asks: it would become part of the trail as it was typed."""
    slot = filters.slot if kind == "person" else ""
    return replace(filters, case=filters.case if kind in PAPERS else "", slot=slot)


def _check_filters(kind: str, filters: Filters, faults: dict[str, str]) -> None:
    if filters.status not in ("", *STATUSES):
        faults["status"] = "not_an_option"
    if filters.route not in ("", *PROTECTIVENESS):
        faults["route"] = "not_an_option"
    if kind in PAPERS and not filters.case:
        faults["case"] = "missing"
    elif filters.case and _ID.fullmatch(filters.case) is None:
        faults["case"] = "no_such_case"
    if filters.therapist and _ID.fullmatch(filters.therapist) is None:
        faults["therapist"] = "no_such_therapist"
    if kind == "person" and filters.slot not in ("a", "b"):
        faults["slot"] = "not_an_option"


def _day(name: str, text: str, faults: dict[str, str]) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        faults[name] = "bad_date"
        return None
    if day.year not in _YEARS:
        faults[name] = "bad_date"
        return None
    return day


def _purpose(text: str, faults: dict[str, str], *, is_needed: bool) -> str:
    try:
        purpose = canonical_text(text).strip()
    except ValueError:
        faults["purpose"] = "bad_characters"
        return ""
    if is_needed and not purpose:
        faults["purpose"] = "missing"
    if len(purpose) > LONGEST_PURPOSE:
        faults["purpose"] = "too_long"
    return purpose


def require_known(session: Session, order: Order) -> None:
    """Raise BadInput where a filter names nobody: an unknown therapist, case or person."""
    faults: dict[str, str] = {}
    if order.filters.therapist and not _exists(session, StaffAccount, id=order.filters.therapist):
        faults["therapist"] = "no_such_therapist"
    if order.report in PAPERS:
        wanted = {"case_id": order.filters.case}
        if order.report == "person":
            wanted["slot"] = order.filters.slot
        if not _exists(session, Partner, **wanted):
            faults["case"] = "no_such_case"
    if faults:
        raise BadInput(faults)


def _exists(session: Session, model: Any, **wanted: str) -> bool:
    table = table_of(model)
    which = [table.c[name] == value for name, value in wanted.items()]
    return session.execute(select(table.c.id).where(*which).limit(1)).one_or_none() is not None
