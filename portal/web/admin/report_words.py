"""Words of the reports page: what each report is for, what chooses its rows, how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.services.export_orders import Filters
from portal.web import outcomes

REPORTS: Mapping[str, Any] = {
    "intakes": _l("A row for each form that was sent"),
    "board": _l("Counts alone, for a board or a funder"),
    "case": _l("One case, for staff alone"),
    "person": _l("One person's own record, at their request"),
}
FORMATS: Mapping[str, Any] = {
    "csv": _l("CSV, for spreadsheets and statistics"),
    "xlsx": _l("Excel workbook"),
    "json": _l("JSON, for programs"),
    "pdf": _l("PDF, to read and print"),
}
STATUSES: Mapping[str, Any] = {
    "": _l("all cases"),
    "open": _l("open cases"),
    "closed": _l("closed cases"),
    "signed": _l("signed by a therapist"),
    "unsigned": _l("not signed yet"),
}
#: The words that therapists read, so that a route has one name.
ROUTES: Mapping[str, Any] = {"": _l("all routes"), **outcomes.ROUTES}
SPANS: Mapping[str, Any] = {
    "last_quarter": _l("Last quarter"),
    "last_month": _l("Last month"),
    "this_year": _l("This year"),
}
_SLOTS: Mapping[str, Any] = {"a": _l("Partner A"), "b": _l("Partner B")}


def chosen(filters: Filters, staff: Mapping[str, str]) -> str:
    """What chooses the rows, in words; empty where nothing does."""
    words = [
        staff.get(filters.therapist, "") if filters.therapist else "",
        str(STATUSES[filters.status]) if filters.status else "",
        str(ROUTES[filters.route]) if filters.route else "",
        str(_SLOTS[filters.slot]) if filters.case and filters.slot else "",
    ]
    return ", ".join(word for word in words if word)


def spans(today: date) -> list[tuple[Any, date, date]]:
    """Usual spans: (words, first day, last day)."""
    month = today.replace(day=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last_quarter, last_month = quarter - timedelta(days=1), month - timedelta(days=1)
    return [
        (SPANS["last_quarter"], last_quarter.replace(month=last_quarter.month - 2, day=1), last_quarter),
        (SPANS["last_month"], last_month.replace(day=1), last_month),
        (SPANS["this_year"], date(today.year, 1, 1), today),
    ]
