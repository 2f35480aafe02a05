"""The case page: read, and shown again with what was typed when an act was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, make_response, render_template

from portal.domain.lint import Piece
from portal.services import case_views, cases, staff_entries
from portal.services.case_views import Side
from portal.web import freshness, guards, kit
from portal.web.therapist import bp
from portal.web.therapist.presenters import case_presenter

ACTS = (
    "interview", "clearance", "review", "release", "invitation", "appointment", "request", "fact",
    "discernment",
    "closing",
)  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """One act's form as it stands: what was typed, what is wrong with it, and where in the text."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = False
    wants_password: bool = False
    marked: tuple[Piece, ...] = ()
    #: A letter to be looked at, as the partner's own page would show it.
    letter: Mapping[str, Any] | None = None

    def value(self, name: str, default: str = "") -> str:
        """What to show in a field."""
        return self.values.get(name, default)

    def error(self, name: str) -> str:
        """The message beside a field."""
        return self.errors.get(name, "")


def find_case(case_id: str, **_: object) -> None:
    """The guard's look: raises NotFound unless the viewer may open the case."""
    with kit.store().staff.read() as session:
        cases.require_visible(session, kit.tools(), case_id, kit.viewer())


@bp.get("/cases/<case_id>")
@guards.therapist_only(find=find_case)
def case(case_id: str) -> Response:
    """One case, with everything that can be done in it."""
    return draw(case_id)


def draw(
    case_id: str, *, act: str = "", filled: Filled | None = None, refusal: str = "", status: int = 200
) -> Response:
    """The page; ``filled`` is the form of ``act`` that was refused, ``refusal`` what must happen first."""
    with kit.writing(as_partner=False) as session:
        view = case_views.opened(session, kit.tools(), case_id=case_id, by=kit.viewer())
        entered = staff_entries.of_case(session, kit.tools(), case_id)
    asks = freshness.is_due()
    forms = {name: Filled(wants_password=asks) for name in ACTS}
    if filled is not None:
        forms[act] = filled
    page = case_presenter.present(view, opened_act=act)
    errors = [(f"{act}-{name}", words) for name, words in (filled.errors if filled else {}).items()]
    body = render_template(
        "therapist/case.html",
        page=page,
        forms=forms,
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
