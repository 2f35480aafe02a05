"""Who people are, for staff: the names partners typed under their consent, and the names of staff.

A consent name is sealed; opening one takes about 0.05 ms. A page of the caseload opens a hundred, and most of
them were on the page before: those are remembered a while (decision 0091).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from portal.models import Consent, StaffAccount, table_of
from portal.opened import mark
from portal.services.case_reading import CaseReading
from portal.services.tools import Tools
from portal.vault import Place


def newest_consent(partner_id: ColumnElement[str]) -> Select[tuple[str]]:
    """Id of the newest consent of the partner of a column; correlate it."""
    c = table_of(Consent).c
    return select(c.id).where(c.partner_id == partner_id).order_by(c.given_at.desc(), c.id.desc()).limit(1)


def opened(tools: Tools, consent_id: str | None, blob: bytes | None) -> str | None:
    """The name under one consent; None where nobody consented yet."""
    if consent_id is None or blob is None:
        return None
    place = Place("consent", "name_sealed", consent_id)
    return tools.vault.opened.recall(place, mark(blob), lambda: tools.vault.open(place, blob))


def of_case(session: Session, tools: Tools, case_id: str) -> dict[str, str]:
    """Names by slot, newest consent each; a slot without consent is missing. One statement."""
    return read(CaseReading(session, tools, case_id))


def read(reading: CaseReading) -> dict[str, str]:
    """The same in one reading of the case."""
    newest = {row.slot: row for row in reading.consents}
    names = {slot: opened(reading.tools, row.id, row.name_sealed) for slot, row in newest.items()}
    return {slot: name for slot, name in names.items() if name is not None}


def of_staff(session: Session, tools: Tools) -> dict[str, str]:
    """Every staff member's name by id, disabled ones too. One statement; a practice has few."""
    rows = session.execute(_staff()).all()
    return {
        row.id: tools.vault.unbox("staff", Place("staff_account", "name_box", row.id), row.name_box)
        for row in rows
    }


@cache
def _staff() -> Select[Any]:
    c = table_of(StaffAccount).c
    return select(c.id, c.name_box)
