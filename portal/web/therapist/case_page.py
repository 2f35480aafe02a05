"""The case page: read, and shown again with what was typed when an act was refused."""

from __future__ import annotations

import time
from typing import Final

from flask import Response, make_response, render_template

from portal.services import case_views, cases, staff_entries, standing_now
from portal.services.case_views import Side
from portal.vault import VaultError
from portal.web import errors as errors_shown
from portal.web import freshness, guards, kit
from portal.web.therapist import bp, case_forms
from portal.web.therapist.case_forms import Filled
from portal.web.therapist.presenters import case_presenter
from portal.web.therapist.refusals import REFUSALS

#: Seconds that a page waits for the worker's look, which begins half a second after it was called at the
#: latest (decision 0101); and seconds between two glances at whether it is done.
_PATIENCE: Final = 1.0
_GLANCES: Final = 0.05


def find_case(case_id: str, **_: object) -> None:
    """The guard's look: raises NotFound unless the viewer may open the case."""
    with kit.store().staff.glance() as connection:
        cases.require_visible(connection, kit.tools(), case_id, kit.viewer())


@bp.get("/cases/<case_id>")
@guards.therapist_only(find=find_case)
def case(case_id: str) -> Response:
    """One case, with everything that can be done in it."""
    _await_look(case_id)
    return draw(case_id)


def _await_look(case_id: str) -> None:
    """Let the worker look first at what was just sent or stated: acts would refuse what this page shows.

    For a moment alone, and only where a worker is called at all: a page half a second later is better than
    one that is old when it is read, and one that does not come is worse.
    """
    if not kit.has_worker():
        return
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up and _is_settling(case_id):
        time.sleep(_GLANCES)


def _is_settling(case_id: str) -> bool:
    with kit.store().staff.glance() as connection:
        return standing_now.is_settling(connection, kit.tools(), case_id=case_id)


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
