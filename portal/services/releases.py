"""Letters: written for one partner, checked, released, or waiting for a second person.

A release makes a copy that this partner sees (``notice_board``); the staff-side letter never leaves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from portal.content import letters
from portal.domain.access import Viewer
from portal.domain.prerequisites import without_interview
from portal.domain.visibility import LetterState, needs_approval
from portal.models import Letter, table_of
from portal.services import (
    audit,
    cases,
    interviews,
    mails,
    notice_board,
    persons,
    release_lint,
    reviews,
    staff_letters,
    standing,
    standing_now,
)
from portal.services.errors import BadInput, Conflict, OutOfOrder
from portal.services.persons import Person
from portal.services.reviews import ReviewView
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


def preview(
    session: Session, tools: Tools, *, case_id: str, draft: Draft
) -> tuple[str, dict[str, str | int]]:
    """The language of whoever it is for, and the letter as their page would show it; keeps nothing.

    Raises what ``write`` raises for the letter's words and its person; the order of things is not asked.
    """
    partner_id = cases.partner_in(session, case_id, draft.slot)
    _require_words(session, tools, case_id, partner_id, draft)
    person = _approachable(persons.people(session, tools, case_id), partner_id)
    return person.language, _wording(draft.letter, person, draft.body)


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
    people = persons.people(session, tools, case_id)
    person = _approachable(people, partner_id)
    if draft.names_service and without_interview(
        interviews.standings(people), interviews.held(session, case_id)
    ):
        raise OutOfOrder("service_after_interviews")
    waits = _needs_approval(session, tools, case_id, review)
    letter_id = _insert(
        session,
        tools,
        case_id,
        person=person,
        draft=draft,
        state="waiting" if waits else "released",
        by=by,
    )
    noted: audit.Detail = {"letter": letter_id}
    if not waits:
        body = _wording(draft.letter, person, draft.body)
        noted = {**noted, "mailed": _show(session, tools, person, body, notify=draft.notify)}
    verb = "letter.waits" if waits else "letter.released"
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id), detail=noted)
    return letter_id


def _needs_approval(session: Session, tools: Tools, case_id: str, review: ReviewView) -> bool:
    """By the signed and the newest route, and by a danger told since, which the worker has yet to route."""
    now = standing_now.look(session, tools, case_id=case_id)
    route, made_at = (None, None) if now.kept is None else (now.kept.body["route"], now.kept.made_at)
    if now.needs_approval or needs_approval(review.route, route):
        return True
    return standing.is_danger_since(standing.of_case(session, tools, case_id), made_at)


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
) -> list[str]:
    """Let the partner see it; one neutral mail only where e-mail is the channel they chose. Who is mailed."""
    notice_board.pin(session, tools, partner_id=person.partner_id, kind="letter", body=body)
    contact = person.contact or {}
    if not (notify and contact.get("channel") == "email" and contact.get("address")):
        return []
    to = str(contact["address"])
    mails.queue(session, tools, template="notify", to=to, language=person.language, params={})
    return [person.slot]


def decide(session: Session, tools: Tools, *, letter_id: str, approve: bool, by: Viewer) -> None:
    """Approve (which releases) or refuse a waiting letter.

    Raises NotFound for what is not theirs, Conflict when it was decided meanwhile, OutOfOrder for its own
    author and where the partner must no longer be approached.
    """
    letter = staff_letters.find(session, tools, letter_id=letter_id, by=by)
    if letter.state != "waiting":
        raise Conflict("already_decided")
    if not letter.may_decide:
        raise OutOfOrder("somebody_else_decides")
    noted: audit.Detail = {"letter": letter_id}
    if approve:
        partner_id = cases.partner_in(session, letter.case_id, letter.slot)
        person = _approachable(persons.people(session, tools, letter.case_id), partner_id)
        body: dict[str, str | int] = {"title": letter.title, "text": letter.text}
        noted = {**noted, "mailed": _show(session, tools, person, body, notify=letter.notify)}
    c = table_of(Letter).c
    state = "released" if approve else "refused"
    values = {"state": state, "decided_by": by.id, "decided_at": tools.now()}
    session.execute(update(table_of(Letter)).where(c.id == letter_id).values(**values))
    subject = ("case", letter.case_id)
    audit.record(
        session,
        tools,
        by=by,
        verb="letter.released" if approve else "letter.refused",
        subject=subject,
        detail=noted,
    )
