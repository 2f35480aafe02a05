"""Which questionnaire an intake speaks: the version and variant it was begun with."""

from __future__ import annotations

from functools import cache
from typing import Final

from portal.content import questionnaire as bank
from portal.domain import scoring
from portal.domain.constructs import POLICIES
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


@cache
def draft_sections() -> tuple[str, ...]:
    """Sections that the rules read before a form is sent, in whichever version and variant, sorted.

    Saves of any other raise nothing until then: the worker need not open them.
    """
    forms = [
        bank.load(version, policy=policy, on_call=on_call)
        for version in bank.versions()
        for policy in POLICIES
        for on_call in (True, False)
    ]
    return tuple(sorted(frozenset[str]().union(*map(scoring.draft_sections, forms))))


@cache
def item_keys() -> frozenset[str]:
    """What the newest questionnaire asks: the keys of its items, the same in every variant."""
    newest = of(bank.versions()[-1], f"{POLICIES[1]}+oncall")
    return frozenset(item.key for section in newest.sections for item in section.items)


def is_short(variant: str) -> bool:
    """Whether a round of this variant asks the short form."""
    return _SHORT in variant.split("+")


def short(variant: str) -> str:
    """The variant's short form."""
    return f"{variant}+{_SHORT}"


def whole(variant: str) -> str:
    """The variant without its being short."""
    return "+".join(mark for mark in variant.split("+") if mark != _SHORT)
