"""The two people of a case as staff and worker see them: rounds, statements, facts, participation.

Who takes part is derived here from what happened; nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.participation import Participation, Signs, participation
from portal.services import questionnaires
from portal.services.case_reading import CaseReading
from portal.services.errors import OutOfOrder
from portal.services.openings import OpenedStatement
from portal.services.tools import Tools
from portal.vault import VaultError

_KINDS = ("contact", "addition", "withdrawal", "not_now", "partner_choice")


@dataclass(frozen=True)
class IntakeRef:
    """One round of one partner's intake."""

    id: str
    round: int
    questionnaire: str
    variant: str
    private: str | None
    begun_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True)
class Person:
    """One slot of a case. ``intake``: the sent intake that is read; ``draft``: an unsent round, if any.

    ``whole``: where ``intake`` is a short form, the newest round before it that asked everything, for what
    the short one does not ask; else ``intake`` itself. None is read once it was withdrawn.
    """

    partner_id: str
    slot: str
    participation: Participation
    intake: IntakeRef | None
    whole: IntakeRef | None
    draft: IntakeRef | None
    joined_at: datetime | None
    language: str
    consented: bool
    statements: tuple[OpenedStatement, ...]
    facts: Mapping[str, tuple[str, datetime]]
    devices: frozenset[str]

    @property
    def has_account(self) -> bool:
        """Whether this person joined."""
        return self.joined_at is not None

    @property
    def submitted_at(self) -> datetime | None:
        """When the intake that is read was sent."""
        return None if self.intake is None else self.intake.submitted_at

    @property
    def answered_at(self) -> datetime | None:
        """When the oldest of the answers that are read were sent: what a short form leaves out ages on."""
        return self.submitted_at if self.whole is None else self.whole.submitted_at

    def newest(self, kind: str) -> OpenedStatement | None:
        """The newest statement of a kind."""
        said = [statement for statement in self.statements if statement.kind == kind]
        return said[-1] if said else None

    @property
    def contact(self) -> dict[str, Any] | None:
        """The newest safe contact."""
        said = self.newest("contact")
        return None if said is None else said.body

    def fact(self, kind: str) -> bool:
        """Whether staff last said yes to this fact."""
        return self.facts.get(kind, ("no",))[0] == "yes"


def people(session: Session, tools: Tools, case_id: str) -> tuple[Person, ...]:
    """Both slots of a case (one row a partner record), slot a first. A constant number of statements.

    Raises OutOfOrder where something they said cannot be opened: it may tell anything, so whoever would act
    by it is refused. What must go on all the same reads the case with ``may_miss``.
    """
    try:
        return read(CaseReading(session, tools, case_id))
    except VaultError as error:
        raise OutOfOrder("told_unreadable") from error


def read(reading: CaseReading) -> tuple[Person, ...]:
    """The same in one reading of the case."""
    rows, said = reading.people, reading.said(_KINDS)
    intakes, facts, devices = _intakes(reading), _facts(reading), _devices(reading)
    invited = {row.partner_id: row.sent_at for row in reversed(reading.invitations) if row.state == "sent"}
    consented = {row.partner_id for row in reading.consents}
    choices = {row.slot: _choice(said[row.id]) for row in rows}
    return tuple(
        _person(
            row,
            intakes=intakes.get(row.id, ()),
            said=said[row.id],
            invited_at=invited.get(row.id),
            consented=row.id in consented,
            facts=facts.get(row.id, {}),
            devices=devices.get(row.account_id, frozenset()),
            other_choice=choices.get("b" if row.slot == "a" else "a"),
        )
        for row in rows
    )


def _person(
    row: Any,
    *,
    intakes: tuple[IntakeRef, ...],
    said: tuple[OpenedStatement, ...],
    invited_at: datetime | None,
    consented: bool,
    facts: Mapping[str, tuple[str, datetime]],
    devices: frozenset[str],
    other_choice: str | None,
) -> Person:
    sent = [intake for intake in intakes if intake.submitted_at is not None]
    withdrawn_at = _time(said, "withdrawal")
    unsent = _unsent(intakes, withdrawn_at)
    signs = Signs(
        submitted_at=sent[-1].submitted_at if sent else None,
        # Staff may have begun a form for somebody without an account: that person has come all the same.
        joined_at=row.joined_at or next((intake.begun_at for intake in intakes), None),
        invited_at=invited_at,
        withdrawn_at=withdrawn_at,
        not_now_at=_time(said, "not_now"),
        other_choice=other_choice,
    )
    stands = participation(signs)
    read = _read(sent, withdrawn_at) if stands == "submitted" else (None, None)
    return Person(
        partner_id=row.id,
        slot=row.slot,
        participation=stands,
        intake=read[0],
        whole=read[1],
        draft=unsent[-1] if unsent else None,
        joined_at=row.joined_at,
        language=row.language or "en",
        consented=consented,
        statements=said,
        facts=facts,
        devices=devices,
    )


def _read(sent: list[IntakeRef], withdrawn_at: datetime | None) -> tuple[IntakeRef | None, IntakeRef | None]:
    """The newest sent round and the newest that asked everything, unless that one was withdrawn."""
    whole = [
        intake
        for intake in sent
        if not questionnaires.is_short(intake.variant)
        and (withdrawn_at is None or (intake.submitted_at or withdrawn_at) > withdrawn_at)
    ]
    return (sent[-1] if sent else None), (whole[-1] if whole else None)


def _unsent(intakes: Iterable[IntakeRef], withdrawn_at: datetime | None) -> list[IntakeRef]:
    """Rounds that are still open, but for one that was withdrawn."""
    return [
        intake
        for intake in intakes
        if intake.submitted_at is None and (withdrawn_at is None or intake.begun_at > withdrawn_at)
    ]


def _time(said: Iterable[OpenedStatement], kind: str) -> datetime | None:
    times = [statement.said_at for statement in said if statement.kind == kind]
    return times[-1] if times else None


def _choice(said: Iterable[OpenedStatement]) -> str | None:
    """The newest word on the other; one that is lost may have said that nobody contacts them."""
    choices = [statement for statement in said if statement.kind == "partner_choice"]
    if not choices:
        return None
    return "do_not_contact" if choices[-1].is_lost else str(choices[-1].body.get("choice"))


def _intakes(reading: CaseReading) -> dict[str, tuple[IntakeRef, ...]]:
    found: dict[str, list[IntakeRef]] = {}
    for row in reading.intakes:
        values = {key: value for key, value in row._mapping.items() if key != "partner_id"}
        found.setdefault(row.partner_id, []).append(IntakeRef(**values))
    return {partner_id: tuple(refs) for partner_id, refs in found.items()}


def _facts(reading: CaseReading) -> dict[str, dict[str, tuple[str, datetime]]]:
    """The latest value of each fact by partner; a confirmation is keyed by what it confirms."""
    found: dict[str, dict[str, tuple[str, datetime]]] = {}
    for row in reversed(reading.facts):
        key = f"confirm:{row.value}" if row.kind == "confirm" else row.kind
        found.setdefault(row.partner_id, {})[key] = (row.value, row.stated_at)
    return found


def _devices(reading: CaseReading) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in reading.devices:
        found.setdefault(row.account_id, set()).add(row.device_hash)
    return {account_id: frozenset(hashes) for account_id, hashes in found.items()}
