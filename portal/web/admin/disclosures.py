"""Accounting of disclosures: a page to print and a file, for one person of a case."""

from __future__ import annotations

from typing import Final

from flask import abort, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.services import case_names, disclosures
from portal.services.disclosure_reports import Disclosure
from portal.services.errors import BadInput, NotFresh
from portal.web import event_words, freshness, guards, kit
from portal.web.admin import bp, words
from portal.web.admin.cases import exists
from portal.web.admin.trail import Answer, csv_file

_TO: Final = {
    "person": _l("This person"),
    "mail": _l("This person, by mail"),
    "therapist": _l("The therapist who asked for it"),
    "practice": _l("Another record of this practice"),
    "outside": _l("Whoever the report was made for"),
}
#: What has no event of its own in the trail of the case.
_WHAT: Final = {
    **event_words.WORDS,
    "letter.mailed": _l("Mailed that there is something to read"),
    "appointment.mailed": _l("Mailed the calendar entry of an appointment"),
    "intakes.fetched": _l("Fetched a report by name"),
    "intakes.written": _l("Had a report by name written by a command"),
    "case.fetched": _l("Fetched the record of the case"),
    "person.fetched": _l("Fetched this person's own record"),
}
_COLUMNS: Final = ("at", "what", "by", "to", "why")


def _find(case: str, slot: str) -> None:
    exists(case)
    if slot not in ("a", "b"):
        abort(404)


@bp.get("/admin/cases/<case>/disclosures/<slot>")
@guards.admin_only(find=_find)
def accounting(case: str, slot: str) -> Answer:
    """What carried this person's data, when, to whom, what, why."""
    return _page(case, slot, {})


@bp.post("/admin/cases/<case>/disclosures/<slot>")
@guards.admin_only(find=_find)
def accounting_file(case: str, slot: str) -> Answer:
    """The same as CSV. Needs a fresh sign-in."""
    try:
        freshness.prove()
    except NotFresh as refused:
        return _page(case, slot, words.password_fault(refused)), 400
    found, staff = _read(case, slot, is_file=True)
    return csv_file("accounting-of-disclosures.csv", _COLUMNS, [_cells(one, staff) for one in found])


def _read(case: str, slot: str, *, is_file: bool = False) -> tuple[tuple[Disclosure, ...], dict[str, str]]:
    tools = kit.tools()
    try:
        with kit.writing(as_partner=False) as session:
            found = disclosures.of_person(
                session, tools, case_id=case, slot=slot, by=kit.viewer(), is_file=is_file
            )
            return found, case_names.of_staff(session, tools)
    except BadInput:
        abort(404)


def _cells(one: Disclosure, staff: dict[str, str]) -> list[str]:
    what = str(_WHAT[one.kind])
    if not one.is_certain:
        what = _("%(what)s (may be so for this person: it cannot be known)", what=what)
    return [one.happened_at.isoformat(), what, staff.get(one.by, "–"), str(_TO[one.to]), one.why]


def _page(case: str, slot: str, faults: dict[str, str]) -> str:
    found, staff = _read(case, slot)
    return render_template(
        "admin/disclosures.html",
        case=case,
        slot=slot,
        rows=[(one.happened_at, *_cells(one, staff)[1:]) for one in found],
        faults=faults,
        asks_password=freshness.is_due(),
    )
