"""A couple as the rules see it: two partners' answers, earlier findings, clearances.

Shapes and values are those of contract.md ("Couple file"). An answer that was not given and one that
was declined are both ``None`` here (declined booleans are ``False``); which of the two it was stands in
``Partner.skipped`` and ``Partner.declined``. Everything is frozen; the parts of a partner are named tuples,
which are made in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from portal.domain.constructs import ACTS, CONTROL_KINDS

Slot = Literal["a", "b"]
Tier = Literal["A", "B", "H", "crisis"]
Participation = Literal["submitted", "in_progress", "invited", "not_invited", "declined", "do_not_contact"]

SLOTS: Final[tuple[Slot, Slot]] = ("a", "b")
TIERS: Final[tuple[Tier, ...]] = ("A", "B", "H", "crisis")
PARTICIPATIONS: Final[tuple[Participation, ...]] = (
    "submitted", "in_progress", "invited", "not_invited", "declined", "do_not_contact",
)  # fmt: skip
EXPECTED: Final = frozenset({"in_progress", "invited", "not_invited"})
GONE: Final = frozenset({"declined", "do_not_contact"})

SEVERE_ACTS: Final = frozenset(
    {"injury", "sexual_force", "threat_to_kill", "weapon", "stalking", "strangled"}
)
"""Severe acts of clinical.md §3; ``strangled`` weighs more than the rest."""
ANY_ACT: Final = frozenset(ACTS) - {"insult"}
"""*Any act* of clinical.md §3: every act but insult."""
SEVERE_CONTROL: Final = frozenset(CONTROL_KINDS[4:])
"""Severe control kinds of clinical.md §2: movement, threats, medicine or aids, outing."""

ALL_ACTS: Final = frozenset(ACTS)
_NO_ACTS: Final[frozenset[str]] = frozenset()


def other(slot: Slot) -> Slot:
    """The other slot."""
    return "b" if slot == "a" else "a"


class Eligibility(NamedTuple):
    """May this person be seen here at all (R0)."""

    adult: bool | None = None
    consented: bool | None = None
    in_service_area: bool | None = None
    identity_conflict: bool | None = None


class Setting(NamedTuple):
    """How and when the intake was given, and how the practice may reach this person."""

    submitted_on: date | None = None
    important_event_since: bool | None = None
    safe_channel: bool | None = None
    private: str | None = None
    shared_device: bool | None = None
    shared_account: bool | None = None
    validity_concern: bool | None = None
    call_first: bool | None = None


class Direction(NamedTuple):
    """Where this partner stands towards the relationship and towards therapy. Lean 1-5, the scales 0-10."""

    lean: int | None = None
    decision_firmness: int | None = None
    first_step: str | None = None
    commit_months: str | None = None
    own_change: int | None = None
    hope: int | None = None
    doubts_told: str | None = None
    partner_lean_guess: int | None = None
    legal_steps: str | None = None
    legal_steps_by: str | None = None
    recent_separation: bool | None = None

    @property
    def reading(self) -> int | None:
        """Lean 1-5 as every rule reads it: 5 with a firmness under 8 is 4 (clinical.md §2)."""
        if self.lean == 5 and self.decision_firmness is not None and self.decision_firmness < 8:
            return 4
        return self.lean

    @property
    def starter(self) -> str | None:
        """Who began the legal steps; not answered is "self" (contract.md)."""
        return self.legal_steps_by or "self"


class Harm(NamedTuple):
    """One partner's report of acts, received and done, by act: none / past_year / earlier.

    ``past_year``, ``earlier`` and ``unknown`` gather both sides: acts reported so on either, and acts
    left without an answer on either.
    """

    received: Mapping[str, str]
    done: Mapping[str, str]
    past_year: frozenset[str]
    earlier: frozenset[str]
    unknown: frozenset[str]

    @classmethod
    def of(cls, received: Mapping[str, str], done: Mapping[str, str]) -> Harm:
        """Gather two sides; a side holds only the acts that were answered."""
        reported = {*received.values(), *done.values()}
        return cls(
            received,
            done,
            _acts_told("past_year", received, done) if "past_year" in reported else _NO_ACTS,
            _acts_told("earlier", received, done) if "earlier" in reported else _NO_ACTS,
            ALL_ACTS.difference(received) | ALL_ACTS.difference(done),
        )

    def fields(self, acts: frozenset[str], when: tuple[str, ...]) -> Iterator[str]:
        """Field paths of the reports of these acts at these times, in the order of the couple file."""
        if acts.isdisjoint(self.past_year) and acts.isdisjoint(self.earlier):
            return
        for side, report in (("harm_received", self.received), ("harm_done", self.done)):
            for act in ACTS:
                if act in acts and report.get(act) in when:
                    yield f"{side}.{act}"


def _acts_told(when: str, *sides: Mapping[str, str]) -> frozenset[str]:
    return frozenset([act for side in sides for act, told in side.items() if told == when])


class Safety(NamedTuple):
    """Answers about pressure, harm, fear, control and danger; a control list of ``None`` is blank."""

    harm: Harm
    voluntary: int | None = None
    free_to_leave: str | None = None
    firearm_access: bool | None = None
    threatened_suicide_if_left: bool | None = None
    order_of_protection: str | None = None
    neck_wanted: bool | None = None
    fear: str | None = None
    fear_of_consequences: bool | None = None
    control_received: frozenset[str] | None = None
    control_done: frozenset[str] | None = None
    escalating: str | None = None
    child_danger: str | None = None
    staying_from_fear: bool | None = None


class Health(NamedTuple):
    """Answers about suicide, substances, mind and mood. Sums: alcohol and mood 0-12, suicide level 0-5."""

    suicide_level: int | None = None
    suicidal_behavior: str | None = None
    harm_other: str | None = None
    alcohol_score: int | None = None
    alcohol_treated: bool | None = None
    alcohol_withdrawal: bool | None = None
    drug_loss_of_control: bool | None = None
    drug_treated: bool | None = None
    psychosis_mania: str | None = None
    mood_score: int | None = None


class Bond(NamedTuple):
    """Answers about the relationship itself: agreement, outside relationships, satisfaction 0-21."""

    agreement: str | None = None
    affair: str | None = None
    suspects_affair: bool | None = None
    satisfaction: int | None = None


class Indices(NamedTuple):
    """Pattern indices 0-100; ``None`` is "not scored", never low (clinical.md §5)."""

    gottman: int | None = None
    eft: int | None = None
    developmental: int | None = None


class Partner(NamedTuple):
    """One partner's answers; ``skipped``, ``declined``, ``not_asked`` hold paths (``harm_done.threat``)."""

    eligible: Eligibility
    setting: Setting
    direction: Direction
    safety: Safety
    health: Health
    bond: Bond
    indices: Indices
    skipped: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    not_asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StandingFinding:
    """An earlier finding that the current answers do not raise; it stands until cleared."""

    slot: Slot
    tier: Tier
    found_on: date


@dataclass(frozen=True, slots=True)
class Clearance:
    """A clinician's clearance of one tier, after the individual interviews."""

    tier: Tier
    on: date


class Sheet:
    """One partner as read: ``facts`` (facts.py), the day of sending, the indices; the answers when asked for.

    The rules go by the facts. The answers themselves are only put together where somebody wants them.
    """

    __slots__ = ("_partner", "_raw", "_read", "facts", "indices", "sent")

    def __init__(
        self, raw: Mapping[str, Any], read: Callable[[Mapping[str, Any], str], Partner], *,
        facts: int, sent: date | None, indices: Indices,
    ) -> None:  # fmt: skip
        self.facts = facts
        self.sent = sent
        self.indices = indices
        self._raw = raw
        self._read = read
        self._partner: Partner | None = None

    @property
    def partner(self) -> Partner:
        """The answers."""
        if self._partner is None:
            self._partner = self._read(self._raw, "partner")
        return self._partner


@dataclass(frozen=True, slots=True)
class Couple:
    """Everything the rules read. ``sheets[slot]`` is ``None`` where nothing was answered.

    ``digest`` is "sha256:" and the hexadecimal SHA-256 of the couple file's JSON value written with
    sorted keys, no spaces and ASCII escapes.
    """

    as_of: date
    participation: Mapping[Slot, Participation]
    sheets: Mapping[Slot, Sheet | None]
    standing: tuple[StandingFinding, ...]
    clearances: tuple[Clearance, ...]
    digest: str

    @property
    def partners(self) -> Mapping[Slot, Partner | None]:
        """The answers of each partner; ``None`` where nothing was answered."""
        return {slot: sheet.partner if sheet else None for slot, sheet in self.sheets.items()}

    def present(self) -> Iterator[tuple[Slot, Partner]]:
        """The partners in the file, a before b."""
        for slot in SLOTS:
            sheet = self.sheets[slot]
            if sheet is not None:
                yield slot, sheet.partner

    def submitted(self) -> Iterator[tuple[Slot, Partner]]:
        """The partners who have submitted, a before b."""
        for slot, partner in self.present():
            if self.participation[slot] == "submitted":
                yield slot, partner
