"""People with roles, as an admin keeps them: made, changed, disabled. Nobody's password is ever seen here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Row, func, select, update
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.models import CaseFile, StaffAccount, table_of
from portal.services import audit, jobs, mails, sessions, set_ups, sign_ins
from portal.services.errors import BadInput, NotFound
from portal.services.set_ups import StaffMade
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class StaffMember:
    """One staff account. ``is_set_up``: its owner has chosen a password and confirmed the second factor."""

    id: str
    email: str = field(repr=False)
    full_name: str = field(repr=False)
    roles: frozenset[str]
    created_at: datetime
    is_set_up: bool
    is_disabled: bool
    #: Waits for the owner to come with the mailed link and the code said by voice (``renewals``).
    is_renewing: bool = False

    @property
    def is_active(self) -> bool:
        """Whether this person can sign in."""
        return self.is_set_up and not self.is_disabled


def everyone(session: Session, tools: Tools) -> tuple[StaffMember, ...]:
    """Every staff account that has an e-mail, oldest first. One statement; a practice has few."""
    c = table_of(StaffAccount).c
    rows = session.execute(
        select(table_of(StaffAccount))
        .where(c.email_digest != sign_ins.email_digest(tools, ""))
        .order_by(c.created_at, c.id)
    )
    return tuple(_member(tools, row) for row in rows)


def find(session: Session, tools: Tools, staff_id: str) -> StaffMember:
    """One staff account. Raises NotFound."""
    row = session.execute(
        select(table_of(StaffAccount)).where(table_of(StaffAccount).c.id == staff_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return _member(tools, row)


def _member(tools: Tools, row: Row[Any]) -> StaffMember:
    return StaffMember(
        id=row.id,
        email=tools.vault.unbox("staff", Place("staff_account", "email_box", row.id), row.email_box),
        full_name=tools.vault.unbox("staff", Place("staff_account", "name_box", row.id), row.name_box),
        roles=frozenset(role for role in row.roles.split(",") if role),
        created_at=row.created_at,
        is_set_up=row.set_up_at is not None,
        is_disabled=row.disabled_at is not None,
        is_renewing=row.set_up_at is not None and row.password_hash is None,
    )


def therapist_by_email(session: Session, tools: Tools, email: str) -> str:
    """Id of the therapist with this e-mail who is not disabled. Raises BadInput ("therapist")."""
    c = table_of(StaffAccount).c
    row = session.execute(
        select(c.id, c.roles).where(
            c.email_digest == sign_ins.email_digest(tools, email), c.disabled_at.is_(None)
        )
    ).one_or_none()
    if row is None or "therapist" not in row.roles.split(","):
        raise BadInput({"therapist": "no_such_therapist"})
    return str(row.id)


def create(
    session: Session, tools: Tools, *, email: str, full_name: str, roles: Iterable[str], by: Viewer
) -> StaffMade:
    """Make an account and mail its set-up link, which is also returned, to be shown once.

    Raises BadInput for a bad e-mail, name or role, Conflict ("email_taken").
    """
    made = set_ups.create(session, tools, email=email, full_name=full_name, roles=roles, by=by)
    _mail_link(session, tools, email.strip(), made.link)
    return made


def _mail_link(session: Session, tools: Tools, to: str, link: str) -> None:
    mails.queue(session, tools, template="staff_set_up", to=to, language="en", params={"link": link})


def change(
    session: Session, tools: Tools, *, staff_id: str, roles: Iterable[str] | None, disabled: bool, by: Viewer
) -> None:
    """Set roles (None: they stay) and whether the account is disabled, which ends its sessions at once.

    Open cases of somebody who is a therapist no longer become everybody's again, so that none is lost
    from sight. Raises NotFound, and BadInput for no or unknown roles and for taking the last admin away.
    """
    before = find(session, tools, staff_id)
    stored = ",".join(sorted(before.roles)) if roles is None else set_ups.role_set(roles)
    is_admin = "admin" in stored.split(",") and not disabled
    if before.is_active and "admin" in before.roles and not is_admin and _active_admins(session) == 1:
        raise BadInput({"disabled" if disabled else "roles": "last_admin"})
    table = table_of(StaffAccount)
    disabled_at = func.coalesce(table.c.disabled_at, tools.now()) if disabled else None
    session.execute(update(table).where(table.c.id == staff_id).values(roles=stored, disabled_at=disabled_at))
    if disabled:
        sessions.end_all(session, tools, Viewer(kind="staff", id=staff_id), keep_current=False)
    freed = 0 if "therapist" in stored.split(",") and not disabled else _free_cases(session, staff_id)
    detail: audit.Detail = {"roles": stored, "disabled": disabled, "cases_unassigned": freed}
    audit.record(session, tools, by=by, verb="staff.changed", subject=("staff", staff_id), detail=detail)


def _active_admins(session: Session) -> int:
    c = table_of(StaffAccount).c
    rows = session.execute(select(c.roles).where(c.disabled_at.is_(None), c.set_up_at.is_not(None)))
    return sum("admin" in row.roles.split(",") for row in rows)


def _free_cases(session: Session, staff_id: str) -> int:
    """Take this therapist off every open case; returns how many."""
    table = table_of(CaseFile)
    own = (table.c.therapist_id == staff_id) & table.c.closed_at.is_(None)
    done = session.execute(update(table).where(own).values(therapist_id=None))
    return cast("CursorResult[Any]", done).rowcount


def start_reset(session: Session, tools: Tools, *, staff_id: str, by: Viewer) -> str | None:
    """Have a reset link mailed to its owner; the admin sees neither link nor password (T44).

    An account that was never set up gets a new set-up link instead, which is also returned. Raises NotFound
    for an account that does not exist or is disabled.
    """
    member = find(session, tools, staff_id)
    if member.is_disabled:
        raise NotFound
    link = None
    if member.is_set_up:
        jobs.add(session, tools, kind="staff_reset_link", subject_id=staff_id)
    else:
        link = set_ups.new_link(session, tools, staff_id=staff_id)
        _mail_link(session, tools, member.email, link)
    audit.record(session, tools, by=by, verb="staff.reset_started", subject=("staff", staff_id))
    return link
