"""Signing in, the second step, confirming, signing out."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.domain.access import Viewer
from portal.services import sign_ins, staff_codes, totp
from portal.services.errors import Conflict
from portal.services.sign_ins import Claim
from portal.services.throttles import Knock
from portal.web import bodies, guards, kit, sittings
from portal.web.accounts import bp, doors, knocking

Answer = str | tuple[str, int] | Response


@bp.get("/sign-in")
@guards.public
def sign_in() -> str:
    """Name and password; one page for partners and staff."""
    return render_template("accounts/sign_in.html", name="", is_wrong=False)


@bp.post("/sign-in")
@guards.public
def sign_in_posted() -> Answer:
    """A wrong, unknown, disabled or throttled name: the same page, the same status, the name kept."""
    name = bodies.printable(bodies.first("name"))
    claim = knocking.claim(name)
    if not knocking.is_fitting(claim, bodies.printable(bodies.first("password"))):
        return _wrong(name)
    sittings.end_current()
    try:
        return _enter_staff_half(claim) if claim.kind == "staff" else _enter_partner(claim)
    except Conflict:
        return _wrong(name)


def _wrong(name: str) -> Answer:
    return render_template("accounts/sign_in.html", name=name, is_wrong=True), 400


def _enter_partner(claim: Claim) -> Response:
    tools, device_hash = kit.tools(), sittings.device_hash()
    with kit.writing(as_partner=True) as session:
        token = sign_ins.enter_partner(session, tools, claim=claim, device_hash=device_hash)
    return sittings.begin(redirect("/my", 303), "partner", token)


def _enter_staff_half(claim: Claim) -> Response:
    with kit.writing(as_partner=False) as session:
        token = sign_ins.enter_staff_half(session, kit.tools(), claim=claim)
    return sittings.begin(redirect("/sign-in/second-step", 303), "staff", token, with_device=False)


@bp.get("/sign-in/second-step")
@doors.half_signed_in
def second_step(_half: Viewer) -> str:
    """The code of the authenticator app."""
    return render_template("accounts/second_step.html", is_wrong=False)


@bp.post("/sign-in/second-step")
@doors.half_signed_in
def second_step_posted(half: Viewer) -> Answer:
    """A right code, of the app or a recovery code, opens a fresh, whole session; each counts once."""
    given = bodies.printable(bodies.first("code"))
    if staff_codes.is_code(given):
        token = _enter_by_recovery(half, given)
    else:
        step = fitting_step(half)
        token = None if step is None else _enter_staff(half, step)
    if token is None:
        return render_template("accounts/second_step.html", is_wrong=True), 400
    return sittings.begin(redirect(sittings.home(half), 303), "staff", token)


def _enter_staff(half: Viewer, step: int) -> str | None:
    """The whole session's token, or None where the same code came twice at once."""
    try:
        with kit.writing(as_partner=False) as session:
            device_hash = sittings.device_hash()
            return sign_ins.enter_staff(session, kit.tools(), half=half, step=step, device_hash=device_hash)
    except Conflict:
        return None


def _enter_by_recovery(half: Viewer, code: str) -> str | None:
    """The whole session's token, or None for a code that does not count; counts and keeps a failure."""
    tools, budget = kit.tools(), Knock(half.id, knocking.source())
    try:
        if not knocking.throttle().is_open("code", budget):
            raise Conflict("throttled")
        with kit.writing(as_partner=False) as session:
            return sign_ins.enter_staff_by_recovery(
                session, tools, half=half, code=code, device_hash=sittings.device_hash()
            )
    except Conflict:
        _note_denial(half, budget)
        return None


def _note_denial(by: Viewer, budget: Knock) -> None:
    knocking.throttle().note("code", budget)
    with kit.writing(as_partner=False) as session:
        sign_ins.deny_code(session, kit.tools(), by=by)


def fitting_step(by: Viewer) -> int | None:
    """The time step of the posted code of a staff member; counts and keeps a failure."""
    tools, budget = kit.tools(), Knock(by.id, knocking.source())
    with kit.store().staff.read() as session:
        held = sign_ins.authenticator(session, tools, staff_id=by.id)
    step = totp.matching_step(held.secret, bodies.first("code"), at=tools.now(), after=held.last_step)
    if step is not None and knocking.throttle().is_open("code", budget):
        return step
    _note_denial(by, budget)
    return None


@bp.get("/sign-in/again")
@doors.signed_in
def again() -> str:
    """Confirm that it is still you."""
    return _again_page(is_wrong=False)


@bp.post("/sign-in/again")
@doors.signed_in
def again_posted() -> Answer:
    """Password, and the code for staff; then the session counts as fresh for five minutes."""
    by = kit.viewer()
    is_right = is_own_password(by, bodies.printable(bodies.first("password")))
    step = fitting_step(by) if is_right and by.kind == "staff" else None
    if not is_right or (step is None and by.kind == "staff") or not _confirm(by, step):
        return _again_page(is_wrong=True), 400
    return redirect(sittings.home(by), 303)


def _again_page(*, is_wrong: bool) -> str:
    return render_template("accounts/again.html", is_wrong=is_wrong, asks_code=kit.viewer().kind == "staff")


def is_own_password(by: Viewer, password: str) -> bool:
    """Whether this is the password of whoever is signed in; counts and keeps a failure."""
    tools, budget = kit.tools(), Knock(by.id, knocking.source())
    door = kit.store().partner if by.kind == "partner" else kit.store().staff
    with door.read() as session:
        claim = sign_ins.own_claim(session, by=by)
    is_open = knocking.throttle().is_open("sign_in", budget)
    if sign_ins.is_match(tools, claim, password, is_open=is_open):
        return True
    knocking.throttle().note("sign_in", budget)
    with kit.writing(as_partner=by.kind == "partner") as session:
        sign_ins.deny_code(session, tools, by=by)
    return False


def _confirm(by: Viewer, step: int | None) -> bool:
    try:
        with kit.writing(as_partner=by.kind == "partner") as session:
            sign_ins.confirm(session, kit.tools(), by=by, step=step)
    except Conflict:
        return False
    return True


@bp.post("/sign-out")
@guards.public
def sign_out() -> Response:
    """Ends the session; its cookie is worth nothing from now on."""
    sittings.end_current()
    response = redirect("/", 303)
    sittings.forget(response)
    return response
