"""One reading of a case: each table read once by a statement built once, each sealed thing opened once.

The case page asks some of these tables for several things (who takes part, what staff wrote, what a clearance
covers). Whoever reads a whole case takes one ``CaseReading`` through its services; it belongs to one
transaction that changes nothing of what it read, and to one case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import CompoundSelect, Connection, Row, Select
from sqlalchemy.orm import Session

from portal.domain.answers import Answer
from portal.services import case_rows, openings
from portal.services.case_rows import this_case
from portal.services.openings import Entry, Missed, OpenedStatement
from portal.services.tools import Tools
from portal.vault import VaultError

__all__ = ["CaseReading", "Rows", "this_case"]

Rows = Sequence[Row[Any]]
Opened = TypeVar("Opened")


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

    ``may_miss``: what nobody can open is left out and noted in ``lost``; else reading it raises VaultError.
    """

    def __init__(self, session: Session, tools: Tools, case_id: str, *, may_miss: bool = False) -> None:
        self.session = session
        self.tools = tools
        self.case_id = case_id
        #: Ids of statements and intakes -> version of the oldest save that is lost, None for what is no save.
        self.lost: dict[str, int | None] = {}
        self._may_miss = may_miss
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
        return self.all(case_rows.people())

    @_Once
    def intakes(self) -> Rows:
        """Every round of both, the first first."""
        return self.all(case_rows.intakes())

    @_Once
    def sendings(self) -> Rows:
        """Every sent round whose answers were put together, in the order they were sent."""
        return self.all(case_rows.sendings())

    @_Once
    def statements(self) -> Rows:
        """What either told outside the form, oldest first."""
        return self.all(case_rows.statements())

    @_Once
    def invitations(self) -> Rows:
        """Newest first; of one moment slot a first, so that nothing tells whose was written down first."""
        return self.all(case_rows.invitations())

    @_Once
    def consents(self) -> Rows:
        """Oldest first."""
        return self.all(case_rows.consents())

    @_Once
    def facts(self) -> Rows:
        """What staff state of either, newest first; of one moment in a fixed order."""
        return self.all(case_rows.facts())

    @_Once
    def devices(self) -> Rows:
        """The devices that either signed in from."""
        return self.all(case_rows.devices())

    @_Once
    def findings(self) -> Rows:
        """Oldest first."""
        return self.all(case_rows.findings())

    @_Once
    def clearances(self) -> Rows:
        """Newest first."""
        return self.all(case_rows.clearances())

    @_Once
    def interviews(self) -> Rows:
        """Newest first."""
        return self.all(case_rows.interviews())

    def said(self, kinds: Iterable[str]) -> dict[str, tuple[OpenedStatement, ...]]:
        """Opened statements of these kinds by partner id, oldest first."""
        wanted = frozenset(kinds)
        found: dict[str, list[OpenedStatement]] = {row.id: [] for row in self.people}
        for row in self.statements:
            if row.kind in wanted:
                found[row.partner_id].append(self._once(row, self._statement))
        return {partner_id: tuple(said) for partner_id, said in found.items()}

    def _statement(self, tools: Tools, row: Row[Any]) -> OpenedStatement:
        if not self._may_miss:
            return openings.opened_statement(tools, row)
        opened = openings.opened_or_lost(tools, row)
        if opened.is_lost:
            self.lost[row.id] = None
        return opened

    def answers(self, intake_id: str) -> Mapping[str, Answer]:
        """Every answer of a round: put together once it was sent, else from its sealed saves.

        What was put together and is lost stands in its saves as well, as far as these can be opened.
        """
        row = next((one for one in self.sendings if one.intake_id == intake_id), None)
        if row is None:
            return self._from_saves(intake_id)
        try:
            return self._once(row, openings.opened_answers)
        except VaultError as error:
            self._miss(intake_id, [(None, error)])
            return self._once(row, lambda _tools, _row: self._from_saves(intake_id))

    def _from_saves(self, intake_id: str) -> Mapping[str, Answer]:
        missed: Missed = []
        saves = openings.entries(self.session, self.tools, intake_id, missed)
        self._miss(intake_id, missed)
        return openings.merge(saves)

    def early_saves(self, intake_id: str) -> tuple[Entry, ...]:
        """The sealed saves of a round that the rules read before it is sent, opened, oldest first.

        One that was lost after its answers were put together is no loss: they stand there.
        """
        if intake_id not in self._early_saves:
            missed: Missed = []
            saves = openings.early_saves(self.session, self.tools, intake_id, missed)
            if missed and all(one.intake_id != intake_id for one in self.sendings):
                self._miss(intake_id, missed)
            self._early_saves[intake_id] = saves
        return self._early_saves[intake_id]

    def call_wish(self, intake_id: str) -> Mapping[str, Answer]:
        """What an unsent round tells in its readable sections that the rules read."""
        try:
            return openings.call_wish(self.session, self.tools, intake_id)
        except VaultError as error:
            self._miss(intake_id, [(None, error)])
            return {}

    def _miss(self, intake_id: str, missed: Missed) -> None:
        """Note that something of an intake is lost, where this reading may go on without it."""
        if not missed:
            return
        if not self._may_miss:
            raise missed[0][1]
        versions = [version for version, _error in missed if version is not None]
        known = self.lost.get(intake_id)
        self.lost[intake_id] = min((*versions, *(() if known is None else (known,))), default=None)

    def _once(self, row: Row[Any], opened: Callable[[Tools, Row[Any]], Opened]) -> Opened:
        if row.id not in self._opened:
            self._opened[row.id] = opened(self.tools, row)
        return cast(Opened, self._opened[row.id])
