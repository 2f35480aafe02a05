"""A new staff account's one-time link: password, authenticator, first code."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.domain.access import Viewer
from portal.services import passwords, renewals, set_ups, totp
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
    """Secret as text and QR code; the same until the set-up succeeds. Any other token is 404.

    A new authenticator for an old account shows nothing before the code that was said by voice is there.
    """
    held = _find(token)
    return _page(held, token, {}) if held.spoken_digest is None else _spoken_page(token, {})


@bp.post("/set-up/<token>")
@guards.public
def set_up_posted(token: str) -> Answer:
    """Password and a first code that fits: signed in at once."""
    held = _find(token)
    if held.spoken_digest is not None and not _is_spoken(held, held.spoken_digest):
        return _spoken_page(token, {"spoken": presenters.wrong_spoken()}), 400
    if held.spoken_digest is not None and bodies.values("code") is None:
        return _page(held, token, {})
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
    # The old recovery codes are dead: the next page draws new ones.
    to = sittings.home(viewer) if held.spoken_digest is None else "/sign-in/recovery-codes"
    return sittings.begin(redirect(to, 303), "staff", cookie)


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


def _is_spoken(held: SetUp, digest: str) -> bool:
    """Whether the code that was said came with the form; counts a failure."""
    budget, typed = Knock(held.staff_id, knocking.source()), bodies.printable(bodies.first("spoken"))
    is_open = knocking.throttle().is_open("code", budget)
    if renewals.is_spoken(kit.tools(), digest, staff_id=held.staff_id, typed=typed) and is_open:
        return True
    knocking.throttle().note("code", budget)
    return False


def _spoken_page(token: str, faults: dict[str, str]) -> str:
    return render_template("accounts/spoken.html", token=token, faults=faults)


def _page(held: SetUp, token: str, faults: dict[str, str]) -> str:
    issuer = context.practice().name or "Intake"
    uri = totp.provisioning_uri(held.secret, account=held.email or "admin", issuer=issuer)
    typed = {name: bodies.printable(bodies.first(name)) for name in ("full_name", "email")}
    spoken = "" if held.spoken_digest is None else bodies.printable(bodies.first("spoken"))
    return render_template(
        "accounts/set_up.html", token=token, set_up=held, faults=faults, typed=typed, spoken=spoken,
        qr=presenters.qr(uri),
    )  # fmt: skip
