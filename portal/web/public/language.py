"""Choosing a language, and coming back to the page one was on."""

from __future__ import annotations

import re
from typing import Final

from flask import abort, redirect, request
from werkzeug.wrappers import Response

from portal.services import accounts
from portal.web import bodies, context, cookies, guards, kit, sittings
from portal.web.public import bp

_YEAR: Final = 365 * 24 * 3600
#: Pages the switch comes back to, by key: an address is never taken from a request (security.md T24).
_PAGES: Final = frozenset(
    "begin sign-in sign-in/second-step sign-in/again password/forgot help help/ways if-your-partner-does-not "
    "if-you-are-not-sure my my/account my/leaving my/consent my/contact my/partner my/message my/add "
    "my/withdraw my/form my/form/check".split()
)
#: Pages whose address holds a one-time token; the token's alphabet leaves no way to another site.
_TOKEN_PAGES: Final = re.compile(r"(join|set-up|password/reset)/[A-Za-z0-9_-]{1,100}")


@bp.app_context_processor
def page_key() -> dict[str, str]:
    """The key of this page for the language switch; empty where it leads home."""
    key = request.path.strip("/")
    return {"page_key": key if _is_known(key) else ""}


@bp.post("/language")
@guards.public
def language() -> Response:
    """Keep the language in the account, for visitors in a cookie; back to the page, or home.

    Never both: a cookie would outlast the session and tell whoever sits here next.
    """
    chosen = bodies.first("language")
    if chosen not in context.LANGUAGES:
        abort(400)
    viewer = kit.viewer()
    if viewer.kind != "anonymous":
        with kit.writing(as_partner=viewer.kind == "partner") as session:
            accounts.set_language(session, kit.tools(), language=chosen, by=viewer)
    key = bodies.first("page")
    response = redirect(f"/{key}" if _is_known(key) else sittings.home(viewer), 303)
    if viewer.kind == "anonymous":
        cookies.put(response, cookies.LANGUAGE, chosen, max_age=_YEAR)
    return response


def _is_known(key: str) -> bool:
    return key in _PAGES or _TOKEN_PAGES.fullmatch(key) is not None
