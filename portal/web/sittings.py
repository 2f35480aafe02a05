"""A browser's sitting: beginning and ending sessions, their cookies, the device, where one is at home."""

from __future__ import annotations

import re
from typing import Final, Literal, cast

from flask import g, request
from werkzeug.wrappers import Response

from portal.domain.access import Viewer
from portal.services import departures, sign_ins
from portal.services.sessions import Seat
from portal.web import cookies, csrf, kit

Kind = Literal["partner", "staff"]
_DEVICE_LIFE: Final = 365 * 24 * 3600
_DEVICE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def home(viewer: Viewer) -> str:
    """Where this viewer's way begins: /my, /caseload (any therapist), /admin, or the first page."""
    if viewer.kind == "partner":
        return "/my"
    if viewer.is_therapist:
        return "/caseload"
    return "/admin" if viewer.is_admin else "/"


def half_seat() -> Seat | None:
    """The staff session of this browser that still waits for its code, if any."""
    return cast("Seat | None", g.get("half_seat"))


def device() -> str:
    """This browser's device value: the one it holds, or a new one for ``begin`` to set."""
    if "device" not in g:
        held = cookies.read(request, cookies.DEVICE) or ""
        g.device = held if _DEVICE.fullmatch(held) else kit.tools().new_token()
    return cast(str, g.device)


def device_hash() -> str:
    """What the tables keep of it."""
    return cast(str, sign_ins.device_digest(kit.tools(), device()))


def end_current() -> None:
    """End whatever session this browser holds; nothing to do for a visitor."""
    seat = kit.seat() or half_seat()
    if seat is None:
        return
    with kit.writing(as_partner=seat.viewer.kind == "partner") as session:
        departures.end(session, kit.tools(), by=seat.viewer)
    g.seat = g.half_seat = None


def forget(response: Response) -> None:
    """Delete both session cookies: a changed cookie keeps the back button from showing a page again."""
    for name in cookies.SESSION.values():
        cookies.drop(response, name)


def begin(response: Response, kind: Kind, token: str, *, with_device: bool = True) -> Response:
    """Hand a fresh session's cookie to the browser and take the other kind's away."""
    other = "staff" if kind == "partner" else "partner"
    cookies.put(response, cookies.SESSION[kind], token)
    cookies.drop(response, cookies.SESSION[other])
    if with_device:
        cookies.put(response, cookies.DEVICE, device(), max_age=_DEVICE_LIFE)
    csrf.rebind(token)
    return response
