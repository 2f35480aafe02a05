"""The consent text, versioned, with the paragraph of the practice's confidentiality policy.

Who agreed keeps the version and the digest of exactly the words they saw: language, policy, practice name,
phone number and help lines included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from portal.content.placeholders import fill, unknown
from portal.content.reading import ContentError, Document, Fault, Strict, Text, Texts, read
from portal.domain.constructs import POLICIES
from portal.domain.questionnaire import Wording

PLACEHOLDERS = frozenset({"practice", "phone", "help_lines"})
_FILE = Path(__file__).with_name("consent.yaml")


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


class _PointIn(Strict):
    key: Text
    heading: Texts
    text: Texts
    policy: list[Literal["a", "b", "c"]] = list(POLICIES)


class _VersionIn(Strict):
    version: Text
    title: Texts
    lead: Texts
    points: list[_PointIn] = Field(min_length=1)
    agree: Texts
    sign: Texts


class _FileIn(Strict):
    versions: list[_VersionIn] = Field(min_length=1)


@cache
def load(version: str | None = None) -> Consent:
    """A version of the consent text, the newest unless named; KeyError for an unknown one."""
    known = read_consents(_FILE)
    return known[version or list(known)[-1]]


def versions() -> tuple[str, ...]:
    """Every version of the consent text, oldest first."""
    return tuple(read_consents(_FILE))


def read_consents(path: Path) -> dict[str, Consent]:
    """Every version of a file, in its order; ContentError with every fault."""
    document = read(path)
    given = document.as_model(_FileIn)
    faults = list(_faults(document, given))
    if faults:
        raise ContentError(faults)
    return {version.version: _consent(version) for version in given.versions}


def _faults(document: Document, given: _FileIn) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, version in enumerate(given.versions):
        if version.version in seen:
            yield document.fault(f"the version {version.version} stands twice", "versions", at)
        seen.add(version.version)
        for row, point in enumerate(version.points):
            place = ("versions", at, "points", row)
            for name in unknown(point.text.wording(), PLACEHOLDERS):
                yield document.fault(f"unknown placeholder {name}", *place)
            if point.key in {earlier.key for earlier in version.points[:row]}:
                yield document.fault(f"the point {point.key} stands twice", *place)


def _consent(given: _VersionIn) -> Consent:
    return Consent(
        given.version,
        given.title.wording(),
        given.lead.wording(),
        tuple(
            Point(point.key, point.heading.wording(), point.text.wording(), tuple(point.policy))
            for point in given.points
        ),
        given.agree.wording(),
        given.sign.wording(),
    )
