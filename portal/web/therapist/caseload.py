"""The caseload, its search, and the way into a colleague's case in an emergency."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.services import caseload as service
from portal.services import cases
from portal.services.caseload import CaseloadPage, CaseloadRow, Cursor
from portal.services.errors import NotFound
from portal.web import bodies, guards, kit
from portal.web.therapist import bp, forms, of_two, words
from portal.web.therapist.acts import open_by_break_glass

_CASE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Line:
    """One row in words."""

    id: str
    names: str
    urgency: tuple[str, str]
    route: str
    route_name: str
    reason: str
    next: str
    waiting: str
    whose: str


@bp.get("/caseload")
@guards.therapist_only()
def caseload() -> Response:
    """The queue: safety first, then by waiting time."""
    after = Cursor.parse(request.args.get("after", ""))
    with kit.writing(as_partner=False) as session:
        page = service.page(session, kit.tools(), by=kit.viewer(), after=after)
    return _draw(page, is_first=after is None)


@bp.post("/caseload/search")
@guards.therapist_only()
def search() -> Response:
    """Cases by a partner's name."""
    form = forms.SearchForm.posted()
    name = form.typed().get("name", "")
    if not form.validate():
        return _draw(CaseloadPage((), (), None), name=name, errors=form.faults, status=400)
    with kit.writing(as_partner=False) as session:
        page = service.search(session, kit.tools(), name=form["name"].data, by=kit.viewer())
    return _draw(page, name=name, is_search=True)


@bp.post("/caseload/break-glass")
@guards.therapist_only()
def break_glass_anywhere() -> AnyResponse:
    """Open a colleague's case by its address (as in a mail or a message)."""
    form = forms.BreakGlassForm.posted()
    found = _CASE_ID.search(bodies.first("case"))
    errors = {} if form.validate() else form.faults
    if found is None:
        errors = {"case": _("Please give the address of the case."), **errors}
    if found is not None and not errors:
        try:
            return open_by_break_glass(found[0], form["reason"].data)
        except NotFound:
            errors = {"case": _("There is no such case.")}
    with kit.writing(as_partner=False) as session:
        page = service.page(session, kit.tools(), by=kit.viewer())
    typed = {"case": bodies.printable(bodies.first("case")), **form.typed()}
    return _draw(page, errors=errors, glass=typed, status=400)


def _find_any(case_id: str) -> None:
    with kit.store().staff.read() as session:
        cases.require_exists(session, case_id)


@bp.post("/cases/<case_id>/break-glass")
@guards.therapist_only(find=_find_any)
def break_glass(case_id: str) -> AnyResponse:
    """Open a colleague's case, with a reason, for some hours."""
    form = forms.BreakGlassForm.posted()
    if form.validate():
        return open_by_break_glass(case_id, form["reason"].data)
    with kit.writing(as_partner=False) as session:
        page = service.page(session, kit.tools(), by=kit.viewer())
    return _draw(page, errors=form.faults, glass={"case": case_id, **form.typed()}, status=400)


def _draw(
    page: CaseloadPage,
    *,
    name: str = "",
    is_search: bool = False,
    is_first: bool = True,
    errors: dict[str, str] | None = None,
    glass: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    body = render_template(
        "therapist/caseload.html",
        lines=[_line(row) for row in page.rows],
        letters=[{"id": one.id, "when": words.moment_words(one.written_at)} for one in page.letters],
        after=page.after,
        name=name,
        is_search=is_search,
        is_first=is_first,
        errors=errors or {},
        glass=glass or {},
    )
    return make_response(body, status)


def _line(row: CaseloadRow) -> Line:
    level, urgency = words.URGENCY[row.urgency]
    return Line(
        id=row.id,
        names=_names(row),
        urgency=(level, str(urgency)),
        route=row.route or "",
        route_name=str(words.ROUTES[row.route]) if row.route else "",
        reason=of_two.row_words(row.rule, row.reason) if row.rule and row.reason else "",
        next=_next(row),
        waiting=words.waiting(row.waiting_since),
        whose=_("yours")
        if row.therapist_id == kit.viewer().id
        else _("nobody's")
        if row.therapist_id is None
        else _("break-glass"),
    )


def _names(row: CaseloadRow) -> str:
    known = [name for name in row.names if name]
    return _(" and ").join(known) if known else _("No name yet, opened %(day)s", day=words.day(row.opened_at))


def _next(row: CaseloadRow) -> str:
    """What to do next, in a few words, from the route and what stands signed."""
    if row.route is None:
        return _("Wait for the first form")
    if row.urgency == 5:
        return _("Letters and appointments")
    if row.route == "safety":
        return _("See each person alone, by the safe channel")
    if row.reason == "call_first":
        return _("Call first")
    if row.reason == "partner_not_submitted":
        return _("Call whoever has sent")
    if row.reason in ("missing", "stale"):
        return _("Ask for what is missing")
    return _("Read and sign")
