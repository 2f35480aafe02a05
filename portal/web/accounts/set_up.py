"""A new staff account's one-time link: password, authenticator, first code."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.domain.access import Viewer
from portal.services import passwords, set_ups, totp
from portal.services.errors import Refused
from portal.services.set_ups import SetUp
from portal.services.throttles import Knock
from portal.web import bodies, context, guards, kit, sittings
from portal.web.accounts import bp, knocking, presenters
from portal.web.accounts.forms import FirstAdminForm, NewPasswordForm

Answer = str | tuple[str, int] | Response


@bp.get("/set-up/<token>")
@guards.public
def set_up(token: str) -> str:
    """Secret as text and QR code; the same until the set-up succeeds. Any other token is 404."""
    return _page(_find(token), token, {})


@bp.post("/set-up/<token>")
@guards.public
def set_up_posted(token: str) -> Answer:
    """Password and a first code that fits: signed in at once."""
    held = _find(token)
    form = FirstAdminForm.posted() if held.is_first else NewPasswordForm.posted()
    is_valid, step = form.validate(), _fitting_step(held)
    if step is None:
        return _page(held, token, {**form.faults, "code": presenters.wrong_code()}), 400
    if not is_valid:
        return _page(held, token, form.faults), 400
    return _finish(held, step, form)


def _finish(held: SetUp, step: int, form: NewPasswordForm) -> Answer:
    tools, typed = kit.tools(), form.data
    new_hash = tools.passwords.hash(passwords.canonical(form.password.data))
    sittings.end_current()
    try:
        with kit.writing(as_partner=False) as session:
            cookie = set_ups.finish(
                session,
                tools,
                set_up=held,
                password_hash=new_hash,
                step=step,
                email=typed.get("email", ""),
                full_name=typed.get("full_name", ""),
                device_hash=sittings.device_hash(),
            )
    except Refused:
        return redirect("/sign-in", 303)
    viewer = Viewer(kind="staff", id=held.staff_id, roles=held.roles)
    return sittings.begin(redirect(sittings.home(viewer), 303), "staff", cookie)


def _find(token: str) -> SetUp:
    with kit.store().staff.read() as session:
        return set_ups.find(session, kit.tools(), token=token)


def _fitting_step(held: SetUp) -> int | None:
    """The time step of the posted code; counts a failure."""
    budget = Knock(held.staff_id, knocking.source())
    step = set_ups.matching_step(kit.tools(), held, bodies.first("code"))
    if step is not None and knocking.throttle().is_open("code", budget):
        return step
    knocking.throttle().note("code", budget)
    return None


def _page(held: SetUp, token: str, faults: dict[str, str]) -> str:
    issuer = context.practice().name or "Intake"
    uri = totp.provisioning_uri(held.secret, account=held.email or "admin", issuer=issuer)
    typed = {name: bodies.printable(bodies.first(name)) for name in ("full_name", "email")}
    return render_template(
        "accounts/set_up.html", token=token, set_up=held, faults=faults, typed=typed, qr=presenters.qr(uri)
    )
