"""The statements of one case, each built once: what ``CaseReading`` reads of each table, in order."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, String, bindparam, select

from portal.models import (
    Account,
    AnswerSet,
    Clearance,
    Consent,
    Fact,
    Finding,
    Intake,
    Interview,
    Invitation,
    Partner,
    PartnerSession,
    Statement,
    table_of,
)


def this_case() -> BindParameter[str]:
    """The case that a statement is about; ``CaseReading.all`` says which."""
    return bindparam("of_case", type_=String)


@cache
def people() -> Select[Any]:
    """Both partner records, slot a first, with their accounts."""
    p, a = table_of(Partner).c, table_of(Account).c
    return (
        select(p.id, p.slot, a.id.label("account_id"), a.created_at.label("joined_at"), a.language)
        .join_from(table_of(Partner), table_of(Account), a.partner_id == p.id, isouter=True)
        .where(p.case_id == this_case())
        .order_by(p.slot)
    )


@cache
def intakes() -> Select[Any]:
    """Every round of both, the first first."""
    c, p = table_of(Intake).c, table_of(Partner).c
    return (
        select(c.id, c.partner_id, c.round, c.questionnaire, c.variant, c.private, c.begun_at, c.submitted_at)
        .join_from(table_of(Intake), table_of(Partner), c.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(c.round)
    )


@cache
def sendings() -> Select[Any]:
    """Every sent round whose answers were put together, in the order they were sent."""
    i, a, p = table_of(Intake).c, table_of(AnswerSet).c, table_of(Partner).c
    return (
        select(
            i.partner_id, i.id.label("intake_id"), i.questionnaire, i.variant, i.submitted_at,
            a.id, a.body_sealed,
        )
        .join_from(table_of(Intake), table_of(AnswerSet), a.intake_id == i.id)
        .join(table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(i.submitted_at, i.round)
    )  # fmt: skip


@cache
def statements() -> Select[Any]:
    """What either told outside the form, oldest first."""
    c, p = table_of(Statement).c, table_of(Partner).c
    return (
        select(c.id, c.partner_id, c.kind, c.body_sealed, c.said_at)
        .join_from(table_of(Statement), table_of(Partner), c.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(c.said_at, c.id)
    )


@cache
def invitations() -> Select[Any]:
    """Newest first; of one moment slot a first."""
    i, p = table_of(Invitation).c, table_of(Partner).c
    return (
        select(
            i.id, i.partner_id, p.slot, i.state, i.channel, i.address_sealed, i.created_at, i.sent_at,
            i.expires_at, i.used_at, i.link_box,
        )
        .join_from(table_of(Invitation), table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(i.created_at.desc(), p.slot, i.id.desc())
    )  # fmt: skip


@cache
def consents() -> Select[Any]:
    """Oldest first."""
    c, p = table_of(Consent).c, table_of(Partner).c
    return (
        select(c.id, c.partner_id, p.slot, c.name_sealed)
        .join_from(table_of(Consent), table_of(Partner), c.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(c.given_at, c.id)
    )


@cache
def facts() -> Select[Any]:
    """What staff state of either, newest first."""
    f, p = table_of(Fact).c, table_of(Partner).c
    return (
        select(f.id, f.partner_id, p.slot, f.kind, f.value, f.note_box, f.stated_by, f.stated_at)
        .join_from(table_of(Fact), table_of(Partner), f.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(f.stated_at.desc(), p.slot, f.kind, f.id.desc())
    )


@cache
def devices() -> Select[Any]:
    """The devices that either signed in from."""
    c, a, p = table_of(PartnerSession).c, table_of(Account).c, table_of(Partner).c
    return (
        select(c.account_id, c.device_hash)
        .distinct()
        .join_from(table_of(PartnerSession), table_of(Account), c.account_id == a.id)
        .join(table_of(Partner), a.partner_id == p.id)
        .where(p.case_id == this_case(), c.device_hash.is_not(None))
    )


@cache
def findings() -> Select[Any]:
    """Oldest first."""
    f, p = table_of(Finding).c, table_of(Partner).c
    return (
        select(
            f.id, f.partner_id, p.slot, f.intake_id, f.state, f.section, f.found_at, f.settled_at, f.body_box
        )
        .join_from(table_of(Finding), table_of(Partner), f.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(f.found_at, f.id)
    )


@cache
def clearances() -> Select[Any]:
    """Newest first."""
    c = table_of(Clearance).c
    return (
        select(c.id, c.tier, c.note_box, c.given_by, c.given_at)
        .where(c.case_id == this_case())
        .order_by(c.given_at.desc(), c.id.desc())
    )


@cache
def interviews() -> Select[Any]:
    """Newest first."""
    i, p = table_of(Interview).c, table_of(Partner).c
    return (
        select(
            i.id, i.partner_id, p.slot, i.identity_confirmed, i.private_setting, i.safety_reasked,
            i.note_box, i.held_by, i.held_at,
        )
        .join_from(table_of(Interview), table_of(Partner), i.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(i.held_at.desc(), i.id.desc())
    )  # fmt: skip
