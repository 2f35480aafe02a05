"""The consent text, versioned, with the paragraph of the practice's confidentiality policy.

Who agreed keeps the version and the digest of exactly the words they saw: language, policy, practice name,
phone number and help lines included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from portal.content import shipped
from portal.content.placeholders import fill
from portal.domain.constructs import POLICIES
from portal.domain.questionnaire import Wording


@dataclass(frozen=True)
class Point:
    """One paragraph; `policies` are the confidentiality policies it stands under."""

    key: str
    heading: Wording
    text: Wording
    policies: tuple[str, ...] = POLICIES


@dataclass(frozen=True)
class ConsentPage:
    """What one person reads: everything in one language, nothing left to fill in."""

    version: str
    title: str
    lead: str
    points: tuple[tuple[str, str], ...]
    agree: str
    sign: str

    @property
    def text(self) -> str:
        """The whole page as plain text, in the order it is shown."""
        points = [line for point in self.points for line in point]
        return "\n".join((f"[{self.version}]", self.title, self.lead, *points, self.agree))

    @property
    def digest(self) -> str:
        """SHA-256 of the text, as "sha256:" and 64 hex digits."""
        return f"sha256:{hashlib.sha256(self.text.encode()).hexdigest()}"


@dataclass(frozen=True)
class Consent:
    """One version of the consent text."""

    version: str
    title: Wording
    lead: Wording
    points: tuple[Point, ...]
    agree: Wording
    sign: Wording

    def page(self, locale: str, policy: str, *, practice: str, phone: str, help_lines: str) -> ConsentPage:
        """The page in a language, under a confidentiality policy; KeyError for an unknown policy."""
        if policy not in POLICIES:
            raise KeyError(policy)
        values = {"practice": practice, "phone": phone, "help_lines": help_lines}
        points = tuple(
            (point.heading.in_locale(locale), fill(point.text.in_locale(locale), values))
            for point in self.points
            if policy in point.policies
        )
        return ConsentPage(
            self.version,
            self.title.in_locale(locale),
            self.lead.in_locale(locale),
            points,
            self.agree.in_locale(locale),
            self.sign.in_locale(locale),
        )


def load(version: str | None = None) -> Consent:
    """A version of the consent text, the newest unless named; KeyError for an unknown one."""
    known = _known()
    return known[version or list(known)[-1]]


def versions() -> tuple[str, ...]:
    """Every version of the consent text, oldest first."""
    return tuple(_known())


def _known() -> Mapping[str, Consent]:
    found: Mapping[str, Consent] = shipped.part("consents")
    return found
