"""Asking a partner to fill in the form again, in neutral words: refresh, repeat, missing."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.content import letters
from portal.domain.access import Viewer
from portal.domain.prerequisites import NOT_APPROACHED
from portal.services import audit, cases, intakes, notice_board, persons
from portal.services.errors import OutOfOrder
from portal.services.tools import Tools


def send(session: Session, tools: Tools, *, case_id: str, slot: str, kind: str, by: Viewer) -> None:
    """Open a new round for this partner and tell them so on their page; no mail goes out.

    Raises BadInput where the slot is empty, OutOfOrder where the person must not be approached, or has
    not sent the round before.
    """
    partner_id = cases.partner_in(session, case_id, slot)
    people = persons.people(session, tools, case_id)
    person = next(person for person in people if person.partner_id == partner_id)
    if person.participation in NOT_APPROACHED:
        raise OutOfOrder("contact_blocked")
    whole_id = person.whole.id if person.whole else None
    intakes.open_round(session, tools, partner_id=partner_id, kind=kind, whole_id=whole_id, by=by)
    title, text = letters.load().requests[kind].render(person.language)
    body = {"title": title, "text": text}
    notice_board.pin(session, tools, partner_id=partner_id, kind="request", body=body)
    detail = {"slot": slot, "kind": kind}
    audit.record(session, tools, by=by, verb="request.sent", subject=("case", case_id), detail=detail)
