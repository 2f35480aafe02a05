"""The quick way through a partner's file, where every field holds one of its few answers.

Every answer that a field takes is known beforehand, with its text in the canonical JSON of the digest. So an
object is read, checked and written in canonical order by looking its answers up. Whatever else stands in it,
a declined answer or a fault, goes the long way (``couple_fields.read_fields``), with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from portal.domain.couple import Harm
from portal.domain.couple_fields import ACT, DATES_AND_LISTS, ELIGIBLE, FLAT, INDEX, NESTED, Field, Parsed

Known = Mapping[tuple[str, type | None, object], str]
"""Field, type of the answer (true and 1.0 are no 1) and answer -> the canonical text of both."""


class Plain(NamedTuple):
    """What an object holds: its answers without those left blank, and the canonical text of each field."""

    values: Mapping[str, Parsed]
    texts: list[str]


def _known(fields: Mapping[str, Field]) -> Known:
    few = {(key, field.kind, value) for key, field in fields.items() for value in field.values}
    blank = {(key, type(None), None) for key in fields}
    return {(key, kind, value): f'"{key}":{json.dumps(value)}' for key, kind, value in few | blank}


_FLAT: Final = _known(FLAT)
_ACT: Final = _known(ACT)
_ELIGIBLE: Final = _known(ELIGIBLE)
_INDEX: Final = _known(INDEX)
_APART: Final = (*NESTED, *DATES_AND_LISTS)


def plain_fields(raw: Mapping[str, Any]) -> Plain | None:
    """The fields of a partner but for dates, lists and what stands in objects of its own."""
    few = dict(raw)
    for key in _APART:
        few.pop(key, None)
    return _looked_up(few, _FLAT)


def plain_eligible(raw: object) -> Plain | None:
    """Whether this person may be seen; None where the long way is needed."""
    return _looked_up(raw, _ELIGIBLE) if type(raw) is dict else None


def plain_indices(raw: object) -> Plain | None:
    """The pattern indices; None where the long way is needed."""
    return _looked_up(raw, _INDEX) if type(raw) is dict else None


class Report(NamedTuple):
    """Both sides of one partner's acts: as a value, the acts left blank (paths), the canonical texts."""

    harm: Harm
    skipped: frozenset[str]
    texts: tuple[str, str]


def plain_report(received: object, done: object) -> Report | None:
    """The acts of one partner; None where the long way is needed. Most people tell of the same few."""
    if type(received) is not dict or type(done) is not dict:
        return None
    try:
        return _report(tuple(received.items()), tuple(done.items()))
    except TypeError:
        return None


# Text is equal to text alone, so nothing of another type can come in by being equal to it.
@lru_cache(maxsize=1024)
def _report(received: tuple[tuple[str, Any], ...], done: tuple[tuple[str, Any], ...]) -> Report | None:
    one, two = _looked_up(dict(received), _ACT), _looked_up(dict(done), _ACT)
    if one is None or two is None:
        return None
    skipped = [
        f"{side}.{act}"
        for side, told in (("harm_received", one.values), ("harm_done", two.values))
        for act in ACT.keys() - told.keys()
    ]
    texts = (f'"harm_received":{written(one.texts)}', f'"harm_done":{written(two.texts)}')
    return Report(Harm.of(_told(one), _told(two)), frozenset(skipped), texts)


def _told(side: Plain) -> dict[str, str]:
    return {act: when for act, when in side.values.items() if type(when) is str}


def _looked_up(raw: Mapping[str, Any], known: Known) -> Plain | None:
    values = raw.values()
    try:
        texts: list[Any] = [*map(known.get, zip(raw, map(type, values), values, strict=True))]
    except TypeError:
        # A list or an object in the place of an answer.
        return None
    if None in texts:
        return None
    return Plain({key: raw[key] for key in raw if raw[key] is not None} if None in values else raw, texts)


def written(texts: Iterable[str]) -> str:
    """An object in canonical JSON. Fields sort as their texts do: a quotation mark stands before letters."""
    return f"{{{','.join(sorted(texts))}}}"
