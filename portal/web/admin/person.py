"""One person of the staff: roles, what they offer, absences with cover, their cases."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from portal.domain import staffing
from portal.services import absences, handovers, people, set_ups, staff_profiles
from portal.services.errors import BadInput, NotFresh
from portal.services.handovers import Move
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp, staff_words, words

Answer = str | tuple[str, int] | Response

_TEXTS = ("places", "away_from", "away_until", "cover", "to")


def exists(staff_id: str) -> None:
    """The guard's look: raises NotFound unless there is such a staff account."""
    with kit.store().staff.read() as session:
        people.find(session, kit.tools(), staff_id)


@bp.get("/admin/people/<staff_id>")
@guards.admin_only(find=exists)
def person(staff_id: str) -> str:
    """Everything an admin may set for one person."""
    return draw(staff_id)


@bp.post("/admin/people/<staff_id>/profile")
@guards.admin_only(find=exists)
def profile_posted(staff_id: str) -> Answer:
    """Trainings, languages, formats, hours, open places."""
    given = {
        name: held
        for name in (*staff_profiles.CHOICES, "places")
        if (held := bodies.values(name)) is not None
    }
    try:
        staff_profiles.checked(given)
        freshness.prove()
        with kit.writing(as_partner=False) as session:
            staff_profiles.change(session, kit.tools(), staff_id=staff_id, given=given, by=kit.viewer())
    except BadInput as refused:
        return draw(staff_id, words.faults(refused.faults), act="profile"), 400
    except NotFresh as refused:
        return draw(staff_id, words.password_fault(refused), act="profile"), 400
    return _see(staff_id)


@bp.post("/admin/people/<staff_id>/absences")
@guards.admin_only(find=exists)
def absence_posted(staff_id: str) -> Answer:
    """Somebody is away, and a colleague covers; ``absence`` ends one instead."""
    ended = bodies.printable(bodies.first("absence"))
    typed = {name: bodies.printable(bodies.first(name)) for name in ("away_from", "away_until", "cover")}
    try:
        freshness.prove()
        with kit.writing(as_partner=False) as session:
            if ended:
                absences.end(session, kit.tools(), staff_id=staff_id, absence_id=ended, by=kit.viewer())
            else:
                absences.add(
                    session, kit.tools(), staff_id=staff_id, first=typed["away_from"],
                    last=typed["away_until"], cover=typed["cover"], by=kit.viewer(),
                )  # fmt: skip
    except BadInput as refused:
        return draw(staff_id, words.faults(refused.faults), act="absence"), 400
    except NotFresh as refused:
        return draw(staff_id, words.password_fault(refused), act="absence"), 400
    return _see(staff_id)


@bp.post("/admin/people/<staff_id>/cases")
@guards.admin_only(find=exists)
def cases_posted(staff_id: str) -> Answer:
    """Looks first what moving these cases would do; ``confirm`` moves them."""
    chosen = [bodies.printable(text) for text in bodies.values("case") or []]
    to, is_sure = bodies.printable(bodies.first("to")), False
    try:
        is_sure = bodies.tick("confirm")
        if is_sure:
            freshness.prove()
            with kit.writing(as_partner=False) as session:
                handovers.reassign(
                    session, kit.tools(), staff_id=staff_id, chosen=chosen, to=to, by=kit.viewer()
                )
            return _see(staff_id)
        return draw(staff_id, moves=_preview(staff_id, chosen, to))
    except BadInput as refused:
        return draw(staff_id, words.faults(refused.faults), act="cases"), 400
    except NotFresh as refused:
        moves = _preview(staff_id, chosen, to)
        return draw(staff_id, words.password_fault(refused), act="cases", moves=moves), 400


def _preview(staff_id: str, chosen: list[str], to: str) -> tuple[Move, ...]:
    with kit.store().staff.read() as session:
        return handovers.preview(session, kit.tools(), staff_id=staff_id, chosen=chosen, to=to)


def _see(staff_id: str) -> Response:
    return redirect(f"/admin/people/{staff_id}", 303)


def draw(
    staff_id: str,
    faults: dict[str, str] | None = None,
    *,
    act: str = "",
    moves: tuple[Move, ...] = (),
) -> str:
    """The page; ``faults``: what was wrong with the form of ``act``; ``moves``: a handover to confirm."""
    tools, found = kit.tools(), faults or {}
    with kit.writing(as_partner=False) as session:
        staff = people.everyone(session, tools)
        profile = staff_profiles.all_profiles(session, tools).get(staff_id, staffing.Profile())
        away = [view for view in absences.coming(session, tools) if view.staff_id == staff_id]
        held = handovers.cases_seen(session, tools, staff_id=staff_id, by=kit.viewer())
    return render_template(
        "admin/staff_member.html",
        member=next((member for member in staff if member.id == staff_id), None),
        staff={member.id: member.full_name for member in staff},
        colleagues=_colleagues(staff, staff_id),
        offered=staff_words.offered(profile, _chosen() if act == "profile" else {}),
        load=len(held),
        away=away,
        held=held,
        chosen=bodies.values("case") or [],
        moves=moves,
        faults=found,
        summary=words.summary(found),
        act=act,
        typed={name: bodies.printable(bodies.first(name)) for name in _TEXTS},
        asks_password=freshness.is_due() or "password" in found,
        role_words=words.ROLES,
        role_keys=set_ups.ROLES[::-1],
    )


def _chosen() -> dict[str, list[str]]:
    return {
        name: [bodies.printable(text) for text in held]
        for name in (*staff_profiles.CHOICES, "places")
        if (held := bodies.values(name)) is not None
    }


def _colleagues(staff: tuple[people.StaffMember, ...], staff_id: str) -> list[tuple[str, str]]:
    """(id, name) of everybody else who may be given a case."""
    return [
        (member.id, member.full_name)
        for member in staff
        if "therapist" in member.roles and not member.is_disabled and member.id != staff_id
    ]
