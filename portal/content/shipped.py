"""Reads everything a practice decides once, so that bad content stops the start and not a partner."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from portal.content import consent, letters, questionnaire, resources, rules
from portal.content.reading import ContentError, Fault

LOADERS: tuple[Callable[[], object], ...] = (
    *((lambda version=version: questionnaire.load(version)) for version in questionnaire.versions()),
    rules.ruleset,
    letters.load,
    consent.load,
    resources.load,
)


def require_sound(loaders: Iterable[Callable[[], object]] = LOADERS) -> None:
    """Load every content file; one ContentError with every fault of all of them."""
    faults: list[Fault] = []
    for load in loaders:
        try:
            load()
        except ContentError as error:
            faults.extend(error.faults)
    if faults:
        raise ContentError(faults)
