"""Reads couple files: one JSON object, an array, or JSON Lines (contract.md, "Couple file")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple, cast

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
    Answers,
    Parsed,
    read_fields,
    read_stated_date,
    unknown_field,
)
from portal.domain.couple_plain import plain_eligible, plain_fields, plain_indices, plain_report, written
from portal.domain.errors import CoupleFault

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_BLANK: dict[str, Parsed] = dict.fromkeys(FLAT)
_SETTING, _DIRECTION, _HEALTH, _BOND = (
    itemgetter(*part._fields) for part in (Setting, Direction, Health, Bond)
)
_BESIDE_HARM = itemgetter(*Safety._fields[1:])
_QUOTED: dict[str, str] = {slot: f'"{slot}"' for slot in SLOTS}
_TOP = frozenset({"as_of", "participation", "standing_findings", "clearances", "partners"})


class _Read(NamedTuple):
    """A partner and the canonical text of what was read."""

    partner: Partner | None
    text: str


_NOBODY = _Read(None, "null")


def parse_couple(obj: Mapping[str, object]) -> Couple:
    """A couple from the JSON value of a couple file. Raises CoupleFault at the first thing wrong."""
    _require_fields(obj, "", _TOP)
    as_of = read_stated_date(_required(obj, "as_of", ""), "as_of")
    participation = _participation(_required(obj, "participation", ""))
    read = _partners(obj.get("partners"), as_of)
    partners = {slot: one.partner for slot, one in read.items()}
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
    return Couple(
        as_of,
        participation,
        partners,
        standing,
        clearances,
        _digest(obj, {slot: one.text for slot, one in read.items()}),
    )


def _digest(obj: Mapping[str, Any], partners: Mapping[Slot, str]) -> str:
    """The digest of a file that was found good; ``partners``: their canonical texts."""
    texts = []
    for key in sorted(obj):
        value = obj[key]
        if key == "partners" and value is not None:
            text = f"{{{','.join([f'{_QUOTED[slot]}:{partners[slot]}' for slot in sorted(value)])}}}"
        elif key == "as_of":
            text = f'"{value}"'
        elif value == []:
            text = "[]"
        else:
            text = _CANONICAL.encode(value)
        texts.append(f'"{key}":{text}')
    return f"sha256:{hashlib.sha256(written(texts).encode('ascii')).hexdigest()}"


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
    read = _quickly(raw, path) or _at_length(raw, path)
    sent = read.partner.setting.submitted_on if read.partner else None
    if sent is not None and sent > as_of:
        raise CoupleFault(f"{path}.submitted_on", "lies after as_of")
    return read


def _quickly(raw: dict[str, Any], path: str) -> _Read | None:
    """A partner of whom everything is plain; None for anyone else."""
    flat, eligible = plain_fields(raw), plain_eligible(raw.get("eligible"))
    report = plain_report(raw.get("harm_received"), raw.get("harm_done"))
    indices = plain_indices(raw.get("indices"))
    if flat is None or eligible is None or report is None or indices is None:
        return None
    answers = Answers()
    apart = {key: raw[key] for key in DATES_AND_LISTS if key in raw}
    values = {**flat.values, **read_fields(apart, FLAT, path, answers)}
    skipped = _skipped(values, eligible.values) | report.skipped
    text = written(
        [
            *flat.texts, *report.texts, *[f'"{key}":{_text(value)}' for key, value in apart.items()],
            f'"eligible":{written(eligible.texts)}', f'"indices":{written(indices.texts)}',
        ]
    )  # fmt: skip
    made = _built(values, eligible.values, indices.values, harm=report.harm, skipped=skipped, answers=answers)
    return _Read(made, text)


def _text(value: object) -> str:
    # A day or "declined", both known to be plain by now; or a list.
    return f'"{value}"' if type(value) is str else "[]" if value == [] else _CANONICAL.encode(value)


def _at_length(raw: dict[str, Any], path: str) -> _Read:
    answers = Answers()
    nested = {key: _nested(raw.get(key), key, path, answers) for key in NESTED}
    flat = read_fields({key: raw[key] for key in raw if key not in NESTED}, FLAT, path, answers)
    skipped = set(_skipped(flat, nested["eligible"]))
    for key in ("harm_received", "harm_done"):
        skipped |= {f"{key}.{act}" for act in ASKED_NESTED[key].difference(nested[key])}
    harm = Harm.of(_answered(nested["harm_received"]), _answered(nested["harm_done"]))
    eligible, indices = nested["eligible"], nested["indices"]
    made = _built(flat, eligible, indices, harm=harm, skipped=frozenset(skipped), answers=answers)
    return _Read(made, _CANONICAL.encode(raw))


def _nested(raw: object, key: str, path: str, answers: Answers) -> dict[str, Parsed]:
    if raw is None:
        return {}
    fields = NESTED[key]
    answers.prefix = f"{key}."
    given = dict.fromkeys(fields, DECLINED) if raw == DECLINED else raw
    values = read_fields(given, fields, f"{path}.{key}", answers)
    answers.prefix = ""
    return values


def _skipped(flat: Mapping[str, Parsed], eligible: Mapping[str, Parsed]) -> frozenset[str]:
    """Items left blank, but for the acts."""
    skipped = FLAT_ITEMS.difference(flat)
    # Nobody began what has not begun: with no legal steps the question who began them is not open.
    if flat.get("legal_steps") in {None, "none"}:
        skipped -= {"legal_steps_by"}
    blank = ASKED_NESTED["eligible"].difference(eligible)
    return skipped | {f"eligible.{item}" for item in blank} if blank else skipped


def _built(
    flat: Mapping[str, Parsed], eligible: Mapping[str, Parsed], indices: Mapping[str, Parsed], *,
    harm: Harm, skipped: frozenset[str], answers: Answers,
) -> Partner:  # fmt: skip
    given: dict[str, Any] = {**_BLANK, **flat}
    return Partner(
        Eligibility._make(map(eligible.get, Eligibility._fields)),
        Setting._make(_SETTING(given)),
        Direction._make(_DIRECTION(given)),
        Safety(harm, *_BESIDE_HARM(given)),
        Health._make(_HEALTH(given)),
        Bond._make(_BOND(given)),
        Indices._make(map(indices.get, Indices._fields)),
        skipped,
        frozenset(answers.declined),
        frozenset(answers.not_asked),
    )


def _answered(report: Mapping[str, Parsed]) -> dict[str, str]:
    return {act: cast("str", when) for act, when in report.items() if when is not None}
