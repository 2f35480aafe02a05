"""Reads couple files: one JSON object, an array, or JSON Lines (contract.md, "Couple file")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from portal.domain.constructs import DECLINED
from portal.domain.couple import (
    PARTICIPATIONS,
    SLOTS,
    TIERS,
    Bond,
    Clearance,
    Couple,
    Direction,
    Eligibility,
    Harm,
    Health,
    Indices,
    Participation,
    Partner,
    Safety,
    Setting,
    Slot,
    StandingFinding,
    Tier,
)
from portal.domain.couple_fields import (
    ASKED_NESTED,
    DATES_AND_LISTS,
    FLAT,
    FLAT_ITEMS,
    NESTED,
    PLAIN,
    PLAIN_FLAT,
    Answers,
    Parsed,
    plainly_read,
    read_fields,
    read_stated_date,
    unknown_field,
)
from portal.domain.errors import CoupleFault

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_BESIDE_HARM = Safety._fields[1:]
_TOP = frozenset({"as_of", "participation", "standing_findings", "clearances", "partners"})


def parse_couple(obj: Mapping[str, object]) -> Couple:
    """A couple from the JSON value of a couple file. Raises CoupleFault at the first thing wrong."""
    _require_fields(obj, "", _TOP)
    as_of = read_stated_date(_required(obj, "as_of", ""), "as_of")
    participation = _participation(_required(obj, "participation", ""))
    partners = _partners(obj.get("partners"), as_of)
    for slot in SLOTS:
        if participation[slot] == "submitted" and partners[slot] is None:
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
    return Couple(as_of, participation, partners, standing, clearances, _digest(obj))


def _digest(obj: Mapping[str, object]) -> str:
    return f"sha256:{hashlib.sha256(_CANONICAL.encode(obj).encode('ascii')).hexdigest()}"


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


def _participation(raw: object) -> dict[Slot, Participation]:
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
    if raw is None:
        return []
    if type(raw) is not list:
        raise CoupleFault(key, "must be a list")
    found: list[tuple[str, Mapping[str, object]]] = []
    for place, entry in enumerate(raw):
        path = f"{key}.{place}"
        _require_fields(entry, path, fields)
        found.append((path, {field: _required(entry, field, path) for field in fields}))
    return found


def _partners(raw: object, as_of: date) -> dict[Slot, Partner | None]:
    if raw is None:
        return {"a": None, "b": None}
    _require_fields(raw, "partners", SLOTS)
    given = cast("Mapping[str, object]", raw)
    return {slot: _partner(given.get(slot), f"partners.{slot}", as_of) for slot in SLOTS}


def _partner(raw: object, path: str, as_of: date) -> Partner | None:
    if raw is None:
        return None
    if type(raw) is not dict:
        raise CoupleFault(path, "must be an object")
    answers = Answers()
    nested = {key: _nested(raw.get(key), key, path, answers) for key in NESTED}
    flat = _flat(raw, path, answers)
    submitted_on = flat.get("submitted_on")
    if submitted_on is not None and cast("date", submitted_on) > as_of:
        raise CoupleFault(f"{path}.submitted_on", "lies after as_of")
    return _built(flat, nested, answers)


def _flat(raw: dict[str, Any], path: str, answers: Answers) -> dict[str, Parsed]:
    few = raw.copy()
    for key in NESTED:
        few.pop(key, None)
    apart = {key: few.pop(key) for key in DATES_AND_LISTS if key in few}
    plainly = plainly_read(few, PLAIN_FLAT)
    if plainly is None:
        return read_fields({key: raw[key] for key in raw if key not in NESTED}, FLAT, path, answers)
    return {**plainly, **read_fields(apart, FLAT, path, answers)}


def _nested(raw: object, key: str, path: str, answers: Answers) -> dict[str, Parsed]:
    if raw is None:
        return {}
    plainly = plainly_read(raw, PLAIN[key]) if type(raw) is dict else None
    if plainly is not None:
        return plainly
    fields = NESTED[key]
    answers.prefix = f"{key}."
    given = dict.fromkeys(fields, DECLINED) if raw == DECLINED else raw
    values = read_fields(given, fields, f"{path}.{key}", answers)
    answers.prefix = ""
    return values


def _built(flat: dict[str, Parsed], nested: dict[str, dict[str, Parsed]], answers: Answers) -> Partner:
    skipped = FLAT_ITEMS.difference(flat)
    # Nobody began what has not begun: with no legal steps the question who began them is not open.
    if flat.get("legal_steps") in {None, "none"}:
        skipped -= {"legal_steps_by"}
    for key, items in ASKED_NESTED.items():
        blank = items.difference(nested[key])
        if blank:
            skipped |= {f"{key}.{item}" for item in blank}
    harm = Harm.of(_answered(nested["harm_received"]), _answered(nested["harm_done"]))
    of_nested, of_flat = nested["eligible"].get, flat.get
    of_indices = nested["indices"].get
    parts: tuple[Any, ...] = (
        Eligibility._make(map(of_nested, Eligibility._fields)),
        Setting._make(map(of_flat, Setting._fields)),
        Direction._make(map(of_flat, Direction._fields)),
        Safety(harm, *map(of_flat, _BESIDE_HARM)),  # type: ignore[arg-type]
        Health._make(map(of_flat, Health._fields)),
        Bond._make(map(of_flat, Bond._fields)),
        Indices._make(map(of_indices, Indices._fields)),
    )
    return Partner(*parts, skipped, frozenset(answers.declined), frozenset(answers.not_asked))


def _answered(report: Mapping[str, Parsed]) -> dict[str, str]:
    return {act: cast("str", when) for act, when in report.items() if when is not None}
