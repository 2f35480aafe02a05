"""GET/POST /cases/<case>/partners/<slot>/entry: a form entered over the phone or from paper.

Therapists who may open the case, and admins: what was entered is sealed at once and not shown again, so
that an admin who types from paper sees no more than the paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from portal.domain import answers, drafts
from portal.services import case_access, case_names, cases, staff_entries
from portal.services.desks import Desk
from portal.services.errors import BadInput, Conflict, NotFound, NotFresh, OutOfOrder
from portal.services.staff_entries import Opening, Posted
from portal.web import bodies, context, fields, freshness, guards, kit
from portal.web.therapist import bp, entry_form, entry_page

Answer = str | tuple[str, int] | Response

#: Why the form cannot be entered here.
REFUSALS: Mapping[str, Any] = {
    "has_account": _l("This person has an account: the form is theirs to fill in."),
    "begun": _l("A form was begun for this person already."),
    "no_open_entry": _l("There is no open form here any more."),
}


def find(case_id: str, slot: str) -> None:
    """The guard's look: the case is theirs to open, or they are an admin whom no conflict keeps away."""
    by = kit.viewer()
    if slot not in ("a", "b"):
        raise NotFound
    with kit.store().staff.read() as session:
        if by.is_admin:
            cases.require_exists(session, case_id)
            case_access.require_free(session, case_id, by.id)
            return
        cases.require_visible(session, kit.tools(), case_id, by)


@bp.get("/cases/<case_id>/partners/<slot>/entry")
@guards.staff_only(find=find)
def entry(case_id: str, slot: str) -> Answer:
    """The section that stands open; before the first, how the form comes to be entered."""
    return _draw(case_id, slot)


@bp.post("/cases/<case_id>/partners/<slot>/entry")
@guards.staff_only(find=find)
def entry_posted(case_id: str, slot: str) -> Answer:
    """``act``: begin, section or send."""
    act = bodies.first("act")
    deed = {"begin": _begin, "section": _save, "send": _send}.get(act)
    if deed is None:
        return _draw(
            case_id, slot, note=_("This page could not be read. Please press the button again.")
        ), 400
    try:
        deed(case_id, slot)
    except NotFresh as stale:
        return _draw(case_id, slot, {"password": freshness.message(stale)}), 400
    except BadInput as bad:
        return _draw(case_id, slot, {name: _word(reason) for name, reason in bad.faults.items()}), 400
    except Conflict:
        return _draw(case_id, slot, note=_("Something newer was saved meanwhile. Please look again.")), 409
    except OutOfOrder as refused:
        return _draw(case_id, slot, note=str(REFUSALS[refused.reason])), 409
    return redirect(f"/cases/{case_id}/partners/{slot}/entry", 303)


def _word(reason: str) -> str:
    return str(fields.WORDS.get(reason, fields.MISSING))


def _begin(case_id: str, slot: str) -> None:
    form = entry_form.OpeningForm.posted()
    if not form.validate():
        raise BadInput(form.reasons)
    freshness.prove()
    opening = Opening(
        source=form["source"].data, consent_how=form["consent_how"].data, full_name=form["full_name"].data,
        language=form["language"].data, note=form["note"].data or "", contact=form.contact(),
    )  # fmt: skip
    with kit.writing(as_partner=False) as session:
        staff_entries.begin(
            session, kit.tools(), case_id=case_id, slot=slot, opening=opening, by=kit.viewer()
        )


def _save(case_id: str, slot: str) -> None:
    desk = _desk(case_id, slot)
    key, to = bodies.first("section"), bodies.first("to")
    go = drafts.read_go(desk.questionnaire, bodies.first("go"), to)
    if go is None or key not in desk.questionnaire.section_keys:
        abort(400)
    section = desk.questionnaire.section(key)
    cleaned = answers.clean(section, bodies.fields())
    if not cleaned.is_clean:
        raise BadInput(dict(cleaned.faults))
    posted = Posted(section, cleaned, bodies.first("version"), go, to)
    with kit.writing(as_partner=False) as session:
        staff_entries.save(session, kit.tools(), case_id=case_id, slot=slot, posted=posted, by=kit.viewer())


def _desk(case_id: str, slot: str) -> Desk:
    with kit.store().staff.read() as session:
        desk = staff_entries.desk(session, case_id=case_id, slot=slot)
    if desk is None or not desk.is_open:
        raise OutOfOrder("no_open_entry")
    return desk


def _send(case_id: str, slot: str) -> None:
    if not bodies.tick("confirm"):
        raise BadInput({"confirm": "missing"})
    freshness.prove()
    with kit.writing(as_partner=False) as session:
        staff_entries.send(session, kit.tools(), case_id=case_id, slot=slot, by=kit.viewer())


def _draw(case_id: str, slot: str, faults: Mapping[str, str] | None = None, *, note: str = "") -> str:
    with kit.writing(as_partner=False) as session:
        desk = staff_entries.desk(session, case_id=case_id, slot=slot)
        entered = staff_entries.seen(session, kit.tools(), case_id=case_id, by=kit.viewer())
        staff = case_names.of_staff(session, kit.tools())
    found = faults or {}
    return render_template(
        "therapist/entry.html",
        case_id=case_id,
        slot=slot,
        view=next((view for view in entered if view.slot == slot), None),
        staff=staff,
        part=entry_page.part(desk, found) if desk is not None and desk.is_open else None,
        faults=found,
        note=note,
        typed=entry_form.typed(),
        options=entry_form.OPTIONS,
        language=context.locale(),
        back=f"/cases/{case_id}" if kit.viewer().is_therapist else f"/admin/cases/{case_id}",
        asks_password=freshness.is_due() or "password" in found,
    )
