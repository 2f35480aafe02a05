"""What the live predicates make of every answer, and conditions of rules as decision diagrams.

Each predicate of one partner is asked about every answer of every field, and about every pair of answers that
it reads together; what several fields say, each by itself, is joined by "or". That nothing else is read is
held against the live engine, couple by couple (``proof_samples.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

from portal.domain.couple import SLOTS, Couple, Partner, Slot, other
from portal.domain.couple_file import parse_couple
from portal.domain.expressions import All, Expression, Leaf, Not, Some
from portal.domain.predicates import DirectionPredicate, Predicate, Scene, all_predicates
from portal.domain.proof_diagrams import ALWAYS, NEVER, Diagrams
from portal.domain.proof_space import (
    AS_OF,
    BY_PATH,
    PLACES,
    QUESTIONS,
    STAGES,
    Answer,
    Frame,
    Key,
    couple_file,
    is_blocked,
)
from portal.domain.rules import Ruleset
from portal.domain.safety import TWO_KINDS, has_two_kinds
from portal.domain.vectors import CLEARED, STANDING, STATUS_NAMES

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "decided": ("lean", "decision_firmness"),
    "drugs_untreated": ("drug_loss_of_control", "drug_treated"),
    "alcohol_untreated": ("alcohol_score", "alcohol_treated"),
    "legal_begun": ("legal_steps", "legal_steps_by"),
    "direction_blank": ("lean", "doubts_told"),
}
"""Predicates that read two answers together."""

_TIER_KEYS: Final[Mapping[str, Key]] = {
    **{name: ("cleared", tier) for tier, name in CLEARED.items()},
    **{name: ("standing", tier) for tier, name in STANDING.items()},
}
_STATUS: Final = dict(zip(STATUS_NAMES, ("sent", "expected", "gone"), strict=True))
_ONE_SENT: Final[Frame] = {"a": STAGES[0], "b": STAGES[-1]}
_ONE_UNDATED: Final[Frame] = {"a": STAGES[1], "b": STAGES[-1]}
_TWO_SENT: Final[Frame] = {"a": STAGES[0], "b": STAGES[0]}
_BLANK: Final = BY_PATH["control_done"].answers.index(None)


@dataclass(frozen=True, slots=True)
class Says(Expression):
    """This partner gave one of these answers (None: left it blank); of somebody absent nothing holds."""

    slot: Slot
    path: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class At(Expression):
    """This partner has come this far: "sent", "expected" or "gone"."""

    slot: Slot
    stage: str


@dataclass(frozen=True, slots=True)
class Together(Expression):
    """Something known of both partners, by the name that the rules use for it."""

    name: str


@dataclass(frozen=True, slots=True)
class View:
    """From where an expression is read. ``turned``: each partner's answers are taken from the other."""

    frame: Frame
    turned: bool = False

    def seat(self, slot: Slot) -> Slot:
        """Whose answers stand for this partner."""
        return other(slot) if self.turned else slot


class Readings:
    """The predicates of a ruleset's couples as diagrams: what is true, what is false, by slot and name."""

    def __init__(self, ruleset: Ruleset, diagrams: Diagrams) -> None:
        self.diagrams = diagrams
        self._ruleset = ruleset
        self._scene = Scene(AS_OF, ruleset.stale_days, ruleset.alcohol_level)
        self._singles = {q.path: [self._read({q.path: a}) for a in q.answers] for q in QUESTIONS}
        self._calm = self._read({})
        self._pairs: dict[tuple[str, Answer, str], list[Partner]] = {}
        self.meanings: dict[str, str] = {}
        self.true: dict[tuple[Slot, str], int] = {}
        self.false: dict[tuple[Slot, str], int] = {}
        for predicate in all_predicates():
            self._add(predicate)
        self.controlled = self._controlled()

    def _read(self, answers: Mapping[str, Answer]) -> Partner:
        frame = _ONE_UNDATED if answers.get("submitted_on", "") is None else _ONE_SENT
        couple = self._couple(frame, {(path, "a"): answer for path, answer in answers.items()})
        return next(partner for _, partner in couple.present())

    def _couple(self, frame: Frame, answers: Mapping[Key, Answer]) -> Couple:
        places = {key: BY_PATH[key[0]].answers.index(answer) for key, answer in answers.items()}
        return parse_couple(couple_file(frame, places, self._ruleset))

    def _add(self, predicate: Predicate | DirectionPredicate) -> None:
        """One predicate for both slots; only one that reads a single group of answers can be false."""
        pair = PAIRS.get(predicate.name, ())
        calm = self._ask(predicate, self._calm)
        found = {path: [self._ask(predicate, one) for one in read] for path, read in self._singles.items()}
        alone = [path for path, said in found.items() if path not in pair and said.count(calm) < len(said)]
        said_alone = [f"{path} {_listed(path, found[path])}" for path in alone]
        said_together = self._said_together(predicate, pair) if pair else ()
        self.meanings[predicate.name] = "; ".join([*said_alone, *said_together])
        for slot in SLOTS:
            places = [(PLACES[path, slot], found[path]) for path in alone]
            true = [self._answered(place, said, True) for place, said in places]
            false = [self._answered(place, said, False) for place, said in places]
            if pair:
                true.append(self._paired(predicate, pair, slot, True))
                false.append(self._paired(predicate, pair, slot, False))
            self.true[slot, predicate.name] = reduce(self.diagrams.either, true, NEVER)
            if len(false) == 1:
                self.false[slot, predicate.name] = false[0]

    def _ask(self, predicate: Predicate | DirectionPredicate, partner: Partner) -> bool | None:
        if isinstance(predicate, Predicate):
            return predicate.test(partner, self._scene)
        return predicate.test(partner.direction)

    def _answered(self, place: int, said: list[bool | None], value: bool) -> int:
        # `is`, because a predicate may hand out something that only counts as true or false.
        return self.diagrams.answered(place, [n for n, one in enumerate(said) if one is value])

    def _paired(
        self, predicate: Predicate | DirectionPredicate, pair: tuple[str, str], slot: Slot, value: bool
    ) -> int:
        first, second = pair
        found = NEVER
        for place, one in enumerate(BY_PATH[first].answers):
            said = [self._ask(predicate, read) for read in self._beside(first, one, second)]
            here = self.diagrams.answered(PLACES[first, slot], [place])
            there = self._answered(PLACES[second, slot], said, value)
            found = self.diagrams.either(found, self.diagrams.both(here, there))
        return found

    def _beside(self, first: str, one: Answer, second: str) -> list[Partner]:
        """One answer read beside every answer to another question."""
        key = (first, one, second)
        if key not in self._pairs:
            self._pairs[key] = [self._read({first: one, second: two}) for two in BY_PATH[second].answers]
        return self._pairs[key]

    def _said_together(
        self, predicate: Predicate | DirectionPredicate, pair: tuple[str, str]
    ) -> Iterator[str]:
        """The pairs of answers that make a predicate true, as a reader would write them."""
        first, second = pair
        by_second: dict[str, list[str]] = {}
        for one in BY_PATH[first].answers:
            said = [self._ask(predicate, read) for read in self._beside(first, one, second)]
            by_second.setdefault(_listed(second, said), []).append(_written(one))
        for seconds, firsts in by_second.items():
            if seconds:
                yield f"{first} {', '.join(firsts)} with {second} {seconds}"

    def _controlled(self) -> dict[Slot, int]:
        """By user: two or more kinds of control, by what the user tells as done and the other as received."""
        return {user: self._controlled_by(user) for user in SLOTS}

    def _controlled_by(self, user: Slot) -> int:
        place = PLACES["control_done", user]
        received = self._singles["control_received"]
        found = NEVER
        for n, doing in enumerate(self._singles["control_done"]):
            partners = ({user: doing, other(user): suffering} for suffering in received)
            said: list[bool | None] = [has_two_kinds(both) for both in partners]
            here = self._answered(PLACES["control_received", other(user)], said, True)
            found = self.diagrams.either(found, self.diagrams.both(self.diagrams.answered(place, [n]), here))
        return found

    def node(self, expression: Expression, me: Slot, view: View) -> int:
        """An expression as a diagram, read from one partner's place."""
        if isinstance(expression, All):
            return reduce(
                self.diagrams.both, [self.node(part, me, view) for part in expression.parts], ALWAYS
            )
        if isinstance(expression, Some):
            parts = [self.node(part, me, view) for part in expression.parts]
            return reduce(self.diagrams.either, parts, NEVER)
        if isinstance(expression, Not):
            return self.diagrams.negated(self.node(expression.part, me, view))
        return self._one(expression, me, view)

    def _one(self, expression: Expression, me: Slot, view: View) -> int:
        if isinstance(expression, At):
            return int(view.frame[expression.slot].name == expression.stage)
        if isinstance(expression, Says):
            return self._says(expression, view)
        if isinstance(expression, Together):
            return self._together(expression.name, view)
        if isinstance(expression, Leaf):
            if expression.whose == "ours":
                return self._together(expression.name, view)
            return self._leaf(expression, me if expression.whose == "mine" else other(me), view)
        raise TypeError(type(expression).__name__)

    def _leaf(self, leaf: Leaf, slot: Slot, view: View) -> int:
        stage = view.frame[slot]
        if leaf.name in _STATUS:
            return int((stage.name == _STATUS[leaf.name]) is leaf.value)
        if not stage.is_present:
            return int(leaf.value is None)
        seat = (view.seat(slot), leaf.name)
        if leaf.value is None:
            return self.diagrams.negated(self.diagrams.either(self.true[seat], self.false[seat]))
        return self.true[seat] if leaf.value else self.false[seat]

    def _says(self, says: Says, view: View) -> int:
        if not view.frame[says.slot].is_present:
            return NEVER
        question = BY_PATH[says.path]
        places = [question.answers.index(answer) for answer in says.answers]
        return self.diagrams.answered(PLACES[says.path, view.seat(says.slot)], places)

    def _together(self, name: str, view: View) -> int:
        """What is known of both: two kinds of control, a clearance, an earlier finding."""
        if name != TWO_KINDS:
            key = _TIER_KEYS[name]
            if key[0] == "cleared" and is_blocked(view.frame):
                return NEVER
            return self.diagrams.answered(PLACES[key], [1])
        found = NEVER
        for user in SLOTS:
            node = self.controlled[view.seat(user)]
            for path, slot in (("control_done", user), ("control_received", other(user))):
                if not view.frame[slot].is_present:
                    node = self.diagrams.settled(node, PLACES[path, view.seat(slot)], _BLANK)
            found = self.diagrams.either(found, node)
        return found


def _listed(path: str, said: list[bool | None]) -> str:
    """The answers of a field that make a predicate true, as a reader would write them."""
    answers = [answer for answer, one in zip(BY_PATH[path].answers, said, strict=True) if one is True]
    return ", ".join(_written(answer) for answer in answers)


def _written(answer: Answer) -> str:
    if isinstance(answer, tuple):
        return "+".join(answer) or "none"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "blank" if answer is None else str(answer)
