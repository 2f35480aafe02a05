"""Beginning on one's own, and answering an invitation."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.services import joining
from portal.services.errors import Refused
from portal.services.joining import Joined, Newcomer
from portal.services.tools import token_hash
from portal.web import bodies, context, guards, kit, sittings
from portal.web.accounts import bp, knocking
from portal.web.accounts.forms import BUSY, NOT_TICKED, UNKNOWN_LINK, BeginForm, JoinForm, NotNowForm

Answer = str | tuple[str, int] | Response


@bp.get("/begin")
@guards.public
def begin() -> str:
    """A self-referral, or how to reach a practice that takes none."""
    return _begin_page({})


@bp.post("/begin")
@guards.public
def begin_posted() -> Answer:
    """Always a new record: the same answer whether or not anything is known."""
    if not context.practice().self_referral:
        return redirect("/begin", 303)
    form = BeginForm.posted()
    if not form.validate():
        return _begin_page(form.faults), 400
    if not knocking.allows("join", "begin"):
        return _begin_page({"": str(BUSY)}), 400
    newcomer = _newcomer(form.password.data, email=form.email.data)
    sittings.end_current()
    with kit.writing(as_partner=True) as session:
        joined = joining.begin(
            session, kit.tools(), newcomer=newcomer, talk_first=form.talk_first.data == "yes"
        )
    return _seat(joined)


def _begin_page(faults: dict[str, str]) -> str:
    if not context.practice().self_referral:
        return render_template("accounts/begin_closed.html")
    typed = {name: bodies.printable(bodies.first(name)) for name in ("email", "talk_first")}
    return render_template("accounts/begin.html", faults=faults, typed=typed)


@bp.get("/join/not-now")
@guards.public
def not_now() -> str:
    """Said after "not for me right now"; the same for everybody."""
    return render_template("accounts/not_now.html")


@bp.get("/join/<token>")
@guards.public
def join(token: str) -> str:
    """The same page for every token, live, used or unknown. Looks nothing up, consumes nothing."""
    return _join_page(token, {})


@bp.post("/join/<token>")
@guards.public
def join_posted(token: str) -> Answer:
    """Join, or say not now. An unknown or expired token is the only one that is refused."""
    choice = bodies.first("choice") or "join"
    if choice not in ("join", "not_now"):
        return _join_page(token, {"choice": str(NOT_TICKED)}), 400
    form = JoinForm.posted() if choice == "join" else NotNowForm.posted()
    if not form.validate():
        return _join_page(token, form.faults), 400
    if not knocking.allows("join", token_hash(token)):
        return _join_page(token, {"": str(BUSY)}), 400
    try:
        return _join(token, form) if choice == "join" else _decline(token, form)
    except Refused:
        return _join_page(token, {"": str(UNKNOWN_LINK)}), 400


def _join(token: str, form: JoinForm) -> Response:
    newcomer = _newcomer(form.password.data)
    with kit.writing(as_partner=True) as session:
        joined = joining.join(session, kit.tools(), token=token, newcomer=newcomer)
    # Whoever was signed in here is somebody else: nothing links the two.
    sittings.end_current()
    return _seat(joined)


def _decline(token: str, form: NotNowForm) -> Response:
    with kit.writing(as_partner=True) as session:
        joining.decline(session, kit.tools(), token=token, reason=form.reason.data)
    return redirect("/join/not-now", 303)


def _join_page(token: str, faults: dict[str, str]) -> str:
    typed = {name: bodies.printable(bodies.first(name)) for name in ("choice", "reason")}
    return render_template("accounts/join.html", token=token, faults=faults, typed=typed)


def _newcomer(password: str, *, email: str | None = None) -> Newcomer:
    return joining.prepare(
        kit.tools(),
        password=password,
        language=context.locale(),
        email=email,
        device_hash=sittings.device_hash(),
    )


def _seat(joined: Joined) -> Response:
    return sittings.begin(redirect("/my/account", 303), "partner", joined.token)
