"""What a caller says first: whether the person is alone comes before anything else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from portal.content.reading import Strict, Texts, read
from portal.domain.questionnaire import Wording

_FILE = Path(__file__).with_name("calls.yaml")

Step = Literal["open", "private", "not_private", "begin", "close", "other_person", "voicemail"]


class _FileIn(Strict):
    open_named: Texts
    open_unnamed: Texts
    private: Texts
    not_private: Texts
    begin: Texts
    close: Texts
    other_person: Texts
    voicemail_named: Texts
    voicemail_unnamed: Texts
    voicemail_none: Texts


@dataclass(frozen=True)
class Line:
    """One thing to say, and when: ``step``."""

    step: Step
    text: Wording


def script(*, name_ok: bool, voicemail_ok: bool) -> tuple[Line, ...]:
    """What may be said to this person, in the order of a call. Placeholders: caller, practice, phone.

    Without leave to name the practice no line of it holds the name.
    """
    texts = _texts()
    opening = texts.open_named if name_ok else texts.open_unnamed
    message = texts.voicemail_named if name_ok else texts.voicemail_unnamed
    lines: tuple[tuple[Step, Texts], ...] = (
        ("open", opening),
        ("private", texts.private),
        ("not_private", texts.not_private),
        ("begin", texts.begin),
        ("close", texts.close),
        ("other_person", texts.other_person),
        ("voicemail", message if voicemail_ok else texts.voicemail_none),
    )
    return tuple(Line(step, text.wording()) for step, text in lines)


@cache
def _texts() -> _FileIn:
    return read(_FILE).as_model(_FileIn)
