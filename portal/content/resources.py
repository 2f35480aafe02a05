"""Help lines by region: shown to everybody in the same words, whatever they answered (security.md P2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.content import shipped
from portal.domain.questionnaire import Wording

DEFAULT_REGION = "US"


@dataclass(frozen=True)
class HelpLine:
    """One line: `phone` as printed, `message` how to write to it."""

    key: str
    name: Wording
    about: Wording
    phone: str
    message: Wording


@dataclass(frozen=True)
class Resources:
    """The help lines of one region; `trace` says that calls can be seen afterwards."""

    region: str
    lead: Wording
    trace: Wording
    lines: tuple[HelpLine, ...]

    def line(self, key: str) -> HelpLine:
        """The line with this key; KeyError when there is none."""
        return {line.key: line for line in self.lines}[key]


def load(region: str = DEFAULT_REGION) -> Resources:
    """The help lines of a region; KeyError for an unknown one, ContentError for a bad file."""
    known: Mapping[str, Resources] = shipped.part("resources")
    return known[region]
