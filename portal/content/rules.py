"""The ruleset: the table of the engine with its sentences in both languages and the practice's thresholds.

``rules/<id>.yaml`` holds every sentence; ``rules_file`` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from portal.content import shipped
from portal.domain.rules import Rule, Ruleset
from portal.domain.table import TABLE
from portal.domain.texts import RulesetTexts

CURRENT: Final = "2026.1"
RULESETS: Final[Mapping[str, tuple[Rule, ...]]] = {CURRENT: TABLE}
"""Every ruleset by its name; each has its sentences in a file of the same name."""


@lru_cache(maxsize=64)
def ruleset(named: str = CURRENT, /, **thresholds: int) -> Ruleset:
    """A ruleset with a practice's thresholds, by the names of SAFE_RANGES.

    Raises LookupError for a name that is none of RULESETS, SettingFault for thresholds outside their safe
    ranges, ContentError for a bad file.
    """
    return Ruleset(named, RULESETS[named], _texts()[named], **thresholds)


def _texts() -> Mapping[str, RulesetTexts]:
    found: Mapping[str, RulesetTexts] = shipped.part("rules")
    return found
