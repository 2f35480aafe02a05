"""Who may open the pages of the way in that are neither public nor one role's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import abort, redirect, request
from werkzeug.wrappers import Response

from portal.web import guards, kit, sittings

View = TypeVar("View", bound=Callable[..., Any])


def signed_in(view: View) -> View:
    """Partners and staff alike."""
    view.access = guards.Access(  # type: ignore[attr-defined]
        "signed in", lambda viewer: viewer.kind in ("partner", "staff")
    )
    return view


def half_signed_in(view: View) -> View:
    """Staff whose password was right and whose code is still to come; everybody else is sent on."""
    view.access = guards.Access(  # type: ignore[attr-defined]
        "half signed in", lambda viewer: True, is_public=True, find=_require_half
    )
    return view


def _require_half() -> None:
    if sittings.half_seat() is not None:
        return
    if request.method == "POST" and kit.viewer().kind == "anonymous":
        abort(401)
    viewer = kit.viewer()
    abort(_see("/sign-in" if viewer.kind == "anonymous" else sittings.home(viewer)))


def _see(path: str) -> Response:
    return redirect(path, 303)
