"""Reads couple files: one JSON object, an array, or JSON Lines (contract.md, "Couple file")."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, cast

from portal.domain.couple import (
    PARTICIPATIONS,
    SLOTS,
    TIERS,
    Clearance,
    Couple,
    Participation,
    Sheet,
    Slot,
    StandingFinding,
    Tier,
)
from portal.domain.couple_fields import read_stated_date, unknown_field
from portal.domain.couple_plain import CANONICAL, read_at_length, read_plainly
from portal.domain.errors import CoupleFault

_QUOTED: dict[str, str] = {slot: f'"{slot}"' for slot in SLOTS}
_TOP = frozenset({"as_of", "participation", "standing_findings", "clearances", "partners"})


class _Read(NamedTuple):
    """A partner and the canonical text of what was read."""

    sheet: Sheet | None
    text: str


_NOBODY = _Read(None, "null")


def parse_couple(obj: Mapping[str, object]) -> Couple:
    """A couple from the JSON value of a couple file. Raises CoupleFault at the first thing wrong."""
    _require_fields(obj, "", _TOP)
    as_of = read_stated_date(_required(obj, "as_of", ""), "as_of")
    participation = _participation(_required(obj, "participation", ""))
    read = _partners(obj.get("partners"), as_of)
    sheets = {slot: one.sheet for slot, one in read.items()}
    for slot in SLOTS:
        if participation[slot] == "submitted" and sheets[slot] is None:
            raise CoupleFault(f"partners.{slot}", "is missing although this partner has submitted")
    standing = tuple(
        StandingFinding(
            cast("Slot", _one_of(entry["slot"], SLOTS, f"{path}.slot")),
            cast("Tier", _one_of(entry["tier"], TIERS, f"{path}.tier")),
            read_stated_date(entry["found_on"], f"{path}.found_on"),
        )
        for path, entry in _entries(obj, "standing_findings", ("slot", "tier", "found_on"))
    )
    clearances = tuple(
        Clearance(
            cast("Tier", _one_of(entry["tier"], TIERS, f"{path}.tier")),
            read_stated_date(entry["on"], f"{path}.on"),
        )
        for path, entry in _entries(obj, "clearances", ("tier", "on"))
    )
    return Couple(
        as_of,
        participation,
        sheets,
        standing,
        clearances,
        _digest(obj, {slot: one.text for slot, one in read.items()}),
    )


_PARTICIPATIONS: Mapping[tuple[Any, Any], Mapping[Slot, Participation]] = {
    (a, b): {"a": a, "b": b} for a in PARTICIPATIONS for b in PARTICIPATIONS
}


def _digest(obj: Mapping[str, Any], partners: Mapping[Slot, str]) -> str:
    """The digest of a file that was found good; ``partners``: their canonical texts."""
    texts = []
    for key in sorted(obj):
        value = obj[key]
        if key == "partners" and value is not None:
            text = f"{{{','.join([f'{_QUOTED[slot]}:{partners[slot]}' for slot in sorted(value)])}}}"
        elif key == "participation":
            text = _named(tuple(value.items()))
        elif key == "as_of":
            text = f'"{value}"'
        else:
            text = CANONICAL.encode(value) if value else "[]" if value is not None else "null"
        texts.append(f'"{key}":{text}')
    whole = f"{{{','.join(texts)}}}"
    return f"sha256:{hashlib.sha256(whole.encode('ascii')).hexdigest()}"


@lru_cache(maxsize=256)
def _named(given: tuple[tuple[str, str], ...]) -> str:
    return CANONICAL.encode(dict(given))


def _require_fields(obj: object, path: str, known: frozenset[str] | tuple[str, ...]) -> None:
    if type(obj) is not dict:
        raise CoupleFault(path, "must be an object")
    for key in obj:
        if key not in known:
            raise unknown_field(path, key)


def _required(obj: Mapping[str, object], key: str, path: str) -> object:
    value = obj.get(key)
    if value is None:
        raise CoupleFault(f"{path}.{key}" if path else key, "is missing")
    return value


def _one_of(value: object, allowed: tuple[str, ...], path: str) -> str:
    if type(value) is not str or value not in allowed:
        raise CoupleFault(path, f"must be one of {', '.join(allowed)}")
    return value


def _participation(raw: object) -> Mapping[Slot, Participation]:
    if type(raw) is dict and len(raw) == len(SLOTS):
        known = _PARTICIPATIONS.get((raw.get("a"), raw.get("b")))
        if known is not None:
            return known
    return _participation_at_length(raw)


def _participation_at_length(raw: object) -> Mapping[Slot, Participation]:
    _require_fields(raw, "participation", SLOTS)
    given = cast("Mapping[str, object]", raw)
    return {
        slot: cast(
            "Participation",
            _one_of(_required(given, slot, "participation"), PARTICIPATIONS, f"participation.{slot}"),
        )
        for slot in SLOTS
    }


def _entries(
    obj: Mapping[str, object], key: str, fields: tuple[str, ...]
) -> list[tuple[str, Mapping[str, object]]]:
    raw = obj.get(key)
    if raw is None or raw == []:
        return []
    if type(raw) is not list:
        raise CoupleFault(key, "must be a list")
    found: list[tuple[str, Mapping[str, object]]] = []
    for place, entry in enumerate(raw):
        path = f"{key}.{place}"
        _require_fields(entry, path, fields)
        found.append((path, {field: _required(entry, field, path) for field in fields}))
    return found


def _partners(raw: object, as_of: date) -> dict[Slot, _Read]:
    if raw is None:
        return dict.fromkeys(SLOTS, _NOBODY)
    _require_fields(raw, "partners", SLOTS)
    given = cast("Mapping[str, object]", raw)
    return {slot: _partner(given.get(slot), f"partners.{slot}", as_of) for slot in SLOTS}


def _partner(raw: object, path: str, as_of: date) -> _Read:
    if raw is None:
        return _NOBODY
    if type(raw) is not dict:
        raise CoupleFault(path, "must be an object")
    sheet, text = read_plainly(raw) or read_at_length(raw, path)
    if sheet.sent is not None and sheet.sent > as_of:
        raise CoupleFault(f"{path}.submitted_on", "lies after as_of")
    return _Read(sheet, text)
