"""What the tests of the way in share: people who come in through the real services."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from portal.domain.access import Viewer, system
from portal.models import CaseFile, Invitation, Partner, table_of
from portal.services import joining, set_ups, totp
from portal.services.joining import Joined
from portal.services.tools import Tools, token_hash
from portal.store import Store
from portal.vault import Place

if TYPE_CHECKING:
    from moving_clock import Clock

PASSWORD = "harvest moon over water"
COMMAND = system("accounts")


def begun(store: Store, tools: Tools, *, email: str | None = None, **options: Any) -> Joined:
    """Somebody who began on their own."""
    newcomer = joining.prepare(tools, password=PASSWORD, language="en", email=email, **options)
    with store.partner.write() as session:
        return joining.begin(session, tools, newcomer=newcomer, talk_first=False)


def card_of(store: Store, tools: Tools, joined: Joined) -> dict[str, str]:
    """Sign-in name and recovery code on the card of the first session."""
    row = rows(store, "partner_session", account_id=joined.account_id)[0]
    place = Place("partner_session", "card_box", row["id"])
    card: dict[str, str] = json.loads(tools.vault.unbox("partner", place, row["card_box"]))
    return card


def viewer_of(store: Store, joined: Joined) -> Viewer:
    """The viewer of a newcomer's first session."""
    row = rows(store, "partner_session", account_id=joined.account_id)[0]
    return Viewer(kind="partner", id=joined.account_id, partner_id=joined.partner_id, session_id=row["id"])


def invited(store: Store, tools: Tools, *, token: str = "t" * 43, **changes: Any) -> dict[str, Any]:
    """A case by staff with one invitation that was sent; returns the invitation's row."""
    case_id, partner_id, now = tools.new_id(), tools.new_id(), tools.now()
    invitation_id = tools.new_id()
    row = {
        "id": invitation_id,
        "partner_id": partner_id,
        "state": "sent",
        "channel": "email",
        "address_sealed": tools.vault.seal(Place("invitation", "address_sealed", invitation_id), "b@x.org"),
        "created_at": now,
        "expires_at": now.replace(year=now.year + 1),
        "token_hash": token_hash(token),
        **changes,
    }
    with store.staff.write() as session:
        case = {"id": case_id, "origin": "staff", "opened_at": now, "waiting_since": now, "urgency": 4}
        session.execute(insert(table_of(CaseFile)), [case])
        partner = {"id": partner_id, "case_id": case_id, "slot": "a", "created_at": now}
        session.execute(insert(table_of(Partner)), [partner])
        session.execute(insert(table_of(Invitation)), [row])
    return row


def staff(store: Store, tools: Tools, *, email: str = "ada@practice.org", roles: str = "admin") -> str:
    """A staff member who has set up password and authenticator; the first code was spent."""
    with store.staff.write() as session:
        made = set_ups.create(
            session, tools, email=email, full_name="Ada", roles=roles.split(","), by=COMMAND
        )
        held = set_ups.find(session, tools, token=made.link.rpartition("/")[2])
        step = int(tools.now().timestamp()) // totp.STEP_SECONDS
        set_ups.finish(session, tools, set_up=held, password_hash=tools.passwords.hash(PASSWORD), step=step)
    return made.staff_id


def rows(store: Store, name: str, **where: Any) -> list[dict[str, Any]]:
    """Every row of a table whose columns have these values."""
    from portal.models import Base

    table = Base.metadata.tables[name]
    with store.staff.read() as session:
        found = session.execute(select(table)).mappings()
        return [dict(row) for row in found if all(row[key] == value for key, value in where.items())]


def events(store: Store) -> list[tuple[str, str, str, str]]:
    """Every audit event so far: verb, kind of actor, subject's kind, subject's id."""
    from portal.models import AuditEvent

    c = table_of(AuditEvent).c
    with store.staff.read() as session:
        found = session.execute(select(c.verb, c.actor_kind, c.subject_kind, c.subject_id))
        return [tuple(row) for row in found]  # type: ignore[misc]


def verbs(store: Store) -> list[str]:
    """The verbs of every audit event so far, in alphabetical order."""
    return sorted(event[0] for event in events(store))


def jobs(store: Store) -> list[tuple[str, str]]:
    """Kind and subject of every job, in alphabetical order."""
    return sorted((row["kind"], row["subject_id"]) for row in rows(store, "job"))


def code(secret: str, clock: Clock, *, steps: int = 0) -> str:
    """The authenticator's code now, or some steps later."""
    import pyotp

    return pyotp.TOTP(secret).generate_otp(int(clock().timestamp()) // totp.STEP_SECONDS + steps)
