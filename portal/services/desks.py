"""A partner's desk: the live session together with where their form stands, in one statement.

A form page and a save read this once and nothing else (measures.md, statement counts). Everything here
is the viewer's own; partner door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    String,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.lifecycle import WayIn
from portal.domain.questionnaire import Questionnaire, Section
from portal.driven import Driven
from portal.models import (
    Account,
    Consent,
    Intake,
    Partner,
    PartnerSession,
    SectionState,
    Statement,
    hexed,
    table_of,
)
from portal.services import practices, questionnaires, sessions
from portal.services.sessions import Seat
from portal.services.tools import Tools
from portal.store import Hot


class Place(NamedTuple):
    """Where one section stands. ``box``: its readable answers in hex digits, "" where nothing can be read."""

    version: int
    save_digest: str
    #: Keys, parted by blanks: a save needs those of one section of a dozen.
    told: str
    is_opened: bool
    box: str

    @property
    def touched(self) -> tuple[str, ...]:
        """Keys of the items that were answered or declined."""
        return tuple(self.told.split())

    @property
    def draft_box(self) -> bytes | None:
        """The readable answers, boxed; None where nothing can be read."""
        return bytes.fromhex(self.box) if self.box else None


#: A place's first field.
_VERSION: Final[Callable[[Place], int]] = itemgetter(0)


@dataclass(frozen=True)
class Desk:
    """The newest round of a partner's intake, one place a section (in no order)."""

    intake_id: str
    round: int
    edition: str
    variant: str
    submit_key: str
    position: str
    private: str | None
    submitted_at: datetime | None
    places: Mapping[str, Place]

    @property
    def is_open(self) -> bool:
        """Whether the intake still waits to be sent."""
        return self.submitted_at is None

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questionnaire this intake was begun with."""
        return questionnaires.of(self.edition, self.variant)

    def section(self, key: str) -> Section | None:
        """What may be saved under a key: a section of this form, or one that a short form does not ask."""
        whole = questionnaires.of(self.edition, questionnaires.whole(self.variant))
        for asked in (self.questionnaire, whole):
            if key in asked.section_keys:
                return asked.section(key)
        return None

    @cached_property
    def newest(self) -> Place:
        """The place saved last: its version is the save counter of the whole intake."""
        return max(self.places.values(), key=_VERSION)

    @property
    def version(self) -> int:
        """The save counter of the whole intake; 0 before the first save."""
        return self.newest.version

    @property
    def touched(self) -> dict[str, tuple[str, ...]]:
        """Item keys answered or declined, by section."""
        return {key: place.touched for key, place in self.places.items()}


@dataclass(frozen=True)
class SeatAtDesk(Seat):
    """A partner's seat with the way in and the desk; no desk before the first ``intakes.begin``."""

    way: WayIn | None = None
    desk: Desk | None = None


def find_seat(session: Hot, tools: Tools, token: str) -> SeatAtDesk | None:
    """The live partner session of this cookie and its desk, or None. One statement, one row."""
    return _seat(session, tools, token, _seat_statement())


def find_seat_for_page(session: Hot, tools: Tools, token: str) -> SeatAtDesk | None:
    """The same, with the practice's settings for a page to show."""
    return _seat(session, tools, token, _page_statement())


def _seat(session: Hot, tools: Tools, token: str, statement: Driven) -> SeatAtDesk | None:
    values = {"token_hash": sessions.token_digest(tools, token)}
    row = statement.one(session, values)
    known = sessions.partner_facts(tools, row)
    if row is None or known is None:
        return None
    desk = _desk(row)
    way = WayIn(
        kept=row.kept,
        leaving_seen=row.leaving_seen,
        consented=bool(row.consented),
        contact_given=bool(row.contact_given),
        sent=desk is not None and not desk.is_open,
    )
    practice = practices.of_values(*row[_settings()]) if statement is _page_statement() else None
    return SeatAtDesk(**known, practice=practice, way=way, desk=desk)


def find(session: Hot, *, by: Viewer) -> Desk | None:
    """The viewer's desk read anew (inside a writing transaction), or None."""
    return _desk(_own_statement().one(session, {"account_id": by.id}))


def of_partner(session: Session, partner_id: str) -> Desk | None:
    """The newest round of this partner record, or None: for staff who enter a form. Staff door."""
    p = table_of(Partner)
    tables = _desk_tables(p, p.c.id)
    statement = select(*_desk_columns()).select_from(tables).where(p.c.id == partner_id)
    return _desk(session.execute(statement).one_or_none())


# Built once: putting these two together costs more than running them.
@cache
def _seat_statement() -> Driven:
    columns = (*sessions.partner_columns(), *_way_columns(), *_desk_columns())
    tables = _desk_tables(_seat_tables(), table_of(Account).c.partner_id)
    return Driven(select(*columns).select_from(tables).where(sessions.is_partner_token()))


@cache
def _page_statement() -> Driven:
    columns = (*sessions.partner_columns(), *practices.columns(), *_way_columns(), *_desk_columns())
    tables = _desk_tables(practices.beside(_seat_tables()), table_of(Account).c.partner_id)
    return Driven(select(*columns).select_from(tables).where(sessions.is_partner_token()))


@cache
def _settings() -> slice:
    """Where the practice's settings stand in a row of ``_page_statement``: names take longer than places."""
    begin = len(sessions.partner_columns())
    return slice(begin, begin + len(practices.columns()))


@cache
def _own_statement() -> Driven:
    account = table_of(Account)
    columns = (account.c.id.label("account_id"), *_desk_columns())
    tables = _desk_tables(account, account.c.partner_id)
    return Driven(select(*columns).select_from(tables).where(account.c.id == bindparam("account_id")))


def _seat_tables() -> FromClause:
    held, account = table_of(PartnerSession), table_of(Account)
    return held.join(account, held.c.account_id == account.c.id)


def _desk_tables(base: FromClause, partner_id: ColumnElement[str]) -> FromClause:
    intake = table_of(Intake)
    other = intake.alias("other_round")
    newest = select(func.max(other.c.round)).where(other.c.partner_id == partner_id).scalar_subquery()
    return base.join(intake, (intake.c.partner_id == partner_id) & (intake.c.round == newest), isouter=True)


def _desk_columns() -> tuple[ColumnElement[Any], ...]:
    i = table_of(Intake).c
    return (
        i.id.label("intake_id"), i.round, i.questionnaire, i.variant, i.submit_key, i.position, i.private,
        i.submitted_at, _told_places().label("places"),
    )  # fmt: skip


#: How many of them there are; the last columns of every row.
_HEAD: Final = 9


# Keys, counters, digests and hex digits hold neither of these.
_FIELD, _LINE = "|", ";"


def _told_places() -> ScalarSelect[str]:
    """Every section of the intake as a field of one text: as a row each they would repeat all the rest, and
    reading a dozen of those takes thrice as long."""
    s = table_of(SectionState).c
    between: ColumnElement[str] = literal_column(f"'{_FIELD}'")
    no, yes = literal_column("''", String), literal_column("'1'", String)
    is_opened = case((s.opened_at.is_(None), no), else_=yes)
    told: ColumnElement[str] = s.section
    for field in (cast(s.version, String), s.save_digest, s.touched, is_opened):
        told = told.concat(between).concat(field)
    told = told.concat(between).concat(func.coalesce(hexed(s.draft_box), no))
    line: Any = literal_column(f"'{_LINE}'")  # as a value it would be written into the text anew each time
    lines = func.aggregate_strings(told, line)
    return select(lines).where(s.intake_id == table_of(Intake).c.id).scalar_subquery()


def _way_columns() -> tuple[ColumnElement[Any], ...]:
    partner_id, consent, statement = (
        table_of(Account).c.partner_id,
        table_of(Consent).c,
        table_of(Statement).c,
    )
    # EXISTS over a named column: "SELECT *" would ask the partner door for columns it refuses.
    contact = select(statement.id).where(statement.partner_id == partner_id, statement.kind == "contact")
    return (
        select(consent.id).where(consent.partner_id == partner_id).exists().label("consented"),
        contact.exists().label("contact_given"),
    )


def _desk(row: Any | None) -> Desk | None:
    if row is None or row.intake_id is None:
        return None
    values: Sequence[Any] = row[-_HEAD:]
    intake_id, number, edition, variant, submit_key, position, private, submitted_at, places = values
    return Desk(
        intake_id=intake_id,
        round=number,
        edition=edition,
        variant=variant,
        submit_key=submit_key,
        position=position,
        private=private,
        submitted_at=submitted_at,
        places=dict(map(_place, places.split(_LINE))),
    )


def _place(line: str) -> tuple[str, Place]:
    section, version, save_digest, told, is_opened, box = line.split(_FIELD)
    return section, Place(int(version), save_digest, told, is_opened != "", box)
