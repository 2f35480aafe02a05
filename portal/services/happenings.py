"""What follows from a partner's act, done by the worker: merging, screening, routing, telling staff.

Every writing function is short and may run twice without harm: a worker can be killed between doing and
noting. What needs opening is read first, outside any writing transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.couple import Slot, other
from portal.models import Account, AnswerSet, CaseFile, Invitation, Partner, Statement, table_of
from portal.services import alerts, audit, cases, closings, openings
from portal.services.screening import Screened
from portal.services.tools import Tools
from portal.vault import Place

#: Statements that staff should hear of soon, in the same neutral words as everything else.
_TELLING: Final = frozenset(
    {"message", "addition", "withdrawal", "not_now", "second_not_now", "appointment_answer"}
)


def merged_answers(session: Session, tools: Tools, *, intake_id: str) -> tuple[str, bytes] | None:
    """Id and sealed blob of all answers of a sent intake; None once they are kept. Reads only.

    A sent intake takes no more saves, so what is read here cannot go stale.
    """
    c = table_of(AnswerSet).c
    if session.scalar(select(c.id).where(c.intake_id == intake_id)) is not None:
        return None
    merged = openings.merge(openings.entries(session, tools, intake_id))
    row_id = tools.new_id()
    text = json.dumps(merged, ensure_ascii=False, sort_keys=True)
    return row_id, tools.vault.seal(Place("answer_set", "body_sealed", row_id), text)


def keep_merged(session: Session, tools: Tools, *, intake_id: str, merged: tuple[str, bytes] | None) -> None:
    """Keep the blob. Raises IntegrityError if another worker was quicker; the job is then tried again."""
    if merged is not None:
        row = {"id": merged[0], "intake_id": intake_id, "body_sealed": merged[1], "made_at": tools.now()}
        session.execute(insert(table_of(AnswerSet)), [row])


def tell_of_findings(session: Session, tools: Tools, screened: Screened, *, by: Viewer) -> None:
    """Tell the on-call contact and the therapists at once of a new dangerous finding.

    Any new finding opens a closed case again.
    """
    if screened.tiers:
        closings.wake(session, tools, case_id=screened.case_id, cause="finding", by=by)
    if screened.tiers & alerts.ON_CALL_TIERS:
        alerts.tell_staff(session, tools, case_id=screened.case_id, is_urgent=True)


def tell_of_lost_save(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> None:
    """Something new was saved that nobody can open: it may tell anything, so a closed case opens again."""
    closings.wake(session, tools, case_id=case_id, cause="said", by=by)


def tell_of_sending(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> None:
    """Tell the therapists of a new intake, in the same neutral words as everything else.

    A closed case opens again.
    """
    closings.wake(session, tools, case_id=case_id, cause="sent", by=by)
    alerts.tell_staff(session, tools, case_id=case_id, is_urgent=False)


def tell_of_statement(session: Session, tools: Tools, *, case_id: str, kind: str, by: Viewer) -> None:
    """Tell the therapists of a message, an addition, a withdrawal; a closed case opens again."""
    if kind in _TELLING:
        closings.wake(session, tools, case_id=case_id, cause="said", by=by)
        alerts.tell_staff(session, tools, case_id=case_id, is_urgent=False)


@dataclass(frozen=True)
class Said:
    """Whose statement it was: what the worker needs to go on."""

    case_id: str
    kind: str


def statement_made(session: Session, tools: Tools, *, statement_id: str, by: Viewer) -> Said:
    """Act on what a partner said outside the form: a wish to invite is held, the other has a record."""
    s, p = table_of(Statement).c, table_of(Partner).c
    row = session.execute(
        select(s.kind, s.partner_id, p.case_id, p.slot)
        .join_from(table_of(Statement), table_of(Partner), s.partner_id == p.id)
        .where(s.id == statement_id)
    ).one()
    if row.kind == "partner_choice":
        newest = openings.statements(session, tools, [row.partner_id], [row.kind])[row.partner_id][-1]
        if newest.body.get("choice") == "invite":
            _hold_invitation(session, tools, case_id=row.case_id, slot=row.slot, body=newest.body, by=by)
        else:
            # Nobody may have invited the other yet; "will not join" must still stand for somebody.
            cases.place_in(session, tools, case_id=row.case_id, slot=other(row.slot))
    return Said(case_id=row.case_id, kind=row.kind)


def _hold_invitation(
    session: Session, tools: Tools, *, case_id: str, slot: Slot, body: dict[str, Any], by: Viewer
) -> None:
    """Keep a partner's wish to invite the other; staff release it or not (clinical.md §4, "Inviting").

    A wish told anew replaces the one that is held: the first address may have been a slip.
    """
    partner_id = cases.place_in(session, tools, case_id=case_id, slot=other(slot))
    table = table_of(Invitation)
    held = session.scalar(
        select(table.c.id).where(table.c.partner_id == partner_id, table.c.state == "held").limit(1)
    )
    row_id = held or tools.new_id()
    place = Place("invitation", "address_sealed", row_id)
    told = {
        "channel": body.get("channel", "email"),
        "address_sealed": tools.vault.seal(place, body.get("address", "")),
    }
    if held is not None:
        session.execute(update(table).where(table.c.id == held).values(**told))
        return
    row = {"id": row_id, "partner_id": partner_id, "state": "held", "created_at": tools.now(), **told}
    session.execute(insert(table), [row])
    audit.record(session, tools, by=by, verb="invitation.held", subject=("case", case_id))


def case_of_account(session: Session, account_id: str) -> str:
    """The case of somebody who joined; staff hear of it in the caseload, not by mail."""
    a, p = table_of(Account).c, table_of(Partner).c
    found = session.execute(
        select(p.case_id)
        .join_from(table_of(Account), table_of(Partner), a.partner_id == p.id)
        .where(a.id == account_id)
    )
    return str(found.scalar_one())


def claimed_case(session: Session, case_id: str) -> str | None:
    """The case whose invitation this record also claims."""
    f, i, p = table_of(CaseFile).c, table_of(Invitation).c, table_of(Partner).c
    found: str | None = session.scalar(
        select(p.case_id)
        .join_from(table_of(CaseFile), table_of(Invitation), f.claims_invitation_id == i.id)
        .join(table_of(Partner), i.partner_id == p.id)
        .where(f.id == case_id)
    )
    return found
