"""The quick way through a partner's file, where every field holds one of its few answers.

Every answer that a field takes is known beforehand, with its text in the canonical JSON of the digest. So an
object is read, checked and written in canonical order by looking its answers up, and what its groups of
answers add to the facts as well (``facts.py``). Most files name their fields in the same order: how an
order is read stands in a plan, made once. Whatever else stands in an object, a fault at least, goes the long
way (``couple_partner.py``), with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date
from functools import cache, lru_cache, reduce
from operator import itemgetter, or_
from typing import Any, Final, NamedTuple

from portal.domain.constructs import ASKED_ON_CALL_ONLY, CONTROL_KINDS, DECLINED, NOT_ASKED
from portal.domain.couple import Indices, Sheet
from portal.domain.couple_fields import (
    ACT,
    DATES_AND_LISTS,
    ELIGIBLE,
    FLAT,
    INDEX,
    NESTED,
    Field,
    read_stated_date,
)
from portal.domain.couple_partner import read_partner
from portal.domain.errors import CoupleFault
from portal.domain.facts import APART, GROUPS, facts_of

Known = Mapping[tuple[str, object], str]
"""Field and answer -> the canonical text of both. True and 1.0 are found as 1: types are looked at apart."""
Pick = Callable[[Any], tuple[Any, ...]]
"""What stands at certain places of something, in their order."""


class Piece(NamedTuple):
    """A field that is read by itself: its canonical text and what it adds to the facts."""

    text: str
    facts: int = 0


class _Plan(NamedTuple):
    """How a partner whose fields stand in one certain order is read."""

    few: tuple[str, ...]
    take: Pick
    numbers: Pick
    yes_no: Pick
    apart: tuple[str, ...]
    groups: tuple[tuple[Callable[[Any], int], Pick], ...]
    untold: int
    order: Pick


def _known(fields: Mapping[str, Field]) -> Known:
    few = {(key, value) for key, field in fields.items() for value in (*field.values, None)}
    spoken = {(key, DECLINED) for key, field in fields.items() if field.may_decline}
    not_asked = {(key, NOT_ASKED) for key in ASKED_ON_CALL_ONLY & fields.keys()}
    return {(key, value): f'"{key}":{json.dumps(value)}' for key, value in few | spoken | not_asked}


_NO_NUMBERS: Final = frozenset({bool, float})
_NO_ANSWERS: Final = frozenset({int, float})
"""The types of what would be found in the place of a number, or of a yes or a no, and is none."""
_FEW: Final = {key: field for key, field in FLAT.items() if key not in DATES_AND_LISTS}
_FLAT: Final = _known(_FEW)
_ELIGIBLE, _ACT, _INDEX = _known(ELIGIBLE), _known(ACT), _known(INDEX)


def read_plainly(raw: Mapping[str, Any]) -> tuple[Sheet, str] | None:
    """A partner and the canonical text; None where the long way is needed."""
    plan = _plan(tuple(raw))
    if plan is None:
        return None
    values = plan.take(raw)
    try:
        texts: list[Any] = [*map(_FLAT.get, zip(plan.few, values, strict=True))]
        pieces: list[Any] = [_APART[key](key, raw[key]) for key in plan.apart]
    except TypeError:
        # A list or an object in the place of an answer.
        return None
    if None in texts or None in pieces or not _are_told_apart(plan, values):
        return None
    facts = reduce(or_, [add(pick(texts)) for add, pick in plan.groups], plan.untold)
    for text, more in pieces:
        texts.append(text)
        facts |= more
    sent, scored = raw.get("submitted_on"), raw.get("indices")
    indices = Indices() if scored is None else _indices(scored)
    sheet = Sheet(raw, read_partner, facts=facts, sent=sent and _day(sent), indices=indices)
    return sheet, f"{{{','.join(plan.order(texts))}}}"


def _are_told_apart(plan: _Plan, values: Sequence[Any]) -> bool:
    """Whether no number stands for a yes or a no, and neither of them nor 1.0 for a number."""
    return _NO_NUMBERS.isdisjoint(map(type, plan.numbers(values))) and _NO_ANSWERS.isdisjoint(
        map(type, plan.yes_no(values))
    )


def read_at_length(raw: Mapping[str, Any], path: str) -> tuple[Sheet, str]:
    """The same, one field after the other. Raises CoupleFault at the first thing wrong."""
    partner = read_partner(raw, path)
    groups = (*GROUPS, *((key,) for key in APART))
    added = [facts_of({key: raw[key] for key in group if key in raw}, group) for group in groups]
    sheet = Sheet(
        raw, read_partner, facts=reduce(or_, added),
        sent=partner.setting.submitted_on, indices=partner.indices,
    )  # fmt: skip
    return sheet, CANONICAL.encode(raw)


@lru_cache(maxsize=256)
def _plan(fields: tuple[str, ...]) -> _Plan | None:
    if not FLAT.keys() | NESTED.keys() >= set(fields):
        return None
    few = tuple(key for key in fields if key in _FEW)
    apart = tuple(key for key in fields if key not in _FEW)
    named = (*few, *apart)
    told = [
        (add, _pick([few.index(key) for key in group if key in few]))
        for group, add in zip(GROUPS, _ADD, strict=True)
        if not set(few).isdisjoint(group)
    ]
    untold = [group for group in GROUPS if set(few).isdisjoint(group)]
    untold += [(key,) for key in APART if key not in apart]
    return _Plan(
        few=few,
        take=_pick(few),
        numbers=_pick([place for place, key in enumerate(few) if FLAT[key].kind is int]),
        yes_no=_pick([place for place, key in enumerate(few) if FLAT[key].kind is bool]),
        apart=apart,
        groups=tuple(told),
        untold=reduce(or_, [_untold(group) for group in untold], 0),
        order=_pick(sorted(range(len(named)), key=named.__getitem__)),
    )


@cache
def _untold(group: tuple[str, ...]) -> int:
    return facts_of({}, group)


def _pick(places: Sequence[Any]) -> Pick:
    """What stands at these places, always as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda holder: tuple([holder[place] for place in places])


def _adding(group: tuple[str, ...]) -> Callable[[tuple[str, ...]], int]:
    """What a group adds to the facts, by the canonical texts of its answers."""

    @lru_cache(maxsize=512)
    def add(texts: tuple[str, ...]) -> int:
        return facts_of(json.loads(f"{{{','.join(texts)}}}"), group)

    return add


_ADD: Final = tuple(_adding(group) for group in GROUPS)


def _object(key: str, value: object) -> Piece | None:
    if type(value) is dict:
        return _answered(key, tuple(value), *value.values())
    return _instead(key, value) if value is None or type(value) is str else None


@lru_cache(maxsize=512, typed=True)
def _answered(key: str, names: tuple[str, ...], *values: Any) -> Piece | None:
    """An object of a partner's file; the types of the answers are told apart."""
    known = _ELIGIBLE if key == "eligible" else _ACT
    written = _written(known, zip(names, values, strict=True), _NO_ANSWERS)
    if written is None:
        return None
    given = dict(zip(names, values, strict=True))
    return Piece(f'"{key}":{written}', facts_of({key: given}, (key,)))


def _written(known: Known, answers: Iterable[tuple[str, Any]], wrong: Set[type]) -> str | None:
    """An object in canonical JSON; None where an answer is not known, or of a type that is wrong here."""
    texts: list[str] = []
    for name, value in answers:
        text = known.get((name, value))
        if text is None or type(value) in wrong:
            return None
        texts.append(text)
    return f"{{{','.join(sorted(texts))}}}"


@lru_cache(maxsize=32)
def _instead(key: str, value: str | None) -> Piece | None:
    """Nothing, or "declined", in the place of an object or a list."""
    if value not in (None, DECLINED):
        return None
    return Piece(f'"{key}":{json.dumps(value)}', facts_of({key: value}, (key,)))


def _list(key: str, value: object) -> Piece | None:
    if type(value) is list:
        return _kinds(key, tuple(value))
    return _instead(key, value) if value is None or type(value) is str else None


@lru_cache(maxsize=512)
def _kinds(key: str, kinds: tuple[Any, ...]) -> Piece | None:
    # Text is equal to text alone, so nothing of another type can come in by being equal to it.
    if not set(CONTROL_KINDS).issuperset(kinds):
        return None
    return Piece(f'"{key}":{json.dumps(kinds, separators=(",", ":"))}', facts_of({key: [*kinds]}, (key,)))


def _scores(key: str, value: object) -> Piece | None:
    if type(value) is not dict:
        return None if value is not None else Piece(f'"{key}":null')
    written = _written(_INDEX, value.items(), _NO_NUMBERS)
    return None if written is None else Piece(f'"{key}":{written}')


def _indices(scores: Mapping[str, Any]) -> Indices:
    # "declined" is no score.
    return Indices(*[one if type(one) is int else None for one in map(scores.get, Indices._fields)])


def _sent(key: str, value: object) -> Piece | None:
    if type(value) is str:
        return None if _day(value) is None else Piece(f'"{key}":"{value}"')
    return None if value is not None else Piece(f'"{key}":null')


@lru_cache(maxsize=512)
def _day(written: str) -> date | None:
    try:
        return read_stated_date(written, "")
    except CoupleFault:
        return None


_APART: Final[Mapping[str, Callable[[str, object], Piece | None]]] = {
    "eligible": _object, "harm_received": _object, "harm_done": _object, "indices": _scores,
    "control_received": _list, "control_done": _list, "submitted_on": _sent,
}  # fmt: skip
CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
