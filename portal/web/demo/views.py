"""GET/POST /demo: a visitor steps into a role of the demonstration practice, without a password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from flask import make_response, redirect, render_template
from flask_babel import gettext as _

from portal.services import practices
from portal.services.errors import NotFound
from portal.web import bodies, guards, kit, sittings
from portal.web.demo import bp

View = TypeVar("View", bound=Callable[..., Any])


def _require_demo() -> None:
    """Raise NotFound in production and on every database that ``demo load`` did not make."""
    with kit.store().staff.read() as session:
        is_demo = practices.view(session).is_demo
    if kit.settings().is_production or not is_demo:
        raise NotFound


def _only_on_a_demo(view: View) -> View:
    """Open to everybody, where there is such a page at all."""
    guards.public(view)
    view.access = replace(view.access, find=_require_demo)  # type: ignore[attr-defined]
    return view


@bp.get("/demo")
@_only_on_a_demo
def choose() -> Any:
    """Whom one may be."""
    return _page()


@bp.post("/demo")
@_only_on_a_demo
def step_in() -> Any:
    """Sign in as somebody of the demonstration: no device is noted, so that nobody seems to share one."""
    from portal.demo import roles  # noqa: PLC0415 - late, as in _page

    with kit.store().staff.read() as session:
        role = roles.find(session, kit.tools(), bodies.first("account"))
    if role is None:
        return make_response(_page(error=_("There is nobody of that name in this demonstration.")), 400)
    sittings.end_current()
    with kit.writing(as_partner=role.kind == "partner") as session:
        token, viewer = roles.step_in(session, kit.tools(), role)
    return sittings.begin(redirect(sittings.home(viewer), 303), role.kind, token, with_device=False)


def _page(*, error: str = "") -> str:
    # Late: the cast and its stories are large, and a real practice has none of them.
    from portal.demo import roles  # noqa: PLC0415
    from portal.web.demo import faces  # noqa: PLC0415

    with kit.store().staff.read() as session:
        present = roles.partners(session)
    return render_template(
        "demo/choose.html", partners=faces.partners(present), staff=faces.staff(), error=error
    )
