"""Reads the versions of the consent text, and checks them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from portal.content.consent import Consent, Point
from portal.content.faults import Fault
from portal.content.placeholders import unknown
from portal.content.reading import Document, Strict, Text, Texts, read_checked
from portal.domain.constructs import POLICIES

PLACEHOLDERS = frozenset({"practice", "phone", "help_lines"})
_FILE = Path(__file__).with_name("consent.yaml")


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


def shipped() -> dict[str, Consent]:
    """The versions that ship."""
    return read_consents(_FILE)


def read_consents(path: Path) -> dict[str, Consent]:
    """Every version of a file, in its order; ContentError with every fault."""
    given = read_checked(path, _FileIn, _faults)
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
