"""A new password without the old one: ask for a link, then use it with a code."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.services import passwords, recovery, resets, sign_ins, staff_codes, totp
from portal.services.errors import Refused
from portal.services.resets import CALL_MARK, STAFF_MARK, Reset
from portal.services.throttles import Knock
from portal.services.tools import token_hash
from portal.web import bodies, guards, kit, sittings
from portal.web.accounts import bp, knocking
from portal.web.accounts.forms import NOT_NOW, WRONG_CODE, NewPasswordForm

Answer = str | tuple[str, int] | Response

#: No sign-in name and no e-mail address is longer (RFC 5321: 254).
LONGEST_NAME = 254


@bp.get("/password/forgot")
@guards.public
def forgot() -> str:
    """Ask for a link."""
    return render_template("accounts/forgot.html", name="", is_blank=False)


@bp.post("/password/forgot")
@guards.public
def forgot_posted() -> Answer:
    """The same answer always; the mail, if there is one to send, is the worker's."""
    name = bodies.first("name")
    if not name.strip() or not passwords.is_readable(name) or len(name) > LONGEST_NAME:
        return render_template("accounts/forgot.html", name=bodies.printable(name), is_blank=True), 400
    claim = knocking.claim(name)
    is_open = knocking.allows("forgot", claim.key)
    with kit.writing(as_partner=True) as session:
        resets.ask(session, kit.tools(), claim=claim, is_open=is_open)
    return redirect("/password/asked", 303)


@bp.get("/password/asked")
@guards.public
def asked() -> str:
    """What happens next; the same for every name."""
    return render_template("accounts/asked.html")


@bp.get("/password/reset/<token>")
@guards.public
def reset(token: str) -> str:
    """The same page for every token of its kind."""
    return _page(token, {})


@bp.post("/password/reset/<token>")
@guards.public
def reset_posted(token: str) -> Answer:
    """Partners: signs in and shows the new recovery code. Staff: sign in again, with a later code."""
    form = NewPasswordForm.posted()
    if not form.validate():
        return _page(token, form.faults), 400
    is_open = knocking.allows("reset", token_hash(token))
    new_hash = kit.tools().passwords.hash(passwords.canonical(form.password.data))
    finish = _finish_staff if token.startswith(STAFF_MARK) else _finish
    try:
        answer = finish(token, new_hash) if is_open else None
    except Refused:
        answer = None
    return answer or (_page(token, _misfit(token)), 400)


def _finish(token: str, new_hash: str) -> Response | None:
    tools = kit.tools()
    with kit.store().partner.read() as session:
        found = resets.find(session, tools, token=token)
    if not resets.is_match(tools, found, bodies.printable(bodies.first("recovery_code"))) or found is None:
        return None
    return _renew(found, new_hash)


def _renew(found: Reset, new_hash: str) -> Response:
    """Password and recovery code are new; the session that begins shows the code once."""
    tools = kit.tools()
    code = recovery.draw(tools)
    code_hash = tools.passwords.hash(recovery.canonical(code))
    sittings.end_current()
    with kit.writing(as_partner=True) as session:
        cookie = resets.finish(
            session,
            tools,
            reset=found,
            new_hash=new_hash,
            code=code,
            code_hash=code_hash,
            device_hash=sittings.device_hash(),
        )
    return sittings.begin(redirect("/my/account", 303), "partner", cookie)


def _finish_staff(token: str, new_hash: str) -> Response | None:
    tools = kit.tools()
    with kit.store().staff.read() as session:
        found = resets.find_staff(session, tools, token=token)
        if found is None:
            return None
        held = sign_ins.authenticator(session, tools, staff_id=found.by.id)
    given, budget = bodies.printable(bodies.first("code")), Knock(found.by.id, knocking.source())
    step = totp.matching_step(held.secret, given, at=tools.now(), after=held.last_step)
    is_missed = step is None and not staff_codes.is_code(given)
    if is_missed:  # counted with the codes of the second step: a link comes anew whenever it is asked for
        knocking.throttle().note("code", budget)
    if is_missed or not knocking.throttle().is_open("code", budget):
        return None
    with kit.writing(as_partner=False) as session:
        resets.finish_staff(session, tools, reset=found, new_hash=new_hash, step=step, code=given)
    return redirect("/sign-in", 303)


def _code_field(token: str) -> str:
    """Which code the page asks for; none where the practice has known the person by voice."""
    if token.startswith(CALL_MARK):
        return ""
    return "code" if token.startswith(STAFF_MARK) else "recovery_code"


def _misfit(token: str) -> dict[str, str]:
    """What stands on the page where the link, or the code that came with it, does not fit."""
    field = _code_field(token)
    return {field: str(WRONG_CODE)} if field else {"password": str(NOT_NOW)}


def _page(token: str, faults: dict[str, str]) -> str:
    return render_template("accounts/reset.html", token=token, faults=faults, code_field=_code_field(token))
