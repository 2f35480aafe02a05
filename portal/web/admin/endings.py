"""How a case ends: closed, opened again, held, erased."""

from __future__ import annotations

from flask import redirect

from portal.domain.answers import canonical_text
from portal.services import cases, closings, erasures, retention
from portal.services.errors import BadInput, NotFresh, OutOfOrder
from portal.web import bodies, freshness, guards, kit
from portal.web.admin import bp, words
from portal.web.admin.cases import Answer, acted, draw, exists

#: No note is longer (as in the therapists' forms).
_NOTE_LIMIT = 20_000


@bp.post("/admin/cases/<case>/closing")
@guards.admin_only(find=exists)
def closing_posted(case: str) -> Answer:
    """Closes the case for a coded reason, with a note."""

    def close() -> None:
        reason, note = bodies.first("reason"), _note()
        with kit.writing(as_partner=False) as session:
            closings.close(
                session, kit.tools(), case_id=case, reason=reason, note=note, by=kit.viewer(), is_blind=True
            )

    return acted(case, close, field="reason")


@bp.post("/admin/cases/<case>/reopening")
@guards.admin_only(find=exists)
def reopening_posted(case: str) -> Answer:
    """Opens a closed case again."""

    def reopen() -> None:
        with kit.writing(as_partner=False) as session:
            closings.reopen(session, kit.tools(), case_id=case, note="", by=kit.viewer())

    return acted(case, reopen, field="reopen")


@bp.post("/admin/cases/<case>/hold")
@guards.admin_only(find=exists)
def hold_posted(case: str) -> Answer:
    """Puts a legal hold on the case, or lifts it."""
    decision = bodies.first("decision")
    try:
        if decision not in ("hold", "lift"):
            raise BadInput({"hold": "not_an_option"})
        freshness.prove()
        with kit.writing(as_partner=False) as session:
            is_held = decision == "hold"
            retention.hold(session, kit.tools(), case_id=case, is_held=is_held, by=kit.viewer())
    except NotFresh as refused:
        return draw(case, {"hold_password": freshness.message(refused)}), 400
    except BadInput as refused:
        return draw(case, words.faults(refused.faults)), 400
    return redirect(f"/admin/cases/{case}", 303)


@bp.post("/admin/cases/<case>/erasure")
@guards.admin_only(find=exists)
def erasure_posted(case: str) -> Answer:
    """Erases one person of the case or all of it; asks for the password however fresh the sign-in is."""
    slot, reason = bodies.first("erase_slot"), bodies.first("erase_reason")
    try:
        _require_erasable(slot, reason)
        freshness.prove(always=True)
        is_there = _erase(case, slot, reason)
    except NotFresh as refused:
        return draw(case, {"erase_password": freshness.message(refused)}), 400
    except BadInput as refused:
        return draw(case, words.faults(refused.faults)), 400
    except OutOfOrder as refused:
        return draw(case, words.faults({"erase_slot": refused.reason})), 409
    return redirect(f"/admin/cases/{case}" if is_there else "/admin/cases", 303)


def _require_erasable(slot: str, reason: str) -> None:
    """Raise BadInput with every fault of the body."""
    faults = {} if slot in ("a", "b", "both") else {"erase_slot": "not_an_option"}
    if reason not in erasures.REASONS:
        faults["erase_reason"] = "not_an_option"
    if bodies.first("confirm") != "yes":
        faults["confirm"] = "not_confirmed"
    if faults:
        raise BadInput(faults)


def _erase(case: str, slot: str, reason: str) -> bool:
    """Carry it out; whether anything of the case is left."""
    tools, by = kit.tools(), kit.viewer()
    with kit.writing(as_partner=False) as session:
        if slot == "both":
            erasures.erase_case(session, tools, case_id=case, by=by, reason=reason)
            return False
        try:
            partner_id = cases.partner_in(session, case, slot)
        except BadInput as nobody:
            raise BadInput({"erase_slot": nobody.faults["slot"]}) from None
        return erasures.erase_person(session, tools, partner_id=partner_id, by=by, reason=reason)


def _note() -> str:
    """The note, clean. Raises BadInput."""
    try:
        clean = canonical_text(bodies.first("note"))
    except ValueError:
        raise BadInput({"note": "bad_characters"}) from None
    if len(clean) > _NOTE_LIMIT:
        raise BadInput({"note": "too_long"})
    return clean
