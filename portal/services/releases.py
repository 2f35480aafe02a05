"""Letters: written for one partner, checked, released, or waiting for a second person.

A release makes a copy that this partner sees (``notice_board``); the staff-side letter never leaves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from portal.content import letters
from portal.domain.access import Viewer
from portal.domain.prerequisites import without_interview
from portal.domain.visibility import (
    LetterFacts,
    LetterState,
    can_decide_letter,
    can_see_letter,
    needs_approval,
)
from portal.models import Letter, Partner, StaffAccount, table_of
from portal.services import (
    audit,
    cases,
    couples,
    interviews,
    mails,
    notice_board,
    release_lint,
    reviews,
    routing,
)
from portal.services.couples import Person
from portal.services.errors import BadInput, Conflict, NotFound, OutOfOrder
from portal.services.tools import Tools
from portal.vault import Place

LetterKind = Literal["next_step", "service", "free"]


@dataclass(frozen=True)
class Draft:
    """A letter as the therapist wrote it. ``notify``: one neutral mail, if this partner chose e-mail."""

    slot: str
    letter: LetterKind
    body: str
    names_service: bool = False
    notify: bool = False


@dataclass(frozen=True)
class LetterView:
    """A letter, staff side. ``may_decide``: whether this viewer may approve or refuse it now."""

    id: str
    case_id: str
    slot: str
    kind: str
    title: str
    text: str
    names_service: bool
    notify: bool
    state: LetterState
    written_by: str
    written_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    may_decide: bool = False
    may_open_case: bool = False


@dataclass(frozen=True)
class WaitingLetter:
    """A letter that waits for somebody's approval, without what it says."""

    id: str
    written_by: str
    written_at: datetime


def write(session: Session, tools: Tools, *, case_id: str, draft: Draft, by: Viewer) -> str:
    """Check a letter and release it, or let it wait for approval; returns its id.

    Raises BadInput (LintRefused) for what the letter must not say, OutOfOrder before a signed review,
    before this partner joined or where they must not be approached, and for naming a service before
    everyone whose intake was sent was interviewed.
    """
    partner_id = cases.partner_in(session, case_id, draft.slot)
    _require_words(session, tools, case_id, partner_id, draft)
    review = reviews.signed(session, tools, case_id)
    if review is None:
        raise OutOfOrder("review_first")
    people = couples.people(session, tools, case_id)
    person = _approachable(people, partner_id)
    if draft.names_service and without_interview(
        interviews.standings(people), interviews.held(session, case_id)
    ):
        raise OutOfOrder("service_after_interviews")
    newest = routing.latest(session, tools, case_id)
    waits = needs_approval(review.route, newest.body["route"] if newest else None)
    letter_id = _insert(
        session,
        tools,
        case_id,
        person=person,
        draft=draft,
        state="waiting" if waits else "released",
        by=by,
    )
    verb = "letter.waits" if waits else "letter.released"
    _record(session, tools, verb, case_id=case_id, letter_id=letter_id, by=by)
    if not waits:
        _show(session, tools, person, _wording(draft.letter, person, draft.body), notify=draft.notify)
    return letter_id


def _require_words(session: Session, tools: Tools, case_id: str, partner_id: str, draft: Draft) -> None:
    if draft.letter == "service" and not draft.names_service:
        raise BadInput({"names_service": "service_needs_tick"})
    if letters.is_open(draft.body):
        raise BadInput({"body": "open_place"})
    release_lint.require_clean(
        session,
        tools,
        case_id=case_id,
        partner_id=partner_id,
        field="body",
        text=draft.body,
        may_name_service=draft.names_service,
    )


def _approachable(people: tuple[Person, ...], partner_id: str) -> Person:
    """The person a letter is for: somebody who joined and whom the practice may approach."""
    person = next(person for person in people if person.partner_id == partner_id)
    if person.participation == "do_not_contact":
        raise OutOfOrder("contact_blocked")
    if not person.has_account:
        raise OutOfOrder("not_joined")
    return person


def _wording(kind: str, person: Person, body: str) -> dict[str, str | int]:
    return {"title": letters.load().letters[kind].subject.in_locale(person.language), "text": body}


def _insert(
    session: Session,
    tools: Tools,
    case_id: str,
    *,
    person: Person,
    draft: Draft,
    state: LetterState,
    by: Viewer,
) -> str:
    letter_id, now = tools.new_id(), tools.now()
    body = json.dumps(_wording(draft.letter, person, draft.body), ensure_ascii=False, sort_keys=True)
    row = {
        "id": letter_id,
        "case_id": case_id,
        "partner_id": person.partner_id,
        "kind": draft.letter,
        "body_box": tools.vault.box("staff", Place("letter", "body_box", letter_id), body),
        "names_service": draft.names_service,
        "notify": draft.notify,
        "state": state,
        "written_by": by.id,
        "written_at": now,
        "decided_by": None if state == "waiting" else by.id,
        "decided_at": None if state == "waiting" else now,
    }
    session.execute(insert(table_of(Letter)), [row])
    return letter_id


def _show(
    session: Session, tools: Tools, person: Person, body: dict[str, str | int], *, notify: bool
) -> None:
    """Let the partner see it; one neutral mail only where e-mail is the channel they chose."""
    notice_board.pin(session, tools, partner_id=person.partner_id, kind="letter", body=body)
    contact = person.contact or {}
    if notify and contact.get("channel") == "email" and contact.get("address"):
        to = str(contact["address"])
        mails.queue(session, tools, template="notify", to=to, language=person.language, params={})


def _record(session: Session, tools: Tools, verb: str, *, case_id: str, letter_id: str, by: Viewer) -> None:
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id), detail={"letter": letter_id})


def view(session: Session, tools: Tools, *, letter_id: str, by: Viewer) -> LetterView:
    """One letter alone, and the event that it was looked at. Raises NotFound for what is not theirs."""
    letter = find(session, tools, letter_id=letter_id, by=by)
    _record(session, tools, "letter.viewed", case_id=letter.case_id, letter_id=letter_id, by=by)
    return letter


def require_visible(session: Session, tools: Tools, letter_id: str, by: Viewer) -> None:
    """Raise NotFound unless this staff member may see the letter."""
    find(session, tools, letter_id=letter_id, by=by)


def find(session: Session, tools: Tools, *, letter_id: str, by: Viewer) -> LetterView:
    """One letter as this staff member may see it. Raises NotFound."""
    row = session.execute(_columns().where(table_of(Letter).c.id == letter_id)).one_or_none()
    if row is None:
        raise NotFound
    facts = LetterFacts(row.state, row.written_by, row.written_at, row.decided_by)
    may_open_case = _may_open(session, tools, row.case_id, by)
    if not can_see_letter(by, facts, may_open_case=may_open_case):
        raise NotFound
    may_decide = can_decide_letter(by, facts, is_alone=_is_alone(session), now=tools.now())
    return _opened(tools, row, may_decide=may_decide, may_open_case=may_open_case)


def _may_open(session: Session, tools: Tools, case_id: str, by: Viewer) -> bool:
    try:
        cases.require_visible(session, tools, case_id, by)
    except NotFound:
        return False
    return True


def _is_alone(session: Session) -> bool:
    """Whether the practice has exactly one staff account that can sign in."""
    c = table_of(StaffAccount).c
    count = session.scalar(
        select(func.count())
        .select_from(table_of(StaffAccount))
        .where(c.disabled_at.is_(None), c.set_up_at.is_not(None))
    )
    return count == 1


def decide(session: Session, tools: Tools, *, letter_id: str, approve: bool, by: Viewer) -> None:
    """Approve (which releases) or refuse a waiting letter.

    Raises NotFound for what is not theirs, Conflict when it was decided meanwhile, OutOfOrder for its own
    author and where the partner must no longer be approached.
    """
    letter = find(session, tools, letter_id=letter_id, by=by)
    if letter.state != "waiting":
        raise Conflict("already_decided")
    if not letter.may_decide:
        raise OutOfOrder("somebody_else_decides")
    if approve:
        partner_id = cases.partner_in(session, letter.case_id, letter.slot)
        person = _approachable(couples.people(session, tools, letter.case_id), partner_id)
        _show(session, tools, person, {"title": letter.title, "text": letter.text}, notify=letter.notify)
    c = table_of(Letter).c
    state = "released" if approve else "refused"
    values = {"state": state, "decided_by": by.id, "decided_at": tools.now()}
    session.execute(update(table_of(Letter)).where(c.id == letter_id).values(**values))
    _record(session, tools, f"letter.{state}", case_id=letter.case_id, letter_id=letter_id, by=by)


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[LetterView, ...]:
    """Every letter of a case, newest first, opened. One statement."""
    c = table_of(Letter).c
    rows = session.execute(
        _columns().where(c.case_id == case_id).order_by(c.written_at.desc(), c.id.desc())
    ).all()
    return tuple(_opened(tools, row, may_open_case=True) for row in rows)


def waiting(session: Session, tools: Tools, *, by: Viewer) -> tuple[WaitingLetter, ...]:
    """Letters that wait for this therapist's or admin's approval, oldest first; at most 50."""
    c = table_of(Letter).c
    rows = session.execute(
        select(c.id, c.written_by, c.written_at)
        .where(c.state == "waiting")
        .order_by(c.written_at, c.id)
        .limit(_SHOWN)
    ).all()
    is_alone, now = _is_alone(session), tools.now()
    return tuple(
        WaitingLetter(row.id, row.written_by, row.written_at)
        for row in rows
        if can_decide_letter(
            by, LetterFacts("waiting", row.written_by, row.written_at), is_alone=is_alone, now=now
        )
    )


_SHOWN: Final = 50


def _columns() -> Any:
    c, p = table_of(Letter).c, table_of(Partner).c
    return select(
        c.id, c.case_id, p.slot, c.kind, c.body_box, c.names_service, c.notify, c.state,
        c.written_by, c.written_at, c.decided_by, c.decided_at,
    ).join_from(table_of(Letter), table_of(Partner), c.partner_id == p.id)  # fmt: skip


def _opened(tools: Tools, row: Any, *, may_decide: bool = False, may_open_case: bool = False) -> LetterView:
    values = {key: value for key, value in row._mapping.items() if key != "body_box"}
    body = json.loads(tools.vault.unbox("staff", Place("letter", "body_box", row.id), row.body_box))
    return LetterView(
        **values, title=body["title"], text=body["text"], may_decide=may_decide, may_open_case=may_open_case
    )
