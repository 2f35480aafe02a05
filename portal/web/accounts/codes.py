"""Recovery codes of staff: how many are left, and ten new ones, shown once."""

from __future__ import annotations

from flask import make_response, redirect, render_template
from werkzeug.wrappers import Response

from portal.services import staff_codes
from portal.services.errors import NotFresh
from portal.web import freshness, guards, kit, once
from portal.web.accounts import bp

_KIND = "recovery_codes"


@bp.get("/sign-in/recovery-codes")
@guards.staff_only()
def recovery_codes() -> Response:
    """How many are left; codes that were just drawn are shown this once."""
    return once.drop(make_response(_page({})))


@bp.post("/sign-in/recovery-codes")
@guards.staff_only()
def recovery_codes_posted() -> tuple[str, int] | Response:
    """Ten new codes; older ones stop counting."""
    try:
        freshness.prove()
    except NotFresh as refused:
        return _page({"password": freshness.message(refused)}), 400
    with kit.writing(as_partner=False) as session:
        codes = staff_codes.draw(session, kit.tools(), by=kit.viewer())
    return once.put(redirect("/sign-in/recovery-codes", 303), _KIND, " ".join(codes))


def _page(faults: dict[str, str]) -> str:
    with kit.store().staff.read() as session:
        left = staff_codes.left(session, by=kit.viewer())
    return render_template(
        "accounts/recovery_codes.html",
        codes=(once.carried(_KIND) or "").split(),
        left=left,
        faults=faults,
        asks_password=freshness.is_due(),
    )
