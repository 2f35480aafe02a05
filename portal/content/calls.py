"""What a caller says first: whether the person is alone comes before anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portal.content import shipped
from portal.domain.questionnaire import Wording

Step = Literal["open", "private", "not_private", "begin", "close", "other_person", "voicemail"]


@dataclass(frozen=True)
class Script:
    """Every line there is, by when it is said and whether the practice may be named."""

    open_named: Wording
    open_unnamed: Wording
    private: Wording
    not_private: Wording
    begin: Wording
    close: Wording
    other_person: Wording
    voicemail_named: Wording
    voicemail_unnamed: Wording
    voicemail_none: Wording


@dataclass(frozen=True)
class Line:
    """One thing to say, and when: ``step``."""

    step: Step
    text: Wording


def script(*, name_ok: bool, voicemail_ok: bool) -> tuple[Line, ...]:
    """What may be said to this person, in the order of a call. Placeholders: caller, practice, phone.

    Without leave to name the practice no line of it holds the name.
    """
    texts: Script = shipped.part("calls")
    opening = texts.open_named if name_ok else texts.open_unnamed
    message = texts.voicemail_named if name_ok else texts.voicemail_unnamed
    lines: tuple[tuple[Step, Wording], ...] = (
        ("open", opening),
        ("private", texts.private),
        ("not_private", texts.not_private),
        ("begin", texts.begin),
        ("close", texts.close),
        ("other_person", texts.other_person),
        ("voicemail", message if voicemail_ok else texts.voicemail_none),
    )
    return tuple(Line(step, text) for step, text in lines)
