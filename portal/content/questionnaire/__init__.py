"""The questionnaire's versions, read from YAML and checked whole when first asked for.

A version is a folder: `00-shared.yaml` (option sets, the words for declining) and one file a section, in
the order of the form. English and Spanish stand side by side. An intake keeps the version it was begun
with, so a version in use is never edited beyond its typing errors: copy the folder instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from portal.content import shipped
from portal.domain.constructs import POLICIES
from portal.domain.questionnaire import Questionnaire

CURRENT = "2026.1"
FOLDER = Path(__file__).parent
SHARED = "00-shared.yaml"

#: Version, confidentiality policy, whether somebody is on call, whether it is the short form.
Variant = tuple[str, str, bool, bool]


@cache
def versions() -> tuple[str, ...]:
    """Every version that is shipped, oldest first."""
    return tuple(sorted(folder.name for folder in FOLDER.iterdir() if (folder / SHARED).is_file()))


def load(
    version: str = CURRENT, *, policy: str = "b", on_call: bool = True, is_short: bool = False
) -> Questionnaire:
    """The questionnaire as a practice with these settings asks it.

    `policy` is the confidentiality policy (a, b, c), `on_call` whether an on-call contact is set, `is_short`
    the short form that is asked again later. Raises KeyError for an unknown version or policy, ContentError
    with every fault of its files.
    """
    if version not in versions():
        raise KeyError(version)
    if policy not in POLICIES:
        raise KeyError(policy)
    known: Mapping[Variant, Questionnaire] = shipped.part("questionnaires")
    return known[version, policy, on_call, is_short]
