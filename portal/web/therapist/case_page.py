"""The case page: read, and shown again with what was typed when an act was refused."""

from __future__ import annotations

from flask import Response, make_response, render_template

from portal.services import case_views, cases, staff_entries
from portal.services.case_views import Side
from portal.vault import VaultError
from portal.web import errors as errors_shown
from portal.web import freshness, guards, kit
from portal.web.therapist import bp, case_forms
from portal.web.therapist.case_forms import Filled
from portal.web.therapist.presenters import case_presenter
from portal.web.therapist.refusals import REFUSALS


def find_case(case_id: str, **_: object) -> None:
    """The guard's look: raises NotFound unless the viewer may open the case."""
    with kit.store().staff.glance() as connection:
        cases.require_visible(connection, kit.tools(), case_id, kit.viewer())


@bp.get("/cases/<case_id>")
@guards.therapist_only(find=find_case)
def case(case_id: str) -> Response:
    """One case, with everything that can be done in it."""
    return draw(case_id)


def draw(
    case_id: str, *, act: str = "", filled: Filled | None = None, refusal: str = "", status: int = 200
) -> Response:
    """The page; ``filled`` is the form of ``act`` that was refused, ``refusal`` what must happen first."""
    try:
        with kit.writing(as_partner=False) as session:
            view = case_views.opened(session, kit.tools(), case_id=case_id, by=kit.viewer())
            entered = staff_entries.of_case(session, kit.tools(), case_id)
    except VaultError as error:
        return errors_shown.unreadable(
            error, str(REFUSALS["told_unreadable"]), status=500 if status == 200 else status
        )
    page = case_presenter.present(view, opened_act=act)
    errors = [(f"{act}-{name}", words) for name, words in (filled.errors if filled else {}).items()]
    body = render_template(
        "therapist/case.html",
        page=page,
        forms=case_forms.drawn(page, asks=freshness.is_due(), act=act, filled=filled),
        errors=errors,
        refusal=refusal,
        act=act,
        entered=[(one, view.staff.get(one.entered_by, "")) for one in entered],
        may_enter=[slot for slot in "ab" if _may_enter(view.side(slot))],
    )
    return make_response(body, status)


def _may_enter(side: Side | None) -> bool:
    """Whether staff may enter a form for whoever is, or will be, in a slot."""
    return side is None or (not side.person.has_account and side.person.intake is None)
