"""The desk of this request, and the order of the way in: out of order leads to the right page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import redirect
from werkzeug.wrappers import Response

from portal.domain.lifecycle import Step, WayIn, may_open, next_step
from portal.services import audit, desks
from portal.services.desks import Desk, SeatAtDesk
from portal.web import bodies, context, guards, kit, lean
from portal.web.steps import PATHS

View = TypeVar("View", bound=Callable[..., Any])

#: Every page of this room finds session, way in, desk and the practice's settings in one statement.
own = guards.partner_only(find_seat=desks.find_seat_for_page)


def seat() -> SeatAtDesk:
    """The seat of this request; only inside views marked ``own``."""
    return cast(SeatAtDesk, kit.seat())


def way() -> WayIn:
    """How far this partner has come on the way in."""
    return cast(WayIn, seat().way)


def language() -> str:
    """The language of this partner's pages: "en" or "es"."""
    return context.locale()


def next_page() -> str:
    """Address of the own next step."""
    return PATHS[next_step(way())]


def from_step(step: Step) -> Callable[[View], View]:
    """Open only once ``step``'s turn has come; before that, 303 to the page whose turn it is."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(**values: Any) -> Any:
            if not may_open(step, way()):
                return redirect(next_page(), 303)
            return view(**values)

        return cast(View, guarded)

    return mark


def with_open_form(view: View) -> View:
    """Only while the form may be filled in: hands the desk to the view, else 303 to the right page."""

    @wraps(view)
    def guarded() -> Any:
        desk = open_desk()
        return redirect(next_page(), 303) if desk is None else view(desk)

    return cast(View, guarded)


def open_desk() -> Desk | None:
    """The desk, if everything before the form is done and the form was not sent yet."""
    desk = seat().desk
    return desk if desk is not None and next_step(way()) == "form" else None


def see(path: str) -> Response:
    """303 after a POST. Without a body: Flask's would be filled up to the size of a page."""
    return lean.Bare(status=303, headers={"Location": path})


def note_unexpected(known: frozenset[str]) -> None:
    """Fields that no form of ours has are ignored, and that they came is kept: once, without their names."""
    count = len(set(bodies.fields()) - known - {"csrf_token"})
    if count:
        with kit.store().partner.write() as session:
            audit.unexpected_fields(session, kit.tools(), count=count, by=kit.viewer())
