"""What saving a section means: what is kept, what counts as touched, where one stands afterwards.

contract.md, "Fields" and "How sealed answers flow": a missing key stays untouched, an empty value blanks a
readable answer and never a sealed one, ``clear`` empties a section, ``open`` saves and leaves like next.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final

from portal.domain.answers import Answer, Cleaned
from portal.domain.questionnaire import Questionnaire, Section

CHECK = "check"
"""What follows the last section: the page that lists what is untouched."""


class Go(StrEnum):
    """What the button asked for. A draft is a save that moves nothing."""

    DRAFT = "draft"
    NEXT = "next"
    BACK = "back"
    SAVE = "save"
    CLEAR = "clear"
    OPEN = "open"


#: The ways to leave a section; findings then latch.
LEAVING = frozenset({Go.NEXT, Go.BACK, Go.SAVE, Go.OPEN})

#: Made once: ``json.dumps`` makes another whenever it is told to sort.
_TOLD: Final = json.JSONEncoder(sort_keys=True)

_BUTTONS: Final[Mapping[str, Go]] = {go.value: go for go in (Go.NEXT, Go.BACK, Go.SAVE, Go.CLEAR)}


def read_go(questionnaire: Questionnaire, go: str, to: str) -> Go | None:
    """The button of a posted section, or None when there is no such button.

    ``to`` alone implies open, neither is a plain save (the Enter key of some browsers sends no button).
    """
    if to or go == Go.OPEN:
        return Go.OPEN if go in {"", Go.OPEN} and to in questionnaire.section_keys else None
    if not go:
        return Go.SAVE
    return _BUTTONS.get(go)


def destination(questionnaire: Questionnaire, section: str, go: Go, to: str) -> str:
    """Key of the section that stands open afterwards."""
    if go is Go.OPEN:
        return to
    if go is Go.NEXT:
        after = questionnaire.next_section(section)
    elif go is Go.BACK:
        after = questionnaire.previous_section(section)
    else:
        after = None
    return section if after is None else after.key


def leads_to_check(questionnaire: Questionnaire, section: str, go: Go) -> bool:
    """Whether next was pressed on the last section."""
    return go is Go.NEXT and questionnaire.next_section(section) is None


def merged(previous: Mapping[str, Answer], cleaned: Cleaned) -> dict[str, Answer]:
    """A readable draft after a save: posted answers win, posted blanks erase, the rest stays."""
    kept = {key: value for key, value in previous.items() if key not in cleaned.blanks}
    return {**kept, **cleaned.values}


def touched(section: Section, keys: Collection[str]) -> tuple[str, ...]:
    """``keys`` in the order of the section's items; what the section does not ask is dropped."""
    return tuple(item.key for item in section.items if item.key in keys)


def fingerprint(fields: Mapping[str, Sequence[str]], go: Go, *, names: Collection[str] | None = None) -> str:
    """One text for one posted body, so that the same save sent again can be told.

    ``names`` limits it to these fields: where nothing may be kept, not even a digest of an answer is.
    """
    told = {
        name: list(values)
        for name, values in fields.items()
        if name != "csrf_token" and (names is None or name in names)
    }
    return _TOLD.encode([go.value, told])
