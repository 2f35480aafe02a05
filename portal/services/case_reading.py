"""One reading of a case: each table read once by a statement built once, each sealed thing opened once.

The case page asks some of these tables for several things (who takes part, what staff wrote, what a clearance
covers). Whoever reads a whole case takes one ``CaseReading`` through its services; it belongs to one
transaction that changes nothing of what it read, and to one case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import BindParameter, CompoundSelect, Connection, Row, Select, String, bindparam, select
from sqlalchemy.orm import Session

from portal.domain.answers import Answer
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
from portal.services import openings
from portal.services.openings import Entry, OpenedStatement
from portal.services.tools import Tools

Rows = Sequence[Row[Any]]
Opened = TypeVar("Opened")


def this_case() -> BindParameter[str]:
    """The case that a statement is about; ``CaseReading.all`` says which."""
    return bindparam("of_case", type_=String)


class _Once(Generic[Opened]):
    """Read at the first look and kept. Not ``cached_property``: until Python 3.12 that holds one lock for all
    instances while it works, and who waited in it for the database's writer held up whoever was writing.
    """

    def __init__(self, reads: Callable[[Any], Opened]) -> None:
        self._reads = reads
        self.__doc__ = reads.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, reading: Any, _owner: type) -> Opened:
        found: Opened = self._reads(reading)
        reading.__dict__[self._name] = found
        return found


class CaseReading:
    """What stands of one case. ``tools`` may be ``Tools.reading``: here things are opened, none sealed.

    ``may_miss``: a statement that nobody can open is read as lost; else reading it raises VaultError.
    """

    def __init__(self, session: Session, tools: Tools, case_id: str, *, may_miss: bool = False) -> None:
        self.session = session
        self.tools = tools
        self.case_id = case_id
        self._statement = openings.opened_or_lost if may_miss else openings.opened_statement
        self._opened: dict[str, object] = {}
        self._early_saves: dict[str, tuple[Entry, ...]] = {}

    def all(self, statement: Select[Any] | CompoundSelect[Any], **values: str) -> Rows:
        """Every row of a statement over ``this_case()``."""
        return self._connection.execute(statement, {"of_case": self.case_id, **values}).all()

    @_Once
    def _connection(self) -> Connection:
        """The same transaction without the ORM, which has no part in statements of plain columns."""
        return self.session.connection()

    @_Once
    def people(self) -> Rows:
        """Both partner records, slot a first, with their accounts."""
        return self.all(_people())

    @_Once
    def intakes(self) -> Rows:
        """Every round of both, the first first."""
        return self.all(_intakes())

    @_Once
    def sendings(self) -> Rows:
        """Every sent round whose answers were put together, in the order they were sent."""
        return self.all(_sendings())

    @_Once
    def statements(self) -> Rows:
        """What either told outside the form, oldest first."""
        return self.all(_statements())

    @_Once
    def invitations(self) -> Rows:
        """Newest first; of one moment slot a first, so that nothing tells whose was written down first."""
        return self.all(_invitations())

    @_Once
    def consents(self) -> Rows:
        """Oldest first."""
        return self.all(_consents())

    @_Once
    def facts(self) -> Rows:
        """What staff state of either, newest first; of one moment in a fixed order."""
        return self.all(_facts())

    @_Once
    def devices(self) -> Rows:
        """The devices that either signed in from."""
        return self.all(_devices())

    @_Once
    def findings(self) -> Rows:
        """Oldest first."""
        return self.all(_findings())

    @_Once
    def clearances(self) -> Rows:
        """Newest first."""
        return self.all(_clearances())

    @_Once
    def interviews(self) -> Rows:
        """Newest first."""
        return self.all(_interviews())

    def said(self, kinds: Iterable[str]) -> dict[str, tuple[OpenedStatement, ...]]:
        """Opened statements of these kinds by partner id, oldest first."""
        wanted = frozenset(kinds)
        found: dict[str, list[OpenedStatement]] = {row.id: [] for row in self.people}
        for row in self.statements:
            if row.kind in wanted:
                found[row.partner_id].append(self._once(row, self._statement))
        return {partner_id: tuple(said) for partner_id, said in found.items()}

    def answers(self, intake_id: str) -> Mapping[str, Answer]:
        """Every answer of a round: put together once it was sent, else from its sealed saves."""
        row = next((one for one in self.sendings if one.intake_id == intake_id), None)
        if row is None:
            return openings.merge(openings.entries(self.session, self.tools, intake_id))
        return self._once(row, openings.opened_answers)

    def early_saves(self, intake_id: str) -> tuple[Entry, ...]:
        """The sealed saves of a round that the rules read before it is sent, opened, oldest first."""
        if intake_id not in self._early_saves:
            self._early_saves[intake_id] = openings.early_saves(self.session, self.tools, intake_id)
        return self._early_saves[intake_id]

    def _once(self, row: Row[Any], opened: Callable[[Tools, Row[Any]], Opened]) -> Opened:
        if row.id not in self._opened:
            self._opened[row.id] = opened(self.tools, row)
        return cast(Opened, self._opened[row.id])


@cache
def _people() -> Select[Any]:
    p, a = table_of(Partner).c, table_of(Account).c
    return (
        select(p.id, p.slot, a.id.label("account_id"), a.created_at.label("joined_at"), a.language)
        .join_from(table_of(Partner), table_of(Account), a.partner_id == p.id, isouter=True)
        .where(p.case_id == this_case())
        .order_by(p.slot)
    )


@cache
def _intakes() -> Select[Any]:
    c, p = table_of(Intake).c, table_of(Partner).c
    return (
        select(c.id, c.partner_id, c.round, c.questionnaire, c.variant, c.private, c.begun_at, c.submitted_at)
        .join_from(table_of(Intake), table_of(Partner), c.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(c.round)
    )


@cache
def _sendings() -> Select[Any]:
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
def _statements() -> Select[Any]:
    c, p = table_of(Statement).c, table_of(Partner).c
    return (
        select(c.id, c.partner_id, c.kind, c.body_sealed, c.said_at)
        .join_from(table_of(Statement), table_of(Partner), c.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(c.said_at, c.id)
    )


@cache
def _invitations() -> Select[Any]:
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
def _consents() -> Select[Any]:
    c, p = table_of(Consent).c, table_of(Partner).c
    return (
        select(c.id, c.partner_id, p.slot, c.name_sealed)
        .join_from(table_of(Consent), table_of(Partner), c.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(c.given_at, c.id)
    )


@cache
def _facts() -> Select[Any]:
    f, p = table_of(Fact).c, table_of(Partner).c
    return (
        select(f.id, f.partner_id, p.slot, f.kind, f.value, f.note_box, f.stated_by, f.stated_at)
        .join_from(table_of(Fact), table_of(Partner), f.partner_id == p.id)
        .where(p.case_id == this_case())
        .order_by(f.stated_at.desc(), p.slot, f.kind, f.id.desc())
    )


@cache
def _devices() -> Select[Any]:
    c, a, p = table_of(PartnerSession).c, table_of(Account).c, table_of(Partner).c
    return (
        select(c.account_id, c.device_hash)
        .distinct()
        .join_from(table_of(PartnerSession), table_of(Account), c.account_id == a.id)
        .join(table_of(Partner), a.partner_id == p.id)
        .where(p.case_id == this_case(), c.device_hash.is_not(None))
    )


@cache
def _findings() -> Select[Any]:
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
def _clearances() -> Select[Any]:
    c = table_of(Clearance).c
    return (
        select(c.id, c.tier, c.note_box, c.given_by, c.given_at)
        .where(c.case_id == this_case())
        .order_by(c.given_at.desc(), c.id.desc())
    )


@cache
def _interviews() -> Select[Any]:
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
