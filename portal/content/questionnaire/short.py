"""The short form of a version: some sections, some of their items, the same words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import RootModel

from portal.content.faults import Fault
from portal.content.reading import Document, Strict, Texts, read_checked
from portal.domain.questionnaire import Questionnaire, Section

FILE = "short.yaml"


class _SectionIn(Strict):
    """Which items of a section are asked, and what stands above them if not the section's own words."""

    items: list[str] | Literal["all"]
    lead: Texts | None = None


class _ShortIn(RootModel[dict[str, _SectionIn]]):
    pass


def shortened(whole: Questionnaire, path: Path) -> Questionnaire:
    """The short form of ``whole`` as the file at ``path`` says; ContentError with every fault.

    An item that this variant does not ask (the items about suicide where nobody is on call) is left out.
    """
    given = read_checked(path, _ShortIn, lambda document, it: _faults(document, whole, it.root)).root
    sections = (_narrowed(section, given[section.key]) for section in whole.sections if section.key in given)
    return replace(whole, sections=tuple(section for section in sections if section.items))


def _narrowed(section: Section, given: _SectionIn) -> Section:
    items = tuple(item for item in section.items if given.items == "all" or item.key in given.items)
    return replace(
        section,
        items=items,
        lead=given.lead.wording() if given.lead else section.lead,
        minutes=-(-section.minutes * len(items) // len(section.items)),
    )


def _faults(document: Document, whole: Questionnaire, given: dict[str, _SectionIn]) -> Iterator[Fault]:
    for key, section in given.items():
        if key not in whole.section_keys:
            yield document.fault(f"no section {key}", key)
            continue
        for item in section.items if section.items != "all" else ():
            if whole.has_item(item) and whole.section_of(item).key != key:
                yield document.fault(f"{item} stands in another section", key, "items")
