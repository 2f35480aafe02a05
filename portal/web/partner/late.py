"""What is posted after the session has run out: kept unseen, and offered at the next sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import make_response

from portal.domain import answers
from portal.domain.access import Viewer
from portal.services import desks, late_texts, partner_pages
from portal.services.late_texts import LetterKind
from portal.web import bodies, kit
from portal.web.partner import bp, home
from portal.web.partner.desk import note_unexpected, own, see
from portal.web.partner.forms import LateForm, LetterForm

Row = Mapping[str, Any]


def section(token: str) -> bool:
    """Keep a section, as far as it is clean."""
    tools, fields = kit.tools(), bodies.fields()
    with kit.store().partner.read() as session:
        by = late_texts.find_author(session, tools, token)
        desk = None if by is None else desks.find(session, by=by)
    asked = None if desk is None else desk.section(bodies.first("section"))
    if by is None or desk is None or asked is None:
        return False
    row = late_texts.of_section(tools, desk, asked, answers.clean(asked, fields))
    return row is not None and _keep(row, by)


def message(token: str) -> bool:
    """Keep a message to the practice."""
    return _letter("message", token)


def addition(token: str) -> bool:
    """Keep something to add, where a form was sent."""
    return _letter("addition", token)


def _letter(kind: LetterKind, token: str) -> bool:
    tools, form = kit.tools(), LetterForm.posted()
    with kit.store().partner.read() as session:
        by = late_texts.find_author(session, tools, token)
        is_due = by is not None and (kind == "message" or partner_pages.sent_at(session, by=by) is not None)
    if by is None or not is_due or not form.validate():
        return False
    return _keep(late_texts.of_letter(tools, kind, form.data_of("text")["text"]), by)


def _keep(row: Row, by: Viewer) -> bool:
    with kit.store().partner.write() as session:
        return late_texts.keep(session, kit.tools(), row=row, by=by)


@bp.post("/my/late")
@own
def settle_late() -> Any:
    """Take over what arrived late, or throw it away; nothing of it is shown either way."""
    note_unexpected(LateForm.names())
    form = LateForm.posted()
    if not form.validate():
        return make_response(home.draw(), 400)
    with kit.writing(as_partner=True) as session:
        late_texts.settle(session, kit.tools(), takes=form.choice.data == "take", by=kit.viewer())
    kit.note_touch()
    return see("/my")
