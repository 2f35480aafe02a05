"""What a posted section may become: an allow-list from form fields to stored answers.

Nothing that was typed is lost over one bad field: each fault is kept by item, the rest is still clean
(contract.md, "Answers of the server"; security.md T06).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.domain.constructs import DECLINED, NONE
from portal.domain.normal_forms import normalized
from portal.domain.questionnaire import Item, Kind, Section

Answer = str | list[str]
"""A stored answer: a text or an option value, a list of option values, or "declined"."""

ENVELOPE: Final = frozenset({"section", "version", "go", "to", "csrf_token", "submit_key"})
"""Fields of the form that are no answers."""


class Fault(StrEnum):
    """Why one posted value cannot be stored."""

    NOT_AN_OPTION = "not_an_option"
    MORE_THAN_ONE = "more_than_one"
    TOO_LONG = "too_long"
    BAD_CHARACTERS = "bad_characters"


@dataclass(frozen=True)
class Cleaned:
    """A posted section, sorted: answers, items posted empty, faults by item, fields nobody asked for.

    An item that is in none of the four was not posted and stays untouched.
    """

    values: Mapping[str, Answer]
    blanks: tuple[str, ...]
    faults: Mapping[str, Fault]
    unexpected: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything posted could be stored or was an empty field."""
        return not self.faults


class _Refused(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


#: Looked at for each answer of a section.
_MULTI: Final = Kind.MULTI


def clean(section: Section, posted: Mapping[str, Sequence[str]]) -> Cleaned:
    """Sort a posted section (field name -> its values in order) by the section's own items.

    Texts become NFC with LF line ends; their limit counts code points after that. A missing key, or one
    without values, is untouched; only empty values are a blank. Never raises for bad input.
    """
    values: dict[str, Answer] = {}
    blanks: list[str] = []
    faults: dict[str, Fault] = {}
    for item in section.items:
        key = item.key
        given = posted.get(key)
        if not given:
            continue
        held = item.option_set
        if len(given) == 1 and held is not None and given[0] in held.by_value and item.kind is not _MULTI:
            values[key] = given[0]  # nearly every answer
            continue
        try:
            answer = _clean_item(item, given)
        except _Refused as refused:
            faults[item.key] = refused.fault
            continue
        if answer:
            values[item.key] = answer
        else:
            blanks.append(item.key)
    unexpected = tuple(sorted(posted.keys() - section.by_key.keys() - ENVELOPE))
    return Cleaned(values, tuple(blanks), faults, unexpected)


def canonical_text(text: str) -> str:
    """NFC, LF line ends, "" when only white space; ValueError for NUL or a lone surrogate."""
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("NUL or lone surrogate")
    plain = normalized("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain if plain.strip() else ""


def _clean_item(item: Item, given: Sequence[str]) -> Answer:
    filled = [value for value in given if value]
    if item.kind is Kind.MULTI:
        return _clean_multi(item, filled)
    if len(filled) > 1:
        raise _Refused(Fault.MORE_THAN_ONE)
    if not filled:
        return ""
    if item.kind is Kind.TEXT:
        return _clean_text(item, filled[0])
    if item.option(filled[0]) is None:
        raise _Refused(Fault.NOT_AN_OPTION)
    return filled[0]


def _clean_text(item: Item, value: str) -> str:
    try:
        text = canonical_text(value)
    except ValueError:
        raise _Refused(Fault.BAD_CHARACTERS) from None
    if len(text) > item.limit:
        raise _Refused(Fault.TOO_LONG)
    return text


def _clean_multi(item: Item, filled: Sequence[str]) -> Answer:
    """Ticks in the order of the options, each once.

    What contradicts a tick is dropped gently, never the tick: with anything named, "none" and declining
    fall away; with only those two, declining stays. So no reported act can be lost to a second tick.
    """
    if any(item.option(value) is None for value in filled):
        raise _Refused(Fault.NOT_AN_OPTION)
    named = [o.value for o in item.options if o.value in filled and o.value not in (NONE, DECLINED)]
    if named:
        return named
    if DECLINED in filled:
        return DECLINED
    return [NONE] if filled else []
