"""Every field a partner may have in a couple file: its type, its range, its place in the order.

Names, values and ranges are those of clinical.md §2 and contract.md ("Couple file").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.domain.constructs import (
    ACTS,
    AFFAIR_UNDER_NO_SECRETS,
    ASKED_ON_CALL_ONLY,
    CONSTRUCTS,
    CONTROL_KINDS,
    DECLINED,
    INDEX_KEYS,
    NOT_ASKED,
)
from portal.domain.errors import CoupleFault

Parsed = bool | int | str | date | frozenset[str] | None

_NAME_LIMIT = 40
_DATE_LENGTH = 10


class _WrongError(Exception):
    """A value that its field does not take; the message says what the field takes."""


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is read. ``declined`` is what "declined" is read as; ``may_decline`` allows it.

    ``values``, all of type ``kind``, are read as they stand; anything else goes to ``read``.
    """

    read: Callable[[object], Parsed]
    declined: bool | None = None
    may_decline: bool = True
    kind: type | None = None
    values: frozenset[bool | int | str] = frozenset()


def read_date(value: object) -> date:
    """A calendar date written as YYYY-MM-DD."""
    if type(value) is str and len(value) == _DATE_LENGTH:
        try:
            found = date.fromisoformat(value)
        except ValueError:
            found = None
        if found is not None and found.isoformat() == value:
            return found
    raise _WrongError("must be a date written YYYY-MM-DD")


def _refusing(message: str) -> Callable[[object], Parsed]:
    """What is left to say where a value is none of the few that a field takes."""

    def read(_value: object) -> Parsed:
        raise _WrongError(message)

    return read


def _read_kinds(value: object) -> frozenset[str]:
    if type(value) is not list:
        raise _WrongError("must be a list of control kinds")
    for kind in value:
        if type(kind) is not str or kind not in CONTROL_KINDS:
            raise _WrongError("holds something that is no control kind")
    return frozenset(value)


def _number(low: int, high: int) -> Field:
    values = frozenset(range(low, high + 1))
    return Field(_refusing(f"must be a whole number from {low} to {high}"), kind=int, values=values)


def _one_of(allowed: Iterable[str]) -> Field:
    return Field(_refusing(f"must be one of {', '.join(allowed)}"), kind=str, values=frozenset(allowed))


def _construct(key: str) -> Field:
    return _one_of(CONSTRUCTS[key].values)


_YES_NO: Final = Field(
    _refusing("must be true or false"), declined=False, kind=bool, values=frozenset({True, False})
)

ELIGIBLE: Final[Mapping[str, Field]] = dict.fromkeys(
    ("adult", "consented", "in_service_area", "identity_conflict"), _YES_NO
)
ACT: Final[Mapping[str, Field]] = dict.fromkeys(ACTS, _one_of(("none", "past_year", "earlier")))
INDEX: Final[Mapping[str, Field]] = dict.fromkeys(INDEX_KEYS, _number(0, 100))

NESTED: Final[Mapping[str, Mapping[str, Field]]] = {
    "eligible": ELIGIBLE, "harm_received": ACT, "harm_done": ACT, "indices": INDEX,
}  # fmt: skip

SETTING: Final[Mapping[str, Field]] = {
    "submitted_on": Field(read_date, may_decline=False),
    "important_event_since": _YES_NO,
    "safe_channel": _YES_NO,
    "private": _construct("private"),
    "shared_device": _YES_NO,
    "shared_account": _YES_NO,
    "validity_concern": _YES_NO,
    "call_first": _YES_NO,
}

DIRECTION: Final[Mapping[str, Field]] = {
    "lean": _number(1, 5),
    "decision_firmness": _number(0, 10),
    "first_step": _construct("first_step"),
    "commit_months": _construct("commit_months"),
    "own_change": _number(0, 10),
    "hope": _number(0, 10),
    "doubts_told": _construct("doubts_told"),
    "partner_lean_guess": _number(1, 5),
    "legal_steps": _construct("legal_steps"),
    "legal_steps_by": _construct("legal_steps_by"),
    "recent_separation": _YES_NO,
}

SAFETY: Final[Mapping[str, Field]] = {
    "voluntary": _number(1, 5),
    "free_to_leave": _construct("free_to_leave"),
    "firearm_access": _YES_NO,
    "threatened_suicide_if_left": _YES_NO,
    "order_of_protection": _construct("order_of_protection"),
    "neck_wanted": _YES_NO,
    "fear": _construct("fear"),
    "fear_of_consequences": _YES_NO,
    "control_received": Field(_read_kinds),
    "control_done": Field(_read_kinds),
    "escalating": _construct("escalating"),
    "child_danger": _construct("child_danger"),
    "staying_from_fear": _YES_NO,
}

HEALTH: Final[Mapping[str, Field]] = {
    "suicide_level": _number(0, 5),
    "suicidal_behavior": _construct("suicidal_behavior"),
    "harm_other": _construct("harm_other"),
    "alcohol_score": _number(0, 12),
    "alcohol_treated": _YES_NO,
    "alcohol_withdrawal": _YES_NO,
    "drug_loss_of_control": _YES_NO,
    "drug_treated": _YES_NO,
    "psychosis_mania": _construct("psychosis_mania"),
    "mood_score": _number(0, 12),
}

BOND: Final[Mapping[str, Field]] = {
    "agreement": _construct("agreement"),
    "affair": _one_of(dict.fromkeys((*CONSTRUCTS["affair"].values, *AFFAIR_UNDER_NO_SECRETS.values))),
    "suspects_affair": _YES_NO,
    "satisfaction": _number(0, 21),
}

FLAT: Final[Mapping[str, Field]] = {**SETTING, **DIRECTION, **SAFETY, **HEALTH, **BOND}

_LEGAL_ORDER = ("legal_steps", "legal_steps_by", "recent_separation")

_FILE_ORDER = (
    *("eligible.adult", "eligible.consented", "eligible.in_service_area", "eligible.identity_conflict"),
    *SETTING, *(field for field in DIRECTION if field not in _LEGAL_ORDER), "voluntary", "free_to_leave",
    *_LEGAL_ORDER, "firearm_access", "threatened_suicide_if_left",
    "order_of_protection", "neck_wanted", *(f"harm_received.{act}" for act in ACTS),
    *(f"harm_done.{act}" for act in ACTS), "fear", "fear_of_consequences", "control_received", "control_done",
    "escalating", "child_danger", *HEALTH, *BOND, "staying_from_fear",
    *(f"indices.{key}" for key in INDEX_KEYS),
)  # fmt: skip

FIELD_ORDER: Final[Mapping[str, int]] = {field: place for place, field in enumerate(_FILE_ORDER)}
"""Every field path of a partner and its place in contract.md ("Couple file"); lists of fields stand so."""

_ELIGIBLE_ITEMS = frozenset({"adult", "in_service_area"})

ITEMS: Final = frozenset(CONSTRUCTS) - _ELIGIBLE_ITEMS | {"alcohol_score", "mood_score", "satisfaction"}
"""What a person is asked in the form and may skip: all but facts that staff or the portal state."""

FLAT_ITEMS: Final = ITEMS & frozenset(FLAT)

ASKED_NESTED: Final[Mapping[str, frozenset[str]]] = {
    "eligible": _ELIGIBLE_ITEMS, "harm_received": frozenset(ACTS), "harm_done": frozenset(ACTS),
    "indices": frozenset(),
}  # fmt: skip
"""The items inside each sub-object. A pattern index is worked out from items and is none itself."""


def read_fields(raw: object, fields: Mapping[str, Field], path: str, answers: Answers) -> dict[str, Parsed]:
    """The given fields as values; what was not given is absent. Raises CoupleFault."""
    if type(raw) is not dict:
        raise CoupleFault(path, "must be an object")
    values: dict[str, Parsed] = {}
    for key, value in raw.items():
        field = fields.get(key)
        if field is None:
            raise unknown_field(path, key)
        # The type is looked at first, so that true and 1.0 are no 1; this is the common, quick case.
        if type(value) is field.kind and value in field.values:
            values[key] = value
            continue
        if value is None:
            continue
        # "declined" and "not_asked" are values of no field, so the common case is tried first.
        try:
            values[key] = field.read(value)
        except _WrongError as wrong:
            if not answers.note(value, key, field):
                raise CoupleFault(f"{path}.{key}", str(wrong)) from None
            values[key] = field.declined if value == DECLINED else None
    return values


class Answers:
    """What is noted while a partner is read: declined and not-asked field paths, and where one is."""

    __slots__ = ("declined", "not_asked", "prefix")

    def __init__(self) -> None:
        self.declined: list[str] = []
        self.not_asked: list[str] = []
        self.prefix = ""

    def note(self, value: object, key: str, field: Field) -> bool:
        """Note a field that was declined or not asked; False when the value says neither."""
        if value == DECLINED and field.may_decline:
            self.declined.append(self.prefix + key)
            return True
        if value == NOT_ASKED and key in ASKED_ON_CALL_ONLY:
            self.not_asked.append(key)
            return True
        return False


def read_stated_date(value: object, path: str) -> date:
    """A date outside the partners; raises CoupleFault."""
    try:
        return read_date(value)
    except _WrongError as wrong:
        raise CoupleFault(path, str(wrong)) from None


def unknown_field(path: str, key: str) -> CoupleFault:
    """The fault for a field that does not exist; a name that is no plain word is not repeated."""
    if not is_plain_name(key):
        return CoupleFault(path, "has a field that does not exist")
    return CoupleFault(f"{path}.{key}" if path else key, "is no field of a couple file")


def is_plain_name(key: str) -> bool:
    """Whether a key of a file may be repeated in a message: a short plain word."""
    return len(key) <= _NAME_LIMIT and key.isascii() and key.isidentifier()
