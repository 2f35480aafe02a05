"""Which questionnaire an intake speaks: the version and variant it was begun with."""

from __future__ import annotations

from functools import cache
from typing import Final

from portal.content import questionnaire as bank
from portal.domain.questionnaire import Questionnaire

_SHORT: Final = "short"


@cache
def of(version: str, variant: str) -> Questionnaire:
    """The questionnaire of ``version`` as asked under ``variant``.

    "b+oncall": policy b, on-call contact; "b+short": the short form. The variant comes from the practice's
    settings and what staff ask for, never from answers: everybody sees the same screens.
    """
    policy, *marks = variant.split("+")
    return bank.load(version, policy=policy, on_call="oncall" in marks, is_short=_SHORT in marks)


def is_short(variant: str) -> bool:
    """Whether a round of this variant asks the short form."""
    return _SHORT in variant.split("+")


def short(variant: str) -> str:
    """The variant's short form."""
    return f"{variant}+{_SHORT}"


def whole(variant: str) -> str:
    """The variant without its being short."""
    return "+".join(mark for mark in variant.split("+") if mark != _SHORT)
