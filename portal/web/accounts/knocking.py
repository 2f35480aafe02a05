"""The throttle of this process, and checking a name and password against it."""

from __future__ import annotations

from typing import cast

from flask import current_app, request
from flask.blueprints import BlueprintSetupState

from portal.config import Settings
from portal.services import sign_ins, throttles
from portal.services.sign_ins import Claim
from portal.services.throttles import Knock, Purpose, Throttle
from portal.web import kit, sittings
from portal.web.accounts import bp

_KEY = "portal.throttle"


@bp.record_once
def install(state: BlueprintSetupState) -> None:
    """One throttle an application."""
    settings: Settings = state.app.extensions["portal.settings"]
    state.app.extensions[_KEY] = throttles.build(
        is_on=settings.throttle, redis_url=settings.redis_url, disguise=_disguise
    )


def _disguise(text: str) -> str:
    """Who is counted, under a key: whoever reads the store learns no address and nobody's account."""
    return kit.tools().vault.digest("partner", "throttle", text)


def throttle() -> Throttle:
    """The throttle of this application."""
    return cast(Throttle, current_app.extensions[_KEY])


def source() -> str:
    """The address a request comes from, as far as trusted proxies tell."""
    return request.remote_addr or ""


def allows(purpose: Purpose, account: str) -> bool:
    """Count a try at something that is no password, and say whether it may go on."""
    knock = Knock(account, source())
    is_open = throttle().is_open(purpose, knock)
    throttle().note(purpose, knock)
    return is_open


def claim(name: str) -> Claim:
    """Whom a typed name means; the staff door for e-mail addresses, the partner door for all else."""
    device_hash = sittings.device_hash()
    if sign_ins.is_staff_name(name):
        with kit.store().staff.read() as session:
            return sign_ins.find_staff(session, kit.tools(), email=name, device_hash=device_hash)
    with kit.store().partner.read() as session:
        return sign_ins.find_partner(session, kit.tools(), name=name, device_hash=device_hash)


def knock(of: Claim) -> Knock:
    """What is counted for a claim made from this browser."""
    return of.knock(source=source(), device_hash=sittings.device_hash())


def is_fitting(of: Claim, password: str) -> bool:
    """Whether the password fits and the budget is not spent; counts and keeps a failure."""
    budget = knock(of)
    is_open = throttle().is_open("sign_in", budget)
    if sign_ins.is_match(kit.tools(), of, password, is_open=is_open):
        return True
    throttle().note("sign_in", budget)
    with kit.writing(as_partner=of.kind == "partner") as session:
        sign_ins.deny(session, kit.tools(), claim=of)
    return False
