"""The caseload, its search, and the way into a colleague's case in an emergency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, abort, make_response, render_template
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from portal.services import caseload as service
from portal.services import cases
from portal.services.caseload import CaseloadPage
from portal.services.caseload_filters import PLAIN, Cursor, Filters, UnknownOption
from portal.services.errors import NotFound
from portal.web import bodies, cookies, guards, kit
from portal.web.therapist import bp, caseload_page, forms, words
from portal.web.therapist.acts import open_by_break_glass
from portal.web.therapist.presenters import caseload_presenter

_CASE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@bp.get("/caseload")
@guards.therapist_only()
def caseload() -> Response:
    """The queue: safety first, then by waiting time, or as the address says."""
    asked = kit.asked()
    # Plain: of what is missing, Werkzeug's own makes an error each time.
    given = asked.args.to_dict() if asked.query_string else {}
    filters, after = _filters(given), Cursor.parse(given.get("after", ""))
    # One statement and its event: nothing that another writer could change in between.
    with kit.store().staff.hot_write() as connection:
        page = service.page(connection, kit.tools(), by=kit.viewer(), after=after, filters=filters)
    kit.wake_worker()
    has_shortcuts = cookies.read(asked, cookies.SHORTCUTS) != "off"
    return make_response(
        caseload_page.plain(page, filters, is_first=after is None, has_shortcuts=has_shortcuts)
    )


def _filters(given: Mapping[str, str]) -> Filters:
    try:
        return Filters.parse(given)
    except UnknownOption:
        abort(400)


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


def _draw(page: CaseloadPage, *, status: int = 200, **more: Any) -> Response:
    """The page of a search or of what was refused; ``more``: name, is_search, errors, glass."""
    seen: dict[str, Any] = {
        "name": "",
        "is_search": False,
        "is_first": True,
        "errors": {},
        "glass": {},
        **more,
    }
    counts = caseload_presenter.numbers(page.counts, words.locale())
    body = render_template(
        "therapist/caseload.html",
        **caseload_page.around(PLAIN, counts, caseload_presenter.idle(counts)),
        notices=caseload_page.notices(page),
        rows=Markup(b"".join(caseload_page.rows(page.rows)).decode()),  # noqa: S704  (drawn by a template)
        further=caseload_page.further(page, PLAIN),
        **seen,
    )
    return make_response(body, status)
