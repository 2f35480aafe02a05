"""Who said what: each act, kind of control and fear that anybody reported, both accounts side by side.

What one received and the other did are one thing, so both answers are pooled: a report by either counts,
and a disagreement shows (clinical.md §3). Self-report, unverified; nothing here is added up or graded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from portal.domain.constructs import CONTROL_KINDS, DECLINED, NONE
from portal.domain.couple import SLOTS, Slot, other

Verdict = Literal["only_a", "only_b", "both"]

#: Acts, the gravest first.
ACT_ORDER: Final = (
    "strangled", "weapon", "threat_to_kill", "sexual_force", "injury", "stalking",
    "physical", "sexual_pressure", "threat", "insult",
)  # fmt: skip
#: What a person says of themselves alone: nobody else is asked.
OWN: Final = ("fear", "fear_of_consequences", "free_to_leave")
#: What both are asked about the two of them.
SHARED: Final = ("escalating", "order_of_protection", "child_danger")
_NOTHING: Final = frozenset({NONE, "no", "nothing_happened"})


@dataclass(frozen=True)
class Told:
    """One thing that was reported.

    ``field`` is a key of the couple file, of a kind of control ``control_received.<kind>``; ``affected`` whom
    it is told of, None for both. ``says``: each teller's answer, None where it was left blank, ``declined``
    where it waits for a talk; who is not asked is not in it.
    """

    field: str
    affected: Slot | None
    says: Mapping[Slot, str | None]

    @property
    def tellers(self) -> tuple[Slot, ...]:
        """Who reported it."""
        return tuple(slot for slot, value in self.says.items() if _is_report(value))

    @property
    def verdict(self) -> Verdict:
        """Only A, only B, or both."""
        if len(self.tellers) == len(SLOTS):
            return "both"
        return "only_a" if self.tellers[0] == "a" else "only_b"

    @property
    def left_open(self) -> tuple[Slot, ...]:
        """Who was asked and neither reported nor denied it."""
        return tuple(slot for slot, value in self.says.items() if value in (None, DECLINED))


def compare(partners: Mapping[str, Mapping[str, Any]]) -> tuple[Told, ...]:
    """Everything reported by anybody, the gravest acts first, then control, fear and what both were asked.

    ``partners``: the partners of a couple file by slot.
    """
    every = (*_acts(partners), *_control(partners), *_own(partners), *_shared(partners))
    return tuple(told for told in every if told.tellers)


def _acts(partners: Mapping[str, Mapping[str, Any]]) -> Iterator[Told]:
    for act in ACT_ORDER:
        for slot in SLOTS:
            received = _at(partners, slot, "harm_received")
            done = _at(partners, other(slot), "harm_done")
            yield Told(
                f"harm_received.{act}",
                slot,
                _in_order({slot: (received or {}).get(act), other(slot): (done or {}).get(act)}),
            )


def _control(partners: Mapping[str, Mapping[str, Any]]) -> Iterator[Told]:
    for kind in CONTROL_KINDS:
        for slot in SLOTS:
            lists = {
                slot: _at(partners, slot, "control_received"),
                other(slot): _at(partners, other(slot), "control_done"),
            }
            says = {teller: _kind(given, kind) for teller, given in lists.items()}
            yield Told(f"control_received.{kind}", slot, _in_order(says))


def _kind(given: Any, kind: str) -> str | None:
    """What a list of kinds says about one of them."""
    if given is None or given == DECLINED:
        return DECLINED if given else None
    return "yes" if kind in given else NONE


def _own(partners: Mapping[str, Mapping[str, Any]]) -> Iterator[Told]:
    for field in OWN:
        for slot in SLOTS:
            yield Told(field, slot, {slot: _word(_at(partners, slot, field), field)})


def _shared(partners: Mapping[str, Mapping[str, Any]]) -> Iterator[Told]:
    for field in SHARED:
        yield Told(field, None, {slot: _word(_at(partners, slot, field), field) for slot in SLOTS})


def _word(value: Any, field: str) -> str | None:
    """An answer as a word; being free to leave is no report."""
    if field == "free_to_leave" and value == "yes":
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)


def _at(partners: Mapping[str, Mapping[str, Any]], slot: Slot, field: str) -> Any:
    return partners.get(slot, {}).get(field)


def _in_order(says: Mapping[Slot, str | None]) -> dict[Slot, str | None]:
    return {slot: says[slot] for slot in SLOTS}


def _is_report(value: str | None) -> bool:
    return value is not None and value != DECLINED and value not in _NOTHING
