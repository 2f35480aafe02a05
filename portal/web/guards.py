"""Every view says who may enter; nothing is open by default.

Order of checks (contract.md, "Answers of the server"): method, sign-in, role and object, body size,
CSRF; the view then checks the body and the order of things.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from flask import Flask, Request, abort, current_app, g, redirect, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal import postgres
from portal.domain.access import Viewer
from portal.services import sessions
from portal.services.errors import told
from portal.web import bodies, cookies, csrf, kit

View = TypeVar("View", bound=Callable[..., Any])
#: Looks for the object of the address and raises NotFound unless the viewer may see it.
Find = Callable[..., None]
#: Finds the live session of a cookie: (database session, tools, token) -> seat or None.
FindSeat = Callable[..., sessions.Seat | None]
KeepLate = Callable[[str], bool]


#: What a page of ours may be asked for: to be looked at, or by its own script. Never as an image, a script or
#: a frame of somebody else's page (security.md T22).
_PLACES: Final = frozenset({"document", "empty"})


class BadToken(Exception):
    """The CSRF token is missing or does not belong to this session."""


@dataclass(frozen=True)
class Access:
    """Who may call a view. ``may_enter`` is asked with the viewer; ``find`` with the address's values."""

    name: str
    may_enter: Callable[[Viewer], bool]
    is_public: bool = False
    find: Find | None = None
    checks_csrf: bool = True
    #: Finds a partner's seat instead of ``sessions.find_partner``: the hot pages read where the form
    #: stands in the same statement as the session, so that a save costs one statement less.
    find_seat: FindSeat | None = None
    #: Keeps what was posted with the cookie of a partner's session that ran out, and says whether it could.
    keep_late: KeepLate | None = None


def _grant(name: str, may_enter: Callable[[Viewer], bool]) -> Callable[..., Callable[[View], View]]:
    def with_options(
        *, find: Find | None = None, find_seat: FindSeat | None = None, keep_late: KeepLate | None = None
    ) -> Callable[[View], View]:
        def mark(view: View) -> View:
            view.access = Access(  # type: ignore[attr-defined]
                name, may_enter, find=find, find_seat=find_seat, keep_late=keep_late
            )
            return view

        return mark

    return with_options


partner_only = _grant("partner", lambda viewer: viewer.kind == "partner")
therapist_only = _grant("therapist", lambda viewer: viewer.is_therapist)
admin_only = _grant("admin", lambda viewer: viewer.is_admin)
staff_only = _grant("staff", lambda viewer: viewer.is_therapist or viewer.is_admin)


def public(view: View) -> View:
    """Open to everybody, signed in or not."""
    view.access = Access("public", lambda viewer: True, is_public=True)  # type: ignore[attr-defined]
    return view


def public_without_token(view: View) -> View:
    """Open to everybody and accepted without a CSRF token (quick exit only)."""
    view.access = Access(  # type: ignore[attr-defined]
        "public", lambda viewer: True, is_public=True, checks_csrf=False
    )
    return view


def _seat_in(door: Any, find: Callable[..., sessions.Seat | None], kind: str) -> sessions.Seat | None:
    token = cookies.read(kit.asked(), cookies.SESSION[kind])
    if not token:
        return None
    if kind == "partner" and door.is_postgres:
        postgres.name_asker(sessions.token_digest(kit.tools(), token))
    with door.hot_read() as connection:
        return find(connection, kit.tools(), token)


def load_seat() -> None:
    """Find out who is asking. A staff session without its second factor is nobody yet.

    A partner process has no keys for the pages of staff: nobody is staff there.
    """
    postgres.name_asker("")
    if kit.asked().endpoint in ("static", "public.healthz", "public.readyz"):
        return
    store, here = kit.store(), kit.here()
    is_for_staff = kit.settings().role != "partner"
    found = _seat_in(store.staff, sessions.find_staff, "staff") if is_for_staff else None
    if found is not None and not found.second_factor:
        here.half_seat = found
        return
    access = _access()
    find_seat = (access and access.find_seat) or sessions.find_partner
    here.seat = found or _seat_in(store.partner, find_seat, "partner")


def _access() -> Access | None:
    view = kit.app().view_functions.get(kit.asked().endpoint or "")
    return cast("Access | None", getattr(view, "access", None))


def check() -> Response | None:
    """Turn away whoever may not enter; registered to run before every request."""
    asked = kit.asked()
    endpoint = asked.endpoint
    if endpoint is None or endpoint == "static":
        return None
    if asked.headers.get("Sec-Fetch-Dest", "document") not in _PLACES:
        abort(404)
    access = cast(Access, getattr(kit.app().view_functions[endpoint], "access"))  # noqa: B009
    viewer = kit.viewer()
    if not access.is_public and viewer.kind == "anonymous":
        return _ask_to_sign_in(access)
    if not access.may_enter(viewer) or _has_nul(asked):
        abort(404)
    if access.find is not None:
        access.find(**(asked.view_args or {}))
    # Reading the body raises 413 here: after the role, before the token. It is kept, because a view may
    # have to look at the bytes themselves (portal/web/bodies.py).
    if asked.method == "POST":
        asked.get_data()
        _require_form(access)
    return None


def _require_form(access: Access) -> None:
    """A form of this session, and one of ours."""
    if access.checks_csrf and not _is_own_form():
        raise BadToken
    if access.checks_csrf:
        bodies.require_few()


def _has_nul(asked: Request) -> bool:
    """Whether the address holds a NUL byte: nothing of ours has one, and PostgreSQL does not look for it."""
    if "\0" in asked.path:
        return True
    return bool(asked.query_string) and any("\0" in value for value in asked.args.values())


def _is_own_form() -> bool:
    return csrf.is_valid() and not csrf.is_from_elsewhere()


def _ask_to_sign_in(access: Access) -> Response:
    if request.method not in ("GET", "HEAD"):
        g.kept_late = _is_kept_late(access)
        abort(401)
    return redirect(url_for("accounts.sign_in"), 303)


def _is_kept_late(access: Access) -> bool:
    """Whether a text was kept for the partner whose session ran out while it was typed (security.md §4.2)."""
    token = cookies.read(request, cookies.SESSION["partner"])
    if access.keep_late is None or not token:
        return False
    try:
        return _is_own_form() and access.keep_late(token)
    except HTTPException:  # too large, or no form
        return False


def touch_seat(response: Response) -> Response:
    """Write ``last_seen_at`` on a plain GET at most once a minute; POSTs write it with their change."""
    seat = kit.seat()
    if seat is None or kit.here().get("is_touched") or not sessions.is_touch_due(seat, kit.tools().now()):
        return response
    door = kit.store().partner if seat.viewer.kind == "partner" else kit.store().staff
    try:
        with door.hot_write() as session:
            sessions.touch(session, kit.tools(), seat.viewer)
    except OperationalError as error:  # full or locked: what was asked for can be read all the same
        current_app.logger.error("%s could not note its visitor: %s", request.endpoint, told(error))
    return response


def init_app(app: Flask) -> None:
    """Register the checks; refuse to start with a view that does not say who may enter."""
    app.before_request(load_seat)
    app.before_request(check)
    app.after_request(touch_seat)


def require_access_everywhere(app: Flask) -> None:
    """Raise at start if a view forgot to say who may enter."""
    views = app.view_functions.items()
    missing = [name for name, view in views if name != "static" and not hasattr(view, "access")]
    if missing:
        raise RuntimeError(f"views without an access mark: {', '.join(sorted(missing))}")
