"""The own account: the card, password, language, ending every session; and the page about leaving."""

from __future__ import annotations

from flask import abort, redirect, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.domain.lifecycle import next_step
from portal.services import accounts, departures, passwords, way_in
from portal.services.errors import Conflict
from portal.web import bodies, guards, kit, sittings, steps
from portal.web.accounts import bp
from portal.web.accounts.forms import AccountForm, LeavingForm, NewPasswordForm
from portal.web.accounts.signing_in import is_own_password

Answer = str | tuple[str, int] | Response


@bp.get("/my/account")
@guards.partner_only()
def account() -> str:
    """The card while it is not kept; then what can be changed."""
    return _page({})


@bp.post("/my/account")
@guards.partner_only()
def account_posted() -> Answer:
    """One thing at a time or several: kept, password, language, sign out everywhere."""
    form = AccountForm.posted()
    form.validate()
    wants_password = bool(bodies.first("password") or bodies.first("current_password"))
    faults = form.faults | (_password_faults() if wants_password else {})
    if faults:
        return _page(faults), 400
    new_hash = _new_hash() if wants_password else None
    is_everywhere = form.sign_out_everywhere.data == "yes"
    try:
        _write(new_hash, form, is_everywhere=is_everywhere)
    except Conflict:
        abort(401)
    if is_everywhere:
        response = redirect("/", 303)
        sittings.forget(response)
        return response
    return redirect(_next() if form.kept.data == "yes" else "/my/account", 303)


def _write(new_hash: str | None, form: AccountForm, *, is_everywhere: bool) -> None:
    by, tools = kit.viewer(), kit.tools()
    with kit.writing(as_partner=True) as session:
        if new_hash is not None:
            accounts.change_password(session, tools, new_hash=new_hash, by=by)
        if form.language.data:
            accounts.set_language(session, tools, language=form.language.data, by=by)
        if form.kept.data == "yes":
            accounts.keep(session, tools, by=by)
        if is_everywhere:
            departures.end_everywhere(session, tools, by=by)


def _password_faults() -> dict[str, str]:
    """What is wrong with the pair; the new password is looked at first, because that costs nothing."""
    form = NewPasswordForm.posted()
    if not form.validate():
        return form.faults
    if not is_own_password(kit.viewer(), bodies.printable(bodies.first("current_password"))):
        return {"current_password": _("This is not your current password.")}
    return {}


def _new_hash() -> str:
    return kit.tools().passwords.hash(passwords.canonical(bodies.first("password")))


def _page(faults: dict[str, str]) -> str:
    by = kit.viewer()
    with kit.store().partner.read() as session:
        card = accounts.card(session, kit.tools(), by=by)
    return render_template("accounts/account.html", card=card, faults=faults)


def _next() -> str:
    """Address of the own next step; home again where every step is done."""
    with kit.store().partner.read() as session:
        return steps.PATHS[next_step(way_in.progress(session, by=kit.viewer()))]


@bp.get("/my/leaving")
@guards.partner_only()
def leaving() -> Answer:
    """What quick exit can and cannot do; opens once name and code are kept."""
    if _next() == "/my/account":
        return redirect("/my/account", 303)
    return render_template("accounts/leaving.html", faults={})


@bp.post("/my/leaving")
@guards.partner_only()
def leaving_posted() -> Answer:
    """Read; on to the next step."""
    if _next() == "/my/account":
        return redirect("/my/account", 303)
    form = LeavingForm.posted()
    if not form.validate():
        return render_template("accounts/leaving.html", faults=form.faults), 400
    with kit.writing(as_partner=True) as session:
        accounts.see_leaving(session, kit.tools(), by=kit.viewer())
    return redirect(_next(), 303)
