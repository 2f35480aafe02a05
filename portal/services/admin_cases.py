"""Cases as an admin sees them: who was invited, joined, sent, and who the therapist is.

Scheduling state only. Nothing here opens an answer, a finding, a recommendation or a review, and no count
or order depends on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import (
    Account,
    CaseFile,
    Intake,
    Invitation,
    Mail,
    Partner,
    StaffAccount,
    UtcDateTime,
    table_of,
)
from portal.services import (
    audit,
    case_access,
    case_states,
    invitations,
    mails,
    people,
    rule_walks,
    set_ups,
    staff_letters,
)
from portal.services.case_states import CaseState
from portal.services.errors import BadInput, NotFound, OutOfOrder
from portal.services.mails import Undelivered
from portal.services.staff_letters import WaitingLetter
from portal.services.tools import Tools

PAGE: Final = 50
#: So many are counted, and no more: a page that counts a million takes as long as that.
COUNTED: Final = 1_000


@dataclass(frozen=True)
class Desk:
    """What waits for an admin, and how many people stand where. Counts are of open cases.

    One more than ``COUNTED`` stands for more; ``invited``, ``joined`` and ``sent`` are of the ``COUNTED``
    cases opened last.

    ``stuck_mails``: not sent after a try or more, or given up, while their text is kept; ``undelivered``:
    the newest of them. Alerts are mail too, so somebody must see it. ``is_routing_anew``: settings were
    changed that the rules read, and some open case is still to be routed by them.
    """

    letters: tuple[WaitingLetter, ...]
    unassigned: tuple[CaseState, ...]
    claims: tuple[CaseState, ...]
    cases: int
    without_therapist: int
    held_invitations: int
    invited: int
    joined: int
    sent: int
    not_set_up: int
    stuck_mails: int
    is_routing_anew: bool
    undelivered: tuple[Undelivered, ...]


def open_case(
    session: Session,
    tools: Tools,
    *,
    email_a: str,
    email_b: str = "",
    therapist: str = "",
    language: str = "en",
    by: Viewer,
) -> str:
    """Open a case for one or two people and invite them; returns its id.

    ``therapist``: a staff e-mail, or empty for nobody yet. Raises BadInput with a reason for each field.
    """
    invited = {"a": email_a.strip(), "b": email_b.strip()}
    faults = {f"email_{slot}": "bad_email" for slot, to in invited.items() if to and not set_ups.is_email(to)}
    if not invited["a"]:
        faults["email_a"] = "missing"
    therapist_id = _therapist(session, tools, therapist, faults)
    if faults:
        raise BadInput(faults)
    case_id, now = tools.new_id(), tools.now()
    row = {
        "id": case_id,
        "origin": "practice",
        "opened_at": now,
        "waiting_since": now,
        "urgency": 4,
        "therapist_id": therapist_id,
    }
    session.execute(insert(table_of(CaseFile)), [row])
    detail = {"origin": "practice", "therapist": therapist_id}
    audit.record(session, tools, by=by, verb="case.opened", subject=("case", case_id), detail=detail)
    for slot, address in invited.items():
        if address:
            invitations.send(
                session, tools, case_id=case_id, slot=slot, channel="email", address=address,
                language=language, by=by,
            )  # fmt: skip
    return case_id


def _therapist(session: Session, tools: Tools, email: str, faults: dict[str, str]) -> str | None:
    if not email.strip():
        return None
    try:
        return people.therapist_by_email(session, tools, email)
    except BadInput as error:
        faults |= error.faults
        return None


def assign(session: Session, tools: Tools, *, case_id: str, therapist: str, by: Viewer) -> None:
    """Give a case to the therapist with this e-mail, or to nobody (empty).

    Raises NotFound, BadInput for no such therapist or one with a conflict of interest, OutOfOrder for a case
    that was merged away.
    """
    table = table_of(CaseFile)
    row = session.execute(
        select(table.c.id, table.c.merged_into_id).where(table.c.id == case_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.merged_into_id is not None:
        raise OutOfOrder("merged")
    faults: dict[str, str] = {}
    therapist_id = _therapist(session, tools, therapist, faults)
    if therapist_id in case_access.barred(session, case_id):
        faults["therapist"] = "conflict"
    if faults:
        raise BadInput(faults)
    session.execute(update(table).where(table.c.id == case_id).values(therapist_id=therapist_id))
    verb = "case.unassigned" if therapist_id is None else "case.assigned"
    detail = {"therapist": therapist_id}
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id), detail=detail)


def view(session: Session, tools: Tools, *, case_id: str, by: Viewer) -> CaseState:
    """One case, and the event that its scheduling state was looked at. Raises NotFound."""
    found = case_states.of_cases(
        session, tools, case_states.select_cases().where(table_of(CaseFile).c.id == case_id)
    )
    if not found:
        raise NotFound
    audit.record(session, tools, by=by, verb="case.scheduling_viewed", subject=("case", case_id))
    return found[0]


def beside(session: Session, tools: Tools, *, state: CaseState) -> tuple[CaseState, ...]:
    """The records that may be the same person's: who claims a place here, and whose place this one claims.

    Looked at together with ``state``, so that staff can tell them apart; no event of its own.
    """
    ids = [*state.claimed_by, *([state.claims] if state.claims else [])]
    c = table_of(CaseFile).c
    return case_states.of_cases(
        session, tools, case_states.select_cases().where(c.id.in_(ids)).order_by(c.opened_at, c.id)
    )


def page(
    session: Session, tools: Tools, *, by: Viewer, before: tuple[datetime, str] | None = None
) -> tuple[CaseState, ...]:
    """The next ``PAGE`` open cases, newest first, after the one opened at ``before`` (time, id).

    Writes the event that they were looked at. A constant number of statements.
    """
    c = table_of(CaseFile).c
    wanted = (
        case_states.select_cases()
        .where(c.closed_at.is_(None))
        .order_by(c.opened_at.desc(), c.id.desc())
        .limit(PAGE)
    )
    if before is not None:
        at, after_id = before
        # Told as one comparison, a page far back begins where it begins and not at the newest case.
        wanted = wanted.where(tuple_(c.opened_at, c.id) < tuple_(literal(at, UtcDateTime), after_id))
    found = case_states.of_cases(session, tools, wanted)
    detail = {"rows": len(found)}
    audit.record(session, tools, by=by, verb="cases.listed", subject=("staff", by.id), detail=detail)
    return found


def desk(session: Session, tools: Tools, *, by: Viewer) -> Desk:
    """What waits for an admin. Counts and the ten oldest of each kind; writes the event of the view."""
    c, s, m = table_of(CaseFile).c, table_of(StaffAccount).c, table_of(Mail).c
    is_open, oldest = c.closed_at.is_(None), (c.opened_at, c.id)
    unassigned = (
        case_states.select_cases().where(is_open, c.therapist_id.is_(None)).order_by(*oldest).limit(10)
    )
    claims = (
        case_states.select_cases()
        # Found first and then put in order, and "> ''" for "is not null", which SQLite asks no index for: it
        # would walk all open cases in that order.
        .where(c.id.in_(select(c.id).where(is_open, c.claims_invitation_id > "")))
        .order_by(*oldest)
        .limit(10)
    )
    found = Desk(
        letters=staff_letters.waiting(session, tools, by=by),
        unassigned=case_states.of_cases(session, tools, unassigned),
        claims=case_states.of_cases(session, tools, claims),
        cases=_counted(session, _newest()),
        without_therapist=_count(session, c.id, is_open, c.therapist_id.is_(None)),
        held_invitations=_held_invitations(session),
        **_standings(session),
        not_set_up=_count(session, s.id, s.set_up_at.is_(None), s.disabled_at.is_(None)),
        stuck_mails=_count(session, m.id, mails.is_undelivered()),
        is_routing_anew=rule_walks.is_under_way(session, tools),
        undelivered=mails.undelivered(session, tools),
    )
    audit.record(session, tools, by=by, verb="admin.viewed", subject=("staff", by.id))
    return found


def _count(session: Session, column: ColumnElement[str], *which: ColumnElement[bool]) -> int:
    return _counted(session, select(column).where(*which))


def _counted(session: Session, wanted: Select[Any]) -> int:
    """How many rows there are, up to one more than ``COUNTED``."""
    found = wanted.limit(COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _newest() -> Select[Any]:
    """The open cases in the order of their index: a count of some reads no more than those."""
    c = table_of(CaseFile).c
    return select(c.id).where(c.closed_at.is_(None)).order_by(c.opened_at.desc(), c.id.desc())


def _held_invitations(session: Session) -> int:
    """Invitations that partners asked for and nobody has released, of open cases."""
    c, i, p = table_of(CaseFile), table_of(Invitation), table_of(Partner)
    return _counted(
        session,
        select(i.c.id)
        .join_from(i, p, i.c.partner_id == p.c.id)
        .join(c, p.c.case_id == c.c.id)
        .where(i.c.state == literal_column("'held'"), c.c.closed_at.is_(None)),
    )


def _standings(session: Session) -> dict[str, int]:
    """How many people of the newest open cases were invited and not more, joined and not more, sent."""
    p, a = table_of(Partner).c, table_of(Account).c
    i, n = table_of(Intake).c, table_of(Invitation).c
    newest = _newest().limit(COUNTED).subquery()
    sent = exists().where(i.partner_id == p.id, i.submitted_at.is_not(None))
    # A withheld one counts as it was asked for: its absence would tell an admin of a danger.
    invited = exists().where(n.partner_id == p.id, n.state.in_(("sent", "withheld")))
    row = session.execute(
        select(
            func.count(p.id).filter(a.id.is_(None), invited).label("invited"),
            func.count(p.id).filter(a.id.is_not(None), ~sent).label("joined"),
            func.count(p.id).filter(sent).label("sent"),
        )
        .join_from(newest, table_of(Partner), p.case_id == newest.c.id)
        .join(table_of(Account), a.partner_id == p.id, isouter=True)
    ).one()
    return dict(row._mapping)
