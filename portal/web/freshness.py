"""Sensitive acts need a sign-in at most five minutes old, or the password again in the same form.

A view calls ``prove()`` after the body was found good and before it acts, and answers a ``NotFresh`` with
its own page: 400, what was typed kept, a password field with ``message(refusal)`` beside it
(contract.md, "Fields").
"""

from __future__ import annotations

from typing import cast

from flask import current_app, request
from flask_babel import gettext as _

from portal.domain.access import is_fresh
from portal.services import sign_ins
from portal.services.errors import NotFresh
from portal.services.throttles import Throttle
from portal.web import bodies, kit, sittings


class WrongPassword(NotFresh):
    """A password was given and does not fit."""


def is_due() -> bool:
    """Whether a sensitive act would ask for the password now: pages then show the field beforehand."""
    return not is_fresh(kit.viewer(), kit.tools().now())


def prove(*, always: bool = False) -> None:
    """Let a sensitive act go on. Raises NotFresh without a fresh sign-in or a password, WrongPassword.

    A password that fits counts as a fresh sign-in from now on; one that does not is counted and kept.
    ``always``: the password is asked for however fresh the sign-in is (identified reports).
    """
    if not always and not is_due():
        return
    # Pages that also set a new password call this one `current_password`.
    password = bodies.printable(bodies.first("password") or bodies.first("current_password"))
    if not password:
        raise NotFresh
    if not _fits(password):
        raise WrongPassword
    with kit.writing(as_partner=kit.viewer().kind == "partner") as session:
        sign_ins.confirm(session, kit.tools(), by=kit.viewer())


def message(refusal: NotFresh) -> str:
    """What stands beside the password field."""
    if isinstance(refusal, WrongPassword):
        return _("That is not your password.")
    return _("Please give your password once more: you signed in more than five minutes ago.")


def _fits(password: str) -> bool:
    viewer, tools = kit.viewer(), kit.tools()
    as_partner = viewer.kind == "partner"
    throttle = cast(Throttle, current_app.extensions["portal.throttle"])
    with (kit.store().partner if as_partner else kit.store().staff).read() as session:
        claim = sign_ins.own_claim(session, by=viewer)
    budget = claim.knock(source=request.remote_addr or "", device_hash=sittings.device_hash())
    if sign_ins.is_match(tools, claim, password, is_open=throttle.is_open("sign_in", budget)):
        return True
    throttle.note("sign_in", budget)
    with kit.writing(as_partner=as_partner) as session:
        sign_ins.deny_code(session, tools, by=viewer)
    return False
