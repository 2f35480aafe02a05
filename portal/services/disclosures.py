"""Accounting of disclosures: whatever carried one person's data out of the case, when, to whom, why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import Account, AuditEvent, Invitation, Letter, table_of
from portal.services import audit, cases, disclosure_homes, disclosure_reports
from portal.services.disclosure_homes import Home
from portal.services.disclosure_reports import Disclosure
from portal.services.tools import Tools

#: Events of a case that hand something of it on, and to whom. A brief holds both people.
_OF_CASE: Final[Mapping[str, str]] = {
    "letter.released": "person", "invitation.sent": "person", "request.sent": "person",
    "appointment.proposed": "person", "brief.made": "therapist", "case.merged": "practice",
    "case.merged_away": "practice",
}  # fmt: skip
#: What a mail may go along with.
_MAILED: Final = {"letter.released": "letter.mailed", "appointment.proposed": "appointment.mailed"}


def of_person(
    session: Session, tools: Tools, *, case_id: str, slot: str, by: Viewer, is_file: bool = False
) -> tuple[Disclosure, ...]:
    """What carried this person's data, newest first, and the event that it was asked for.

    Raises BadInput where the slot is empty.
    """
    partner_id = cases.partner_in(session, case_id, slot)
    homes = disclosure_homes.of_person(session, case_id, slot)
    found = [
        *_of_cases(session, homes, partner_id),
        *_sign_in_help(session, partner_id),
        *disclosure_reports.of_person(session, tools, homes=homes, partner_id=partner_id),
    ]
    verb = "disclosures.exported" if is_file else "disclosures.viewed"
    audit.record(session, tools, by=by, verb=verb, subject=("case", case_id), detail={"slot": slot})
    return tuple(sorted(found, key=lambda one: (one.happened_at, one.kind), reverse=True))


def _of_cases(session: Session, homes: tuple[Home, ...], partner_id: str) -> Iterator[Disclosure]:
    c = table_of(AuditEvent).c
    asked_for_mail = _own_letters(session, partner_id)
    own = {**asked_for_mail, **dict.fromkeys(_own_invitations(session, partner_id), False)}
    rows = session.execute(
        select(c.subject_id, c.verb, c.actor_id, c.happened_at, c.detail)
        .where(c.subject_id.in_([home.case_id for home in homes]), c.verb.in_(_OF_CASE))
        .order_by(c.happened_at)
    ).all()
    for row in rows:
        detail, home = json.loads(row.detail), _home(homes, row.subject_id, row.happened_at)
        if _is_about(detail, home, own):
            to = "mail" if detail.get("channel") == "email" else _OF_CASE[row.verb]
            yield Disclosure(row.happened_at, row.verb, row.actor_id, to)
            mailed = _is_mailed(row.verb, detail, home, asked_for_mail)
            if mailed is not False:
                kind, is_certain = _MAILED[row.verb], mailed is True
                yield Disclosure(row.happened_at, kind, row.actor_id, "mail", is_certain=is_certain)


def _home(homes: tuple[Home, ...], case_id: str, at: datetime) -> Home | None:
    """A case, if this person's record lay there then."""
    return next((home for home in homes if home.case_id == case_id and home.was_then(at)), None)


def _own_letters(session: Session, partner_id: str) -> dict[str, bool]:
    """Letters to this person, and whether a mail was wished for; events name them by their own id."""
    c = table_of(Letter).c
    rows = session.execute(select(c.id, c.notify).where(c.partner_id == partner_id)).all()
    return {row.id: row.notify for row in rows}


def _own_invitations(session: Session, partner_id: str) -> list[str]:
    """Invitations of this person. One that was withheld is listed as any other: its mail may have gone out,
    and to leave it out, or to mark it, would tell whoever reads this of a danger.
    """
    c = table_of(Invitation).c
    return list(session.scalars(select(c.id).where(c.partner_id == partner_id)))


def _is_about(detail: dict[str, Any], home: Home | None, own: Mapping[str, bool]) -> bool:
    """A letter or invitation is its person's alone; what names a slot, its; what names neither is of both."""
    named = detail.get("letter") or detail.get("invitation")
    if named is not None:
        return named in own
    return home is not None and (not home.slot or (detail.get("slot") or "both") in (home.slot, "both"))


def _is_mailed(
    verb: str, detail: dict[str, Any], home: Home | None, wished: Mapping[str, bool]
) -> bool | None:
    """Whether a mail went along. None: an event of before it was noted; there may have been one."""
    if verb not in _MAILED:
        return False
    noted, letter = detail.get("mailed"), detail.get("letter")
    if noted is None:
        return None if letter is None or wished[letter] else False
    return bool(noted) and (letter is not None or home is None or home.slot in ("", *noted))


def _sign_in_help(session: Session, partner_id: str) -> list[Disclosure]:
    """Mailed links for a new password."""
    a, c = table_of(Account).c, table_of(AuditEvent).c
    own = select(a.id).where(a.partner_id == partner_id)
    rows = session.execute(
        select(c.verb, c.actor_id, c.happened_at).where(
            c.verb == "reset.link_sent", c.subject_kind == "account", c.subject_id.in_(own)
        )
    ).all()
    return [Disclosure(row.happened_at, row.verb, row.actor_id, "mail") for row in rows]
