"""People with roles: made, changed, disabled, sent a reset."""

from __future__ import annotations

from flask import make_response, redirect, render_template
from werkzeug.wrappers import Response

from portal.services import people, renewals, set_ups, staff_profiles
from portal.services.errors import BadInput, Conflict, NotFound, NotFresh
from portal.web import bodies, freshness, guards, kit, once
from portal.web.admin import bp, staff_words, words

Answer = str | tuple[str, int] | Response


def _exists(staff_id: str) -> None:
    with kit.store().staff.read() as session:
        people.find(session, kit.tools(), staff_id)


@bp.get("/admin/people")
@guards.admin_only()
def everyone() -> Response:
    """All staff; a link that was just made is shown this once."""
    return once.drop(make_response(_page({}, {})))


@bp.post("/admin/people")
@guards.admin_only()
def everyone_posted() -> Answer:
    """A new account: its link goes out by mail and is shown once."""
    email, name, roles = bodies.first("email"), bodies.first("full_name"), _roles()
    try:
        freshness.prove()
        with kit.writing(as_partner=False) as session:
            made = people.create(
                session, kit.tools(), email=email, full_name=name, roles=roles or (), by=kit.viewer()
            )
    except NotFresh as refused:
        return _refused(words.password_fault(refused))
    except BadInput as refused:
        return _refused(words.faults(refused.faults))
    except Conflict as refused:
        return _refused(words.faults({"email": refused.reason}))
    return once.put(redirect("/admin/people", 303), "link", made.link)


@bp.post("/admin/people/<staff_id>")
@guards.admin_only(find=_exists)
def person_posted(staff_id: str) -> Answer:
    """Roles, and whether the account is disabled."""
    try:
        freshness.prove()
        with kit.writing(as_partner=False) as session:
            people.change(
                session,
                kit.tools(),
                staff_id=staff_id,
                roles=_roles(),
                disabled=bodies.tick("disabled"),
                by=kit.viewer(),
            )
    except NotFresh as refused:
        return _refused_for(staff_id, words.password_fault(refused))
    except BadInput as refused:
        return _refused_for(staff_id, words.faults(refused.faults))
    return redirect("/admin/people", 303)


@bp.post("/admin/people/<staff_id>/reset")
@guards.admin_only(find=_exists)
def reset_posted(staff_id: str) -> Answer:
    """Has a reset link mailed to its owner; ``authenticator``: telephone and codes are lost as well."""
    try:
        if bodies.tick("authenticator"):
            return _renew(staff_id)
        freshness.prove()
    except NotFresh as refused:
        return _refused_for(staff_id, words.password_fault(refused), wants_reset=True)
    except BadInput as refused:
        return _refused_for(staff_id, words.faults(refused.faults), wants_reset=True)
    with kit.writing(as_partner=False) as session:
        link = people.start_reset(session, kit.tools(), staff_id=staff_id, by=kit.viewer())
    response = redirect("/admin/people", 303)
    return response if link is None else once.put(response, "link", link)


def _renew(staff_id: str) -> Response:
    """The old sign-in is dead; shows, once, the code to be said. Asks for the password always."""
    freshness.prove(always=True)
    try:
        with kit.writing(as_partner=False) as session:
            code = renewals.begin(session, kit.tools(), staff_id=staff_id, by=kit.viewer())
    except NotFound:
        raise BadInput({"authenticator": "nobody_to_renew"}) from None
    return once.put(redirect("/admin/people", 303), "spoken", code)


def _roles() -> list[str] | None:
    """The roles that were posted; None where the form did not speak of roles at all."""
    given = bodies.values("roles")
    return None if given is None else [role for role in given if role]


def _refused(faults: dict[str, str]) -> Answer:
    typed = {name: bodies.printable(bodies.first(name)) for name in ("email", "full_name")}
    return _page(faults, {**typed, "roles": _roles() or []}), 400


def _refused_for(staff_id: str, faults: dict[str, str], *, wants_reset: bool = False) -> Answer:
    """One person alone, with what was chosen and what is wrong with it."""
    with kit.store().staff.read() as session:
        member = people.find(session, kit.tools(), staff_id)
    roles = _roles()
    page = render_template(
        "admin/person.html",
        member=member,
        faults=faults,
        summary=words.summary(faults),
        wants_reset=wants_reset,
        wants_renewal=wants_reset and bodies.first("authenticator") == "yes",
        roles=member.roles if roles is None else roles,
        disabled=bodies.first("disabled") == "yes",
        role_words=words.ROLES,
    )
    return page, 400


def _page(faults: dict[str, str], typed: dict[str, object]) -> str:
    with kit.store().staff.read() as session:
        members = people.everyone(session, kit.tools())
        profiles = staff_profiles.all_profiles(session, kit.tools())
        loads = staff_profiles.loads(session)
    return render_template(
        "admin/people.html",
        members=members,
        work={one.id: staff_words.work(one, profiles[one.id], loads.get(one.id, 0)) for one in members},
        link=once.carried("link"),
        spoken=once.carried("spoken"),
        faults=faults,
        summary=words.summary(faults),
        typed=typed,
        asks_password=freshness.is_due(),
        role_words=words.ROLES,
        role_keys=set_ups.ROLES[::-1],
    )
