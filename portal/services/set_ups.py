"""Staff accounts from the one-time link to the first code. All through the staff door.

The very first admin is set up by a link that asks for name and e-mail as well: it stands for an account
without an e-mail, which disappears as soon as another staff account is made some other way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import StaffAccount, StaffLink, table_of
from portal.services import audit, renewals, sessions, sign_ins, totp
from portal.services.errors import BadInput, Conflict, NotFound, Refused
from portal.services.tools import Tools, token_hash
from portal.vault import Place

#: Every role there is, in the order in which a set of them is stored.
ROLES: Final = ("admin", "therapist")
LINK_LIFE: Final = timedelta(hours=24)
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class StaffMade:
    """A new staff account and the address of its one-time set-up link."""

    staff_id: str
    link: str = field(repr=False)


@dataclass(frozen=True)
class SetUp:
    """What a live set-up link stands for. ``is_first``: the first admin, who also gives name and e-mail.

    ``spoken_digest``: a new authenticator for an old account, which takes a code said by voice (renewals).
    """

    link_id: str
    staff_id: str
    email: str
    full_name: str
    roles: frozenset[str]
    secret: str = field(repr=False)
    is_first: bool = False
    spoken_digest: str | None = field(default=None, repr=False)


def role_set(roles: Iterable[str]) -> str:
    """Roles as they are stored. Raises BadInput when there is none, or an unknown one."""
    given = set(roles)
    if not given or not given <= set(ROLES):
        raise BadInput({"roles": "invalid"})
    return ",".join(role for role in ROLES if role in given)


def create(
    session: Session, tools: Tools, *, email: str, full_name: str, roles: Iterable[str], by: Viewer
) -> StaffMade:
    """Make a staff account with a fresh TOTP secret; it can do nothing before it is set up (24 hours).

    Raises BadInput for a bad e-mail, name or role, Conflict ("email_taken").
    """
    email, full_name = _clean_email(email), _clean_name(full_name)
    stored_roles = role_set(roles)
    _remove_first(session, tools)
    staff_id = _insert(session, tools, email=email, full_name=full_name, roles=stored_roles)
    detail = {"roles": stored_roles}
    audit.record(session, tools, by=by, verb="staff.created", subject=("staff", staff_id), detail=detail)
    return StaffMade(staff_id, new_link(session, tools, staff_id=staff_id))


def first_link(session: Session, tools: Tools, *, by: Viewer) -> str | None:
    """The address that makes the first admin, or None once any staff account exists. Kills an older one."""
    c = table_of(StaffAccount).c
    nobody = sign_ins.email_digest(tools, "")
    if session.execute(select(c.id).where(c.email_digest != nobody).limit(1)).one_or_none() is not None:
        return None
    held: str | None = session.execute(select(c.id).where(c.email_digest == nobody)).scalar_one_or_none()
    staff_id = held or _insert(session, tools, email="", full_name="", roles="admin")
    audit.record(session, tools, by=by, verb="staff.first_link_made", subject=("staff", staff_id))
    return new_link(session, tools, staff_id=staff_id)


def new_link(session: Session, tools: Tools, *, staff_id: str) -> str:
    """A fresh set-up link for an account that is not set up yet; an older one stops working."""
    table = table_of(StaffLink)
    is_open = (table.c.staff_id == staff_id) & (table.c.purpose == "set_up") & table.c.used_at.is_(None)
    session.execute(update(table).where(is_open).values(used_at=tools.now()))
    token = tools.new_token()
    row = {
        "id": tools.new_id(),
        "staff_id": staff_id,
        "token_hash": token_hash(token),
        "purpose": "set_up",
        "expires_at": tools.now() + LINK_LIFE,
    }
    session.execute(insert(table), [row])
    return f"{tools.base_url}/set-up/{token}"


def find(session: Session, tools: Tools, *, token: str) -> SetUp:
    """What a live set-up link stands for. Raises NotFound for any other token."""
    link, staff = table_of(StaffLink).c, table_of(StaffAccount).c
    row = session.execute(
        select(
            link.id, link.staff_id, link.spoken_hash, staff.email_box, staff.name_box, staff.roles,
            staff.totp_box,
        )
        .join_from(table_of(StaffLink), table_of(StaffAccount), link.staff_id == staff.id)
        .where(link.token_hash == token_hash(token), link.used_at.is_(None))
        .where(link.expires_at > tools.now(), staff.disabled_at.is_(None))
        .where(
            or_(
                (link.purpose == "set_up") & staff.set_up_at.is_(None),
                (link.purpose == renewals.PURPOSE) & staff.password_hash.is_(None),
            )
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound
    email, name, secret = (
        tools.vault.unbox("staff", Place("staff_account", column, row.staff_id), blob)
        for column, blob in (
            ("email_box", row.email_box), ("name_box", row.name_box), ("totp_box", row.totp_box)
        )
    )  # fmt: skip
    roles = frozenset(row.roles.split(","))
    return SetUp(
        row.id, row.staff_id, email, name, roles, secret, is_first=not email, spoken_digest=row.spoken_hash
    )  # fmt: skip


def finish(
    session: Session, tools: Tools, *, set_up: SetUp, password_hash: str, step: int,
    email: str = "", full_name: str = "", device_hash: str | None = None,
) -> str:  # fmt: skip
    """Finish a set-up: the password, the spent code, for the first admin also e-mail and name. Signs in.

    Returns the cookie token. Raises Refused ("unknown_link") when somebody was quicker, BadInput.
    """
    _spend(session, tools, set_up)
    values: dict[str, object] = {
        "password_hash": password_hash, "set_up_at": tools.now(), "totp_step": step
    }  # fmt: skip
    if set_up.is_first:
        email, full_name = _clean_email(email), _clean_name(full_name)
        values |= _identity(tools, set_up.staff_id, email=email, full_name=full_name)
    table = table_of(StaffAccount)
    session.execute(update(table).where(table.c.id == set_up.staff_id).values(**values))
    by = Viewer(kind="staff", id=set_up.staff_id, roles=set_up.roles)
    verb = "staff.set_up" if set_up.spoken_digest is None else "staff.renewed"
    audit.record(session, tools, by=by, verb=verb, subject=("staff", set_up.staff_id))
    return sessions.open_staff(
        session, tools, staff_id=set_up.staff_id, second_factor=True, device_hash=device_hash
    )


def matching_step(tools: Tools, set_up: SetUp, code: str) -> int | None:
    """The time step of the first code, or None when it does not fit."""
    return totp.matching_step(set_up.secret, code, at=tools.now(), after=0)


def _spend(session: Session, tools: Tools, set_up: SetUp) -> None:
    table, now = table_of(StaffLink), tools.now()
    is_live = (table.c.id == set_up.link_id) & table.c.used_at.is_(None) & (table.c.expires_at > now)
    done = cast(CursorResult[Any], session.execute(update(table).where(is_live).values(used_at=now)))
    if done.rowcount != 1:
        raise Refused("unknown_link")


def _insert(session: Session, tools: Tools, *, email: str, full_name: str, roles: str) -> str:
    c = table_of(StaffAccount).c
    taken = select(c.id).where(c.email_digest == sign_ins.email_digest(tools, email))
    if session.execute(taken).one_or_none() is not None:
        raise Conflict("email_taken")
    staff_id = tools.new_id()
    place = Place("staff_account", "totp_box", staff_id)
    row = {
        "id": staff_id,
        **_identity(tools, staff_id, email=email, full_name=full_name),
        "roles": roles,
        "totp_box": tools.vault.box("staff", place, totp.draw_secret(tools)),
        "created_at": tools.now(),
        "totp_step": 0,
        "language": "en",
    }
    session.execute(insert(table_of(StaffAccount)), [row])
    return staff_id


def _identity(tools: Tools, staff_id: str, *, email: str, full_name: str) -> dict[str, object]:
    return {
        "email_digest": sign_ins.email_digest(tools, email),
        "email_box": tools.vault.box("staff", Place("staff_account", "email_box", staff_id), email),
        "name_box": tools.vault.box("staff", Place("staff_account", "name_box", staff_id), full_name),
    }


def _remove_first(session: Session, tools: Tools) -> None:
    """Take away the unfinished first admin: somebody else is being made."""
    staff, link = table_of(StaffAccount), table_of(StaffLink)
    nobody = select(staff.c.id).where(staff.c.email_digest == sign_ins.email_digest(tools, ""))
    session.execute(delete(link).where(link.c.staff_id.in_(nobody)))
    session.execute(delete(staff).where(staff.c.id.in_(nobody)))


def _clean_email(email: str) -> str:
    cleaned = email.strip()
    if not is_email(cleaned):
        raise BadInput({"email": "invalid"})
    return cleaned


def _clean_name(full_name: str) -> str:
    cleaned = " ".join(full_name.split())
    if not 0 < len(cleaned) <= 200 or not cleaned.isprintable():
        raise BadInput({"full_name": "invalid"})
    return cleaned


def is_email(text: str) -> bool:
    """Whether a mail can go to ``text``: one plain address, as HTML's e-mail fields understand it."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None
