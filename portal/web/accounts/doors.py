"""Who may open the pages of the way in that are neither public nor one role's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import abort, redirect, request

from portal.domain.access import Viewer
from portal.web import guards, kit, sittings

View = TypeVar("View", bound=Callable[..., Any])


def signed_in(view: View) -> View:
    """Partners and staff alike."""
    view.access = guards.Access(  # type: ignore[attr-defined]
        "signed in", lambda viewer: viewer.kind in ("partner", "staff")
    )
    return view


def half_signed_in(view: Callable[[Viewer], Any]) -> Callable[[], Any]:
    """Staff whose password was right and whose code is still to come; everybody else is sent on."""

    @wraps(view)
    def guarded() -> Any:
        half = sittings.half_seat()
        if half is None:
            return redirect(_right_page(), 303)
        return view(half.viewer)

    guarded.access = guards.Access(  # type: ignore[attr-defined]
        "half signed in", lambda viewer: True, is_public=True, find=_refuse_strangers
    )
    return guarded


def _right_page() -> str:
    viewer = kit.viewer()
    return "/sign-in" if viewer.kind == "anonymous" else sittings.home(viewer)


def _refuse_strangers() -> None:
    """A post without any session is answered like every other anonymous one: 401, before the token."""
    if request.method == "POST" and kit.viewer().kind == "anonymous" and sittings.half_seat() is None:
        abort(401)
