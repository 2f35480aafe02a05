"""Consent: the text shown, and its being given. The typed name is sealed; version, hash and time stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.content import consent, help_lines
from portal.content.consent import ConsentPage
from portal.domain.access import Viewer
from portal.models import Consent, table_of
from portal.services import audit
from portal.services.practices import PracticeView
from portal.services.tools import Tools
from portal.vault import Place


@dataclass(frozen=True)
class Given:
    """One consent as its giver may see it."""

    version: str
    policy: str
    given_at: datetime


def page(practice: PracticeView, language: str) -> ConsentPage:
    """The newest text in ``language`` ("en", "es"), with the practice's confidentiality policy."""
    return consent.load().page(
        language,
        practice.confidentiality,
        practice=practice.name,
        phone=practice.phone,
        help_lines=help_lines.as_sentence(practice.help_lines(language)),
    )


def latest(session: Session, *, by: Viewer) -> Given | None:
    """The viewer's newest consent. Partner door."""
    c = table_of(Consent).c
    row = session.execute(
        select(c.version, c.policy, c.given_at)
        .where(c.partner_id == by.partner_id)
        .order_by(c.given_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Given(**row._mapping)


def give(
    session: Session, tools: Tools, *, full_name: str, practice: PracticeView, language: str, by: Viewer
) -> Given:
    """Keep the consent to exactly the text that ``page`` shows now; the first one stands for good."""
    held = latest(session, by=by)
    if held is not None:
        return held
    shown = page(practice, language)
    consent_id, now = tools.new_id(), tools.now()
    row = {
        "id": consent_id,
        "partner_id": by.partner_id,
        "version": shown.version,
        "policy": practice.confidentiality,
        "language": language,
        "text_hash": shown.digest.removeprefix("sha256:"),
        "name_sealed": tools.vault.seal(Place("consent", "name_sealed", consent_id), full_name),
        "given_at": now,
    }
    session.execute(insert(table_of(Consent)), [row])
    detail = {"version": shown.version, "policy": practice.confidentiality}
    audit.record(session, tools, by=by, verb="consent.given", subject=("consent", consent_id), detail=detail)
    return Given(version=shown.version, policy=practice.confidentiality, given_at=now)
