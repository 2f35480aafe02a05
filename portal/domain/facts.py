"""What all rules, gates, flags and topics make of one partner's answers, as bits of one whole number: facts.

What an answer adds is worked out once - by the predicates, gates, signs and topics themselves, on an
otherwise calm partner - and remembered; so is what a group of answers adds, for each way of answering it. A
partner's facts are what their groups add. So the rules stay the single truth, and reading a couple costs a
few look-ups. Answers that mean something else beside each other are worked out together (``TOGETHER``).

A predicate has two bits here, "true" and "may be true" (true or unknown), as those of two groups add up:
acts received and done, kinds of control, answers left open. ``partner_bits`` turns them into "true" and
"false", as the compiled rules want them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from portal.domain.constructs import ACTS, CONTROL_KINDS
from portal.domain.couple import (
    EXPECTED,
    GONE,
    PARTICIPATIONS,
    Participation,
    Partner,
    Sheet,
)
from portal.domain.couple_calm import CALM
from portal.domain.couple_fields import FIELD_ORDER, NESTED
from portal.domain.couple_partner import read_partner
from portal.domain.flags import SIGNS
from portal.domain.gates import GATES, gate_bits
from portal.domain.predicates import (
    PREDICATES,
    DirectionPredicate,
    Predicate,
    Scene,
    all_predicates,
    blank_direction,
    blank_health,
    is_stale,
    unanswered_safety,
)
from portal.domain.topics import topic_bits
from portal.domain.vectors import LAYOUT, STATUS_NAMES, WIDTH

GROUPS: Final[tuple[tuple[str, ...], ...]] = (
    ("private", "shared_device", "safe_channel"),
    ("important_event_since", "shared_account", "validity_concern", "call_first"),
    ("lean", "decision_firmness", "doubts_told"),
    ("first_step", "commit_months", "own_change"),
    ("legal_steps", "legal_steps_by", "recent_separation"),
    ("hope", "partner_lean_guess"),
    ("voluntary", "free_to_leave", "firearm_access", "threatened_suicide_if_left"),
    ("order_of_protection", "neck_wanted", "fear", "fear_of_consequences"),
    ("escalating", "child_danger", "staying_from_fear"),
    ("suicide_level", "suicidal_behavior", "harm_other"),
    ("alcohol_score", "alcohol_treated", "alcohol_withdrawal"),
    ("drug_loss_of_control", "drug_treated", "psychosis_mania"),
    ("mood_score", "satisfaction"),
    ("agreement", "affair", "suspects_affair"),
)
"""Answers with few values that are looked up together: the same ways of answering them come again."""
TOGETHER: Final[tuple[tuple[str, ...], ...]] = (
    ("lean", "decision_firmness", "doubts_told"),
    ("legal_steps", "legal_steps_by"),
    ("alcohol_score", "alcohol_treated"),
    ("drug_loss_of_control", "drug_treated"),
)
"""Answers that mean something else beside each other. Any other adds what it adds by itself."""
APART: Final = ("eligible", "harm_received", "harm_done", "control_received", "control_done")
"""Fields that are a group of their own."""

_CELL: Final = {key: cell for cell in TOGETHER for key in cell}
_CALM: Final[Mapping[str, Any]] = {
    **CALM, "harm_received": dict.fromkeys(ACTS, "none"), "harm_done": dict.fromkeys(ACTS, "none"),
    "important_event_since": False, "shared_device": False, "shared_account": False,
    "validity_concern": False, "call_first": False, "suicide_level": 0, "alcohol_score": 0, "mood_score": 0,
    "partner_lean_guess": 1,
}  # fmt: skip
CALM_PARTNER: Final = read_partner(_CALM, "")

_LEVELS: Final = range(4, 9)
_NEVER: Final = Scene(date.max, 0, 0)


class _Stretch:
    """A run of bits within the facts."""

    __slots__ = ("end", "mask", "start", "within")

    def __init__(self, start: int, width: int) -> None:
        self.start = start
        self.end = start + width
        self.mask = (1 << width) - 1
        self.within = self.mask << start

    def of(self, facts: int) -> int:
        """The bits of this run."""
        return facts >> self.start & self.mask

    def bit(self, place: int) -> int:
        """One bit of this run, where it stands in the facts."""
        return 1 << self.start + place


_WAYS = tuple(
    (side, act, when) for side in ("received", "done") for act in ACTS for when in ("past_year", "earlier")
)
REPORTS: Final = {way: place for place, way in enumerate(_WAYS)}
KINDS: Final = {kind: place for place, kind in enumerate(CONTROL_KINDS)}
_ALCOHOL = _Stretch(WIDTH, 2 * len(_LEVELS))
GATE_BITS: Final = _Stretch(_ALCOHOL.end, len(GATES))
SIGN_BITS: Final = _Stretch(GATE_BITS.end, len(SIGNS))
DONE_KINDS: Final = _Stretch(SIGN_BITS.end, len(CONTROL_KINDS))
RECEIVED_KINDS: Final = _Stretch(DONE_KINDS.end, len(CONTROL_KINDS))
REPORT_BITS: Final = _Stretch(RECEIVED_KINDS.end, len(REPORTS))
OPEN_BITS: Final = _Stretch(REPORT_BITS.end, len(FIELD_ORDER))
SENT_TOPICS: Final = _Stretch(OPEN_BITS.end, 2 * len(FIELD_ORDER))
DRAFT_TOPICS: Final = _Stretch(SENT_TOPICS.end, 2 * len(FIELD_ORDER))
FIREARM_BIT: Final = _Stretch(DRAFT_TOPICS.end, 1)
CALL_FIRST_BIT: Final = _Stretch(FIREARM_BIT.end, 1)


def _marks(found: Iterable[Any], places: Mapping[Any, int]) -> int:
    return sum([1 << places[one] for one in found])


def _two_bits(true: bool | None, other: bool) -> int:
    return (1 if true else 0) | (2 if other else 0)


class _Asked(NamedTuple):
    """A predicate, where its two bits stand, and a field of its group; "" where groups add up."""

    predicate: Predicate | DirectionPredicate
    place: int
    field: str

    def bits(self, partner: Partner) -> int:
        value = _value(self.predicate, partner, _NEVER)
        return _two_bits(value, value is not False) << self.place


def _value(predicate: Predicate | DirectionPredicate, partner: Partner, scene: Scene) -> bool | None:
    if isinstance(predicate, DirectionPredicate):
        return predicate.test(partner.direction)
    return predicate.test(partner, scene)


def _asked(predicate: Predicate | DirectionPredicate) -> _Asked:
    fields = predicate.fields(CALM_PARTNER)
    return _Asked(predicate, LAYOUT.places["mine", predicate.name], fields[0] if fields else "")


# These two read the practice's thresholds, or the day.
_APART_ASKED: Final = {p.name: p for p in PREDICATES if p.name in {"alcohol_untreated", "stale"}}
_ASKED: Final = tuple(_asked(p) for p in all_predicates() if p.name not in _APART_ASKED)
_MAYBE: Final = sum(2 << one.place for one in _ASKED)
_KNOWN: Final = _MAYBE | _MAYBE >> 1


def facts_of(given: Mapping[str, Any], group: Iterable[str]) -> int:
    """What a group of fields adds, answered like this; a field that ``given`` does not hold is blank."""
    bits = 0
    for cell in {_CELL.get(key, (key,)) for key in group}:
        whole = given.get(cell[0])
        if cell[0] in NESTED:
            told = whole if type(whole) is dict else dict.fromkeys(NESTED[cell[0]], whole)
            for name in NESTED[cell[0]]:
                bits |= _of_item(cell[0], name, told.get(name))
        else:
            answers = [given.get(key) for key in cell]
            bits |= _of_cell(cell, tuple([tuple(one) if type(one) is list else one for one in answers]))
    return bits


@lru_cache(maxsize=256)
def _of_item(key: str, name: str, told: str | bool | None) -> int:
    """What one answer within an object adds."""
    return _worked_out({key: {**_CALM[key], name: told}}, (f"{key}.{name}",))


@lru_cache(maxsize=256)
def _of_cell(cell: tuple[str, ...], answers: tuple[Any, ...]) -> int:
    listed = [list(one) if type(one) is tuple else one for one in answers]
    return _worked_out(dict(zip(cell, listed, strict=True)), cell)


def _worked_out(given: Mapping[str, Any], fields: tuple[str, ...]) -> int:
    partner = read_partner({**_CALM, **given}, "")
    bits = sum([one.bits(partner) for one in _ASKED if not one.field or one.field in fields])
    signs = [place for place, one in enumerate(SIGNS) if not one.field or one.field in fields]
    bits |= sum([SIGN_BITS.bit(place) for place in signs if SIGNS[place].test(partner)])
    if "alcohol_score" in fields:
        bits |= _alcohol(partner) << _ALCOHOL.start
    return bits | sum([found << stretch.start for stretch, found in _beside(partner)])


def _beside(partner: Partner) -> Iterator[tuple[_Stretch, int]]:
    yield GATE_BITS, gate_bits(partner)
    yield DONE_KINDS, _marks(partner.safety.control_done or (), KINDS)
    yield RECEIVED_KINDS, _marks(partner.safety.control_received or (), KINDS)
    for side, report in (("received", partner.safety.harm.received), ("done", partner.safety.harm.done)):
        told = [(side, act, when) for act, when in report.items() if when != "none"]
        yield REPORT_BITS, _marks(told, REPORTS)
    left_open = {*unanswered_safety(partner), *blank_health(partner), *blank_direction(partner.direction)}
    yield OPEN_BITS, _marks(left_open, FIELD_ORDER)
    yield SENT_TOPICS, topic_bits(partner, sent=True)
    yield DRAFT_TOPICS, topic_bits(partner, sent=False)
    yield FIREARM_BIT, int(partner.safety.firearm_access is True)
    yield CALL_FIRST_BIT, int(partner.setting.call_first is True)


def _alcohol(partner: Partner) -> int:
    """Two bits, "true" and "false", for each level from which a practice may look at drinking first."""
    test = _APART_ASKED["alcohol_untreated"].test
    said = [test(partner, Scene(date.max, 0, level)) for level in _LEVELS]
    return sum(_two_bits(value, value is False) << 2 * place for place, value in enumerate(said))


def _status(participation: Participation) -> int:
    held = (participation == "submitted", participation in EXPECTED, participation in GONE)
    return sum(
        _two_bits(value, not value) << _place(name) for name, value in zip(STATUS_NAMES, held, strict=True)
    )


def _place(name: str) -> int:
    return LAYOUT.places["mine", name]


_STATUS: Final = {participation: _status(participation) for participation in PARTICIPATIONS}
_ALCOHOL_PLACE: Final = _place("alcohol_untreated")
_STALE, _FRESH = 1 << _place("stale"), 2 << _place("stale")


def partner_bits(sheet: Sheet | None, participation: Participation, scene: Scene) -> int:
    """One partner as the compiled rules read them; of an absent one only the participation is known."""
    bits = _STATUS[participation]
    if sheet is None:
        return bits
    facts = sheet.facts
    stale = is_stale(sheet.sent, scene)
    if stale is not None:
        bits |= _STALE if stale else _FRESH
    level = facts >> _ALCOHOL.start + 2 * (scene.alcohol_level - _LEVELS.start) & 3
    return bits | (facts & _KNOWN) ^ _MAYBE | level << _ALCOHOL_PLACE


def two_kinds(a: int, b: int) -> bool:
    """Whether one person uses two or more different kinds of control, by the facts of both."""
    by_a, by_b = DONE_KINDS.of(a) | RECEIVED_KINDS.of(b), DONE_KINDS.of(b) | RECEIVED_KINDS.of(a)
    return by_a.bit_count() >= 2 or by_b.bit_count() >= 2
