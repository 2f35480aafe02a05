"""Telling staff, by neutral mail, that a case wants to be looked at. Names nobody and nothing."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import PRACTICE_ID, Practice, StaffAccount, table_of
from portal.services import case_access, mails
from portal.services.tools import Tools
from portal.vault import Place

#: Tiers whose finding goes to the on-call contact at once.
ON_CALL_TIERS: Final = frozenset({"A", "B", "crisis", "order", "child"})


def on_call_address(session: Session, tools: Tools) -> str | None:
    """The practice's on-call e-mail, if it set one."""
    c = table_of(Practice).c
    return opened(tools, session.scalar(select(c.on_call_box).where(c.id == PRACTICE_ID)))


def opened(tools: Tools, box: bytes | None) -> str | None:
    """The on-call e-mail in its box; None where the practice set none."""
    place = Place("practice", "on_call_box", PRACTICE_ID)
    return None if box is None else tools.vault.unbox("staff", place, box)


def tell_staff(session: Session, tools: Tools, *, case_id: str, is_urgent: bool) -> int:
    """Queue one alert each: the on-call contact if urgent, and the assigned therapist or else all therapists.

    Returns how many mails were queued.
    """
    to = _therapists(session, tools, case_id)
    if is_urgent and (on_call := on_call_address(session, tools)) is not None:
        to = {on_call: "en", **to}
    for address, language in to.items():
        params = {"link": f"{tools.base_url}/caseload"}
        mails.queue(session, tools, template="on_call_alert", to=address, language=language, params=params)
    return len(to)


def _therapists(session: Session, tools: Tools, case_id: str) -> dict[str, str]:
    """Address -> language of the assigned therapist and of whoever covers; else of every active one.

    Nobody may be assigned, or somebody who has not set up the account yet: an alert never goes nowhere
    for that. Somebody with a conflict of interest hears nothing of the case.
    """
    a = table_of(StaffAccount).c
    active = session.execute(
        select(a.id, a.email_box, a.language)
        .where(a.roles.contains("therapist"), a.disabled_at.is_(None), a.set_up_at.is_not(None))
        .order_by(a.created_at, a.id)
    ).all()
    barred = case_access.barred(session, case_id)
    free = [row for row in active if row.id not in barred]
    in_charge = case_access.in_charge(session, case_id, tools.now())
    rows = [row for row in free if row.id in in_charge] or free
    return {
        tools.vault.unbox("staff", Place("staff_account", "email_box", row.id), row.email_box): row.language
        for row in rows
    }
