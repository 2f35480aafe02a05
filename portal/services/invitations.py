"""Invitations: the practice's own, and a partner's that staff release (clinical.md §4, "Inviting")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from babel.dates import format_date
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.prerequisites import BLOCKS_INVITING, NOT_APPROACHED
from portal.models import Invitation, Partner, table_of
from portal.services import audit, cases, couples, mails, standing, standing_now
from portal.services.case_reading import CaseReading
from portal.services.couples import Couple
from portal.services.errors import NotFound, OutOfOrder
from portal.services.persons import Person
from portal.services.routing import RecommendationView
from portal.services.standing import FindingView
from portal.services.tools import Tools, token_hash
from portal.vault import Place, VaultError

#: How long an invitation can be used (security.md §0, "Mail").
LIVES: Final = timedelta(days=30)
Channel = Literal["email", "phone"]


@dataclass(frozen=True)
class InvitationView:
    """One invitation. ``link`` only where staff pass it on by telephone and it can still be used."""

    id: str
    slot: str
    state: str
    channel: str
    address: str
    created_at: datetime
    sent_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    link: str | None


def send(
    session: Session,
    tools: Tools,
    *,
    case_id: str,
    slot: str,
    channel: Channel,
    address: str,
    language: str = "en",
    by: Viewer,
) -> str:
    """Invite somebody into a slot of a case; returns the invitation's id. An older one stops working.

    By e-mail a neutral mail is queued; by telephone the link is kept for staff to pass on. Raises
    OutOfOrder on R1-R4 or an order past or current, for somebody who joined already and for
    somebody whom the practice may not approach.
    """
    couple = _couple(session, tools, case_id)
    _require_allowed(session, tools, couple, slot)
    partner_id = cases.place_in(session, tools, case_id=case_id, slot=slot)
    invitation_id = tools.new_id()
    place = Place("invitation", "address_sealed", invitation_id)
    row = {
        "id": invitation_id,
        "partner_id": partner_id,
        "state": "held",
        "channel": channel,
        "address_sealed": tools.vault.seal(place, address),
        "created_at": tools.now(),
    }
    session.execute(insert(table_of(Invitation)), [row])
    _send(
        session,
        tools,
        case_id,
        invited=(invitation_id, partner_id),
        reached=(channel, address, language),
        by=by,
    )
    return invitation_id


def release_held(
    session: Session, tools: Tools, *, case_id: str, invitation_id: str, language: str = "en", by: Viewer
) -> None:
    """Send what a partner asked for. Raises NotFound for no such held invitation of this case.

    Raises OutOfOrder as ``send`` does, and until the one who asked has sent their own intake.
    """
    i, p = table_of(Invitation).c, table_of(Partner).c
    row = session.execute(
        select(i.id, i.partner_id, i.channel, i.address_sealed, p.slot)
        .join_from(table_of(Invitation), table_of(Partner), i.partner_id == p.id)
        .where(i.id == invitation_id, i.state == "held", p.case_id == case_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    couple = _couple(session, tools, case_id)
    if not any(person.submitted_at for person in couple.people if person.slot != row.slot):
        raise OutOfOrder("inviter_sends_first")
    _require_allowed(session, tools, couple, row.slot)
    address = tools.vault.open(Place("invitation", "address_sealed", row.id), row.address_sealed)
    _send(
        session,
        tools,
        case_id,
        invited=(row.id, row.partner_id),
        reached=(row.channel, address, language),
        by=by,
    )


def withhold(session: Session, tools: Tools, *, link: str, by: Viewer) -> bool:
    """Take back an invitation whose mail still waits, where it would be refused by now; whether it is.

    One of which nothing is left (erased meanwhile, or its time is over) is not sent either. Its link works
    no more, also where a mail went out that could not be noted. A therapist sees why, and
    sends another when it is time. ``sent_at`` stays: to an admin it is as any other that was sent.
    Raises OutOfOrder where what was told cannot be opened: the mail is to wait until it can.
    """
    i, p = table_of(Invitation).c, table_of(Partner).c
    row = session.execute(
        select(i.id, i.used_at, p.case_id, p.slot)
        .join_from(table_of(Invitation), table_of(Partner), i.partner_id == p.id)
        .where(i.token_hash == token_hash(link.rpartition("/")[2]))
    ).one_or_none()
    if row is None or row.used_at is not None:
        return row is None
    couple = _couple(session, tools, row.case_id)
    if not (_is_not_approached(_person(couple, row.slot)) or _is_blocked_now(session, tools, couple)):
        return False
    values = {"state": "withheld", "token_hash": None, "expires_at": None}
    session.execute(update(table_of(Invitation)).where(i.id == row.id).values(**values))
    subject, detail = ("case", row.case_id), {"invitation": row.id}
    audit.record(session, tools, by=by, verb="invitation.withheld", subject=subject, detail=detail)
    return True


def _couple(session: Session, tools: Tools, case_id: str) -> Couple:
    """The case as it can be read now. Raises OutOfOrder where nobody can open it: it may tell of danger."""
    try:
        return couples.couple(session, tools, case_id)
    except VaultError as error:
        raise OutOfOrder("told_unreadable") from error


def _require_allowed(session: Session, tools: Tools, couple: Couple, slot: str) -> None:
    person = _person(couple, slot)
    if person is not None and person.has_account:
        raise OutOfOrder("already_joined")
    if _is_not_approached(person):
        raise OutOfOrder("contact_blocked")
    if _is_blocked_now(session, tools, couple):
        raise OutOfOrder("invitation_blocked")


def _is_not_approached(person: Person | None) -> bool:
    return person is not None and person.participation in NOT_APPROACHED


def _is_blocked_now(session: Session, tools: Tools, couple: Couple) -> bool:
    now = standing_now.look(session, tools, case_id=couple.case_id)
    if now.is_unreadable:
        raise OutOfOrder("told_unreadable")
    return now.is_danger or is_blocked(couple, now.kept, couple.found)


def is_blocked(couple: Couple, newest: RecommendationView | None, found: Sequence[FindingView]) -> bool:
    """Whether R1-R4 stand, in the newest recommendation or found since, or any order of protection."""
    orders = [given.get("order_of_protection") for given in couple.file["partners"].values()]
    if "past" in orders or "current" in orders:
        return True
    if newest is not None and not BLOCKS_INVITING.isdisjoint(newest.body["matched_rules"]):
        return True
    if any(view.field == "order_of_protection" for view in found if view.state != "corrected"):
        return True
    return standing.is_danger_since(found, None if newest is None else newest.made_at)


def _person(couple: Couple, slot: str) -> Person | None:
    return next((person for person in couple.people if person.slot == slot), None)


def _send(
    session: Session,
    tools: Tools,
    case_id: str,
    *,
    invited: tuple[str, str],
    reached: tuple[str, str, str],
    by: Viewer,
) -> None:
    """``invited``: invitation and partner id; ``reached``: channel, address, language."""
    (invitation_id, partner_id), (channel, address, language) = invited, reached
    now, token, c = tools.now(), tools.new_token(), table_of(Invitation).c
    expires_at, link = now + LIVES, f"{tools.base_url}/join/{token}"
    older = (c.partner_id == partner_id, c.id != invitation_id, c.used_at.is_(None), c.expires_at > now)
    session.execute(update(table_of(Invitation)).where(*older).values(expires_at=now))
    values: dict[str, object] = {
        "state": "sent",
        "token_hash": token_hash(token),
        "sent_at": now,
        "expires_at": expires_at,
    }
    if channel == "email":
        until = format_date(expires_at.date(), "long", locale=language)
        params = {"link": link, "date": until}
        mails.queue(session, tools, template="invitation", to=address, language=language, params=params)
    else:
        place = Place("invitation", "link_box", invitation_id)
        values["link_box"] = tools.vault.box("staff", place, link)
    session.execute(update(table_of(Invitation)).where(c.id == invitation_id).values(**values))
    detail = {"invitation": invitation_id, "channel": channel}
    audit.record(session, tools, by=by, verb="invitation.sent", subject=("case", case_id), detail=detail)


def of_case(session: Session, tools: Tools, case_id: str) -> tuple[InvitationView, ...]:
    """Every invitation of a case, newest first, addresses opened. One statement."""
    return read(CaseReading(session, tools, case_id))


def read(reading: CaseReading) -> tuple[InvitationView, ...]:
    """The same in one reading of the case."""
    tools = reading.tools
    return tuple(
        InvitationView(
            id=row.id,
            slot=row.slot,
            state=row.state,
            channel=row.channel,
            address=tools.vault.open(Place("invitation", "address_sealed", row.id), row.address_sealed),
            created_at=row.created_at,
            sent_at=row.sent_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            link=_link(
                tools, row.id, row.link_box, is_live=row.used_at is None and tools.now() < row.expires_at
            )
            if row.link_box is not None
            else None,
        )
        for row in reading.invitations
    )


def _link(tools: Tools, invitation_id: str, box: bytes, *, is_live: bool) -> str | None:
    if not is_live:
        return None
    return tools.vault.unbox("staff", Place("invitation", "link_box", invitation_id), box)
