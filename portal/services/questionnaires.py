"""Which questionnaire an intake speaks: the version and variant it was begun with."""

from __future__ import annotations

from functools import cache

from portal.content import questionnaire as bank
from portal.domain.questionnaire import Questionnaire


@cache
def of(version: str, variant: str) -> Questionnaire:
    """The questionnaire of ``version`` as asked under ``variant`` ("b+oncall": policy b, on-call contact).

    The variant comes from the practice's settings, never from answers: everybody sees the same screens.
    """
    policy, _, on_call = variant.partition("+")
    return bank.load(version, policy=policy, on_call=bool(on_call))
