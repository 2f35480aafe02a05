"""Reads the help lines, and checks them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from portal.content.faults import Fault
from portal.content.reading import Document, Strict, Text, Texts, read_checked
from portal.content.resources import HelpLine, Resources

_FILE = Path(__file__).with_name("resources.yaml")


class _LineIn(Strict):
    key: Text
    name: Texts
    about: Texts
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9][0-9-]*[0-9]$")]
    message: Texts


class _RegionIn(Strict):
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    lead: Texts
    trace: Texts
    lines: list[_LineIn] = Field(min_length=1)


class _FileIn(Strict):
    regions: list[_RegionIn] = Field(min_length=1)


def shipped() -> dict[str, Resources]:
    """The regions that ship."""
    return read_resources(_FILE)


def read_resources(path: Path) -> dict[str, Resources]:
    """Every region of a file; ContentError with every fault."""
    given = read_checked(path, _FileIn, _faults)
    return {region.region: _resources(region) for region in given.regions}


def _faults(document: Document, given: _FileIn) -> list[Fault]:
    faults = []
    regions: set[str] = set()
    for at, region in enumerate(given.regions):
        if region.region in regions:
            faults.append(document.fault(f"the region {region.region} stands twice", "regions", at))
        regions.add(region.region)
        keys: set[str] = set()
        for row, line in enumerate(region.lines):
            if line.key in keys:
                faults.append(
                    document.fault(f"the line {line.key} stands twice", "regions", at, "lines", row)
                )
            keys.add(line.key)
    return faults


def _resources(given: _RegionIn) -> Resources:
    lines = tuple(
        HelpLine(line.key, line.name.wording(), line.about.wording(), line.phone, line.message.wording())
        for line in given.lines
    )
    return Resources(given.region, given.lead.wording(), given.trace.wording(), lines)
