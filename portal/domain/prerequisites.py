"""What must happen before an act of the therapist's: read by the verbs and shown as a checklist.

Rules of clinical.md §3 and §4 and of contract.md ("Fields"); each predicate names its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.domain.rules import PROTECTIVENESS

#: Which row of the table a clearance of a tier takes away (clinical.md §4).
RULE_OF_CLEARANCE: Final[Mapping[str, str]] = {"A": "R1", "B": "R4", "H": "R5b", "crisis": "R2"}
#: Rows that block every invitation (clinical.md §4, "Inviting").
BLOCKS_INVITING: Final = frozenset({"R1", "R1b", "R2", "R3", "R4"})
#: Routes with a joint format.
JOINT: Final = frozenset({"couples", "discernment"})
#: Participation of a person whom the practice may not approach (clinical.md §4, "Who is called").
NOT_APPROACHED: Final = frozenset({"declined", "do_not_contact"})
#: Participation of a person who takes part, so that a clearance needs their interview.
TAKES_PART: Final = frozenset({"submitted", "in_progress"})


@dataclass(frozen=True)
class Held:
    """An individual interview; complete with all three ticks: identity, private setting, safety re-asked."""

    slot: str
    is_complete: bool
    held_at: datetime


@dataclass(frozen=True)
class Standing:
    """One partner as the prerequisites see them; ``submitted_at`` of the intake that is read."""

    slot: str
    participation: str
    submitted_at: datetime | None


def without_interview(people: Iterable[Standing], held: Collection[Held]) -> tuple[str, ...]:
    """Slots whose intake was sent and who have no interview with all three ticks yet."""
    done = {interview.slot for interview in held if interview.is_complete}
    return tuple(
        person.slot for person in people if person.submitted_at is not None and person.slot not in done
    )


def without_clearing_interview(
    people: Iterable[Standing], held: Collection[Held], *, found_at: datetime | None = None
) -> tuple[str, ...]:
    """Slots that take part and were not seen alone since they sent: no clearance before (clinical.md §3).

    ``found_at``: when the newest finding of the case, whoever told it, was found: nor before each was seen
    since, as nobody could ask about what was not on the table. Where nobody takes part any more, their
    findings stand, and somebody must have been seen all the same.
    """
    everybody = tuple(people)
    unseen = tuple(
        person for person in everybody if not any(_counts(interview, person, found_at) for interview in held)
    )
    if all(person.participation not in TAKES_PART for person in everybody):
        return tuple(person.slot for person in unseen) if len(unseen) == len(everybody) else ()
    return tuple(person.slot for person in unseen if person.participation in TAKES_PART)


def _counts(interview: Held, person: Standing, found_at: datetime | None) -> bool:
    if interview.slot != person.slot or not interview.is_complete:
        return False
    return all(told is None or interview.held_at >= told for told in (person.submitted_at, found_at))


def is_downward_from_safety(recommended: str, chosen: str) -> bool:
    """Whether an override leaves ``safety`` for something less protective."""
    return recommended == "safety" and PROTECTIVENESS.get(chosen, 0) < PROTECTIVENESS["safety"]  # type: ignore[call-overload]


def is_cleared(
    matched_rules: Iterable[str],
    made_at: datetime,
    cleared: Mapping[str, datetime],
    people: Iterable[Standing],
) -> bool:
    """Whether every safety row of a recommendation was cleared after it was made.

    ``cleared``: newest clearance by tier. R3 and R1b are never cleared; a draft is never cleared, so
    nobody may be in the middle of an intake. True only in the moments before the rules run again.
    """
    tiers = {rule: tier for tier, rule in RULE_OF_CLEARANCE.items()}
    rows = [rule for rule in matched_rules if rule in BLOCKS_INVITING]
    if any(person.participation == "in_progress" for person in people):
        return False
    return all(rule in tiers and tiers[rule] in cleared and cleared[tiers[rule]] >= made_at for rule in rows)
