"""/my/message and /my/add: words to the practice. Write-only: sealed, and never shown again."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template

from portal.services import desks, partner_pages, statements
from portal.services.statements import Kind
from portal.web import guards, kit
from portal.web.partner import bp, late
from portal.web.partner.desk import next_page, note_unexpected, own, see
from portal.web.partner.forms import LetterForm, SmallForm


@bp.get("/my/message")
@own
def message() -> Any:
    """A message to the practice."""
    return _page("message", LetterForm(), {})


@bp.post("/my/message")
@guards.partner_only(find_seat=desks.find_seat_for_page, keep_late=late.message)
def write_message() -> Any:
    """Keep it, sealed."""
    return _write("message")


@bp.get("/my/add")
@own
def add() -> Any:
    """Something to add to a form that was sent."""
    return _page("addition", LetterForm(), {}) if _has_sent() else see(next_page())


@bp.post("/my/add")
@guards.partner_only(find_seat=desks.find_seat_for_page, keep_late=late.addition)
def write_addition() -> Any:
    """Keep it, sealed."""
    return _write("addition") if _has_sent() else see(next_page())


def _has_sent() -> bool:
    with kit.store().partner.read() as session:
        return partner_pages.sent_at(session, by=kit.viewer()) is not None


def _write(kind: Kind) -> Any:
    note_unexpected(LetterForm.names())
    form = LetterForm.posted()
    if not form.validate():
        return make_response(_page(kind, form, form.faults), 400)
    with kit.writing(as_partner=True) as session:
        statements.state(session, kit.tools(), kind=kind, body=form.data_of("text"), by=kit.viewer())
    return see("/my/message" if kind == "message" else "/my/add")


def _page(kind: Kind, form: SmallForm, faults: dict[str, str]) -> str:
    with kit.store().partner.read() as session:
        said_at = statements.last_said(session, by=kit.viewer()).get(kind)
    return render_template("partner/letter.html", kind=kind, form=form, faults=faults, said_at=said_at)
