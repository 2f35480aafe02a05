"""Two records that are one person's, or one person's two claimants: staff say by voice whose slot it is.

The record that comes takes the slot. The one that stood there is set apart in a case of its own, whole,
with its account: nobody loses an answer, and nobody can tell from their own pages. Safety findings stay
with the slot as well, because a merge never makes a couple look safer.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Account, CaseFile, Finding, Invitation, Letter, Partner, table_of
from portal.services import audit, conflicts, facts
from portal.services.errors import BadInput, NotFound, OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class _Record:
    """One partner record of a case."""

    partner_id: str
    case_id: str
    slot: str
    has_account: bool


def merge(session: Session, tools: Tools, *, case_id: str, other: str, slot: str, by: Viewer) -> None:
    """Move the one joined person of case ``other`` into ``slot`` of the case; the claim is resolved.

    Raises NotFound for no such case, BadInput for a slot or an ``other`` that cannot be meant, OutOfOrder
    where either case is closed, or ``other`` does not hold exactly one person who joined.
    """
    if slot not in ("a", "b"):
        raise BadInput({"slot": "not_an_option"})
    therapist_id = _open_case(session, case_id)
    coming = _coming(session, case_id, other)
    leaving = next((record for record in _records(session, case_id) if record.slot == slot), None)
    apart = None
    if leaving is not None:
        apart = _set_apart(session, tools, leaving, therapist_id, by)
        conflicts.carry_over(session, tools, of=case_id, to=apart)
        _hand_over(session, tools, leaving, coming, by)
    partner, case = table_of(Partner), table_of(CaseFile)
    move = update(partner).where(partner.c.id == coming.partner_id)
    session.execute(move.values(case_id=case_id, slot=slot))
    session.execute(
        update(case).where(case.c.id == other).values(merged_into_id=case_id, closed_at=tools.now())
    )
    conflicts.carry_over(session, tools, of=other, to=case_id)
    detail = {"other": other, "slot": slot, "set_apart": apart}
    audit.record(session, tools, by=by, verb="case.merged", subject=("case", case_id), detail=detail)
    audit.record(
        session, tools, by=by, verb="case.merged_away", subject=("case", other), detail={"into": case_id}
    )
    said = {"identity_conflict": "no"}
    facts.state(session, tools, case_id=case_id, slot=slot, said=said, note="", by=by)


def _open_case(session: Session, case_id: str) -> str | None:
    """The therapist of a case that is open. Raises NotFound, OutOfOrder."""
    c = table_of(CaseFile).c
    row = session.execute(select(c.therapist_id, c.closed_at).where(c.id == case_id)).one_or_none()
    if row is None:
        raise NotFound
    if row.closed_at is not None:
        raise OutOfOrder("case_closed")
    therapist_id: str | None = row.therapist_id
    return therapist_id


def _coming(session: Session, case_id: str, other: str) -> _Record:
    """The one person who joined in ``other``."""
    if other == case_id:
        raise BadInput({"other": "same_case"})
    try:
        _open_case(session, other)
    except NotFound:
        raise BadInput({"other": "no_such_case"}) from None
    joined = [record for record in _records(session, other) if record.has_account]
    if len(joined) != 1:
        raise OutOfOrder("not_one_person")
    return joined[0]


def _records(session: Session, case_id: str) -> list[_Record]:
    p, a = table_of(Partner).c, table_of(Account).c
    rows = session.execute(
        select(p.id, p.case_id, p.slot, a.id.label("account_id"))
        .join_from(table_of(Partner), table_of(Account), a.partner_id == p.id, isouter=True)
        .where(p.case_id == case_id)
        .order_by(p.slot)
    ).all()
    return [_Record(row.id, row.case_id, row.slot, row.account_id is not None) for row in rows]


def _set_apart(session: Session, tools: Tools, leaving: _Record, therapist_id: str | None, by: Viewer) -> str:
    """A case for the record that leaves: open with a conflict where somebody has its account, else closed."""
    apart, now = tools.new_id(), tools.now()
    row = {
        "id": apart,
        "origin": "set_apart",
        "opened_at": now,
        "waiting_since": now,
        "urgency": 4,
        "therapist_id": therapist_id,
        "merged_into_id": None if leaving.has_account else leaving.case_id,
        "closed_at": None if leaving.has_account else now,
    }
    session.execute(insert(table_of(CaseFile)), [row])
    p = table_of(Partner)
    session.execute(update(p).where(p.c.id == leaving.partner_id).values(case_id=apart))
    detail = {"origin": "set_apart"}
    audit.record(session, tools, by=by, verb="case.opened", subject=("case", apart), detail=detail)
    if leaving.has_account:
        said = {"identity_conflict": "yes"}
        facts.state(session, tools, case_id=apart, slot=leaving.slot, said=said, note="", by=by)
    return apart


def _hand_over(session: Session, tools: Tools, leaving: _Record, coming: _Record, by: Viewer) -> None:
    """What belongs to the slot: its invitations and its findings; letters that wait are refused."""
    invitation, letter = table_of(Invitation), table_of(Letter)
    session.execute(
        update(invitation)
        .where(invitation.c.partner_id == leaving.partner_id)
        .values(partner_id=coming.partner_id)
    )
    session.execute(
        update(letter)
        .where(letter.c.partner_id == leaving.partner_id, letter.c.state == "waiting")
        .values(state="refused", decided_by=by.id, decided_at=tools.now())
    )
    _copy_findings(session, tools, leaving, coming)


def _copy_findings(session: Session, tools: Tools, leaving: _Record, coming: _Record) -> None:
    """Findings stay with the slot too, latched: one that could still be corrected counts from now on."""
    table = table_of(Finding)
    rows = session.execute(
        select(table).where(table.c.partner_id == leaving.partner_id, table.c.state != "corrected")
    ).all()
    copies = []
    for row in rows:
        row_id = tools.new_id()
        body = tools.vault.unbox("staff", Place("finding", "body_box", row.id), row.body_box)
        copies.append(
            {
                **row._mapping,
                "id": row_id,
                "partner_id": coming.partner_id,
                "state": "latched",
                "body_box": tools.vault.box("staff", Place("finding", "body_box", row_id), body),
                "settled_at": row.settled_at or tools.now(),
            }
        )
    if copies:
        session.execute(insert(table), copies)
