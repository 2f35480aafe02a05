"""The long way through one partner's file: every answer looked at by itself, every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, cast

from portal.domain.constructs import DECLINED
from portal.domain.couple import Bond, Direction, Eligibility, Harm, Health, Indices, Partner, Safety, Setting
from portal.domain.couple_fields import ASKED_NESTED, FLAT, FLAT_ITEMS, NESTED, Answers, Parsed, read_fields

_BLANK: dict[str, Parsed] = dict.fromkeys(FLAT)
_SETTING, _DIRECTION, _HEALTH, _BOND = (
    itemgetter(*part._fields) for part in (Setting, Direction, Health, Bond)
)
_BESIDE_HARM = itemgetter(*Safety._fields[1:])


def read_partner(raw: Mapping[str, Any], path: str) -> Partner:
    """One partner from the JSON object of a couple file. Raises CoupleFault at the first thing wrong."""
    answers = Answers()
    nested = {key: _nested(raw.get(key), key, path, answers) for key in NESTED}
    flat = read_fields({key: raw[key] for key in raw if key not in NESTED}, FLAT, path, answers)
    skipped = set(_skipped(flat, nested["eligible"]))
    for key in ("harm_received", "harm_done"):
        skipped |= {f"{key}.{act}" for act in ASKED_NESTED[key].difference(nested[key])}
    harm = Harm.of(_answered(nested["harm_received"]), _answered(nested["harm_done"]))
    eligible, indices = nested["eligible"], nested["indices"]
    return _built(flat, eligible, indices, harm=harm, skipped=frozenset(skipped), answers=answers)


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
