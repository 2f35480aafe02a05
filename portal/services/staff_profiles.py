"""What each therapist offers, as an admin keeps it: trainings, languages, formats, hours, places."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.domain import staffing
from portal.domain.access import Viewer
from portal.domain.staffing import Profile
from portal.models import CaseFile, StaffAccount, table_of
from portal.services import audit, people
from portal.services.errors import BadInput
from portal.services.tools import Tools
from portal.vault import Place

#: Open cases of one therapist are counted so far: what a page takes must not grow with the practice.
LOAD: Final = 1_000

#: Field -> what may be chosen in it.
CHOICES: Final[Mapping[str, Collection[str]]] = {
    "trainings": staffing.TRAININGS,
    "languages": staffing.LANGUAGES,
    "formats": staffing.FORMATS,
    "hours": staffing.HOURS,
}


def all_profiles(session: Session, tools: Tools) -> dict[str, Profile]:
    """Every staff member's profile by id, empty where nothing was said. One statement."""
    c = table_of(StaffAccount).c
    rows = session.execute(select(c.id, c.profile_box)).all()
    return {row.id: _opened(tools, row.id, row.profile_box) for row in rows}


def _opened(tools: Tools, staff_id: str, box: bytes | None) -> Profile:
    if box is None:
        return Profile()
    kept = json.loads(tools.vault.unbox("staff", _place(staff_id), box))
    return Profile(**{name: frozenset(kept[name]) for name in CHOICES}, places=kept["places"])


def _place(staff_id: str) -> Place:
    return Place("staff_account", "profile_box", staff_id)


def loads(session: Session) -> dict[str, int]:
    """How many open cases each of the staff has, counted up to ``LOAD``: nobody sees so many couples.

    One statement, over the index of their queues.
    """
    c, s = table_of(CaseFile).c, table_of(StaffAccount).c
    cases = select(c.id).where(c.therapist_id == s.id, c.closed_at.is_(None))
    # In the order of that index: PostgreSQL would else read the whole table for whoever has few.
    cases = cases.order_by(c.closed_at, c.waiting_since, c.id).limit(LOAD)
    count = select(func.count()).select_from(cases.correlate(table_of(StaffAccount)).subquery())
    rows = session.execute(select(s.id, count.scalar_subquery()))
    return {staff_id: found for staff_id, found in rows if found}


def change(
    session: Session, tools: Tools, *, staff_id: str, given: Mapping[str, Collection[str]], by: Viewer
) -> None:
    """Set what is given (field -> values; ``places`` holds one text); what is missing stays.

    Raises NotFound, and BadInput with a reason for each field at fault.
    """
    people.find(session, tools, staff_id)
    chosen = checked(given)
    kept = asdict(all_profiles(session, tools)[staff_id])
    changed = {name: value for name, value in chosen.items() if kept[name] != value}
    if not changed:
        return
    body = json.dumps({**kept, **changed}, default=sorted, sort_keys=True)
    table = table_of(StaffAccount)
    box = tools.vault.box("staff", _place(staff_id), body)
    session.execute(update(table).where(table.c.id == staff_id).values(profile_box=box))
    detail: audit.Detail = {"fields": sorted(changed)}
    audit.record(
        session, tools, by=by, verb="staff.profile_changed", subject=("staff", staff_id), detail=detail
    )


def checked(given: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """Posted values as a profile holds them. Raises BadInput; a name that is no field is left out."""
    faults: dict[str, str] = {}
    found: dict[str, Any] = {}
    checks: dict[str, Callable[[Collection[str]], Any]] = {
        **{name: _among(options) for name, options in CHOICES.items()},
        "places": _places,
    }
    for name, check in checks.items():
        if name not in given:
            continue
        try:
            found[name] = check([text for text in given[name] if text])
        except ValueError as fault:
            faults[name] = str(fault)
    if faults:
        raise BadInput(faults)
    return found


def _among(options: Collection[str]) -> Callable[[Collection[str]], frozenset[str]]:
    def check(values: Collection[str]) -> frozenset[str]:
        if not frozenset(values) <= frozenset(options):
            raise ValueError("not_an_option")
        return frozenset(values)

    return check


def _places(values: Collection[str]) -> int | None:
    low, high = staffing.PLACES
    text = "".join(values).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 4 and low <= int(text) <= high):
        raise ValueError("out_of_range")
    return int(text)
