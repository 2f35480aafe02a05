"""The questionnaire as frozen values: Questionnaire > Section > Item > OptionSet > Option.

One specification draws the form, checks what is untouched, gives the next section and the progress,
and is read again for the staff view. Which answers somebody gives never changes which items are asked:
a variant is chosen by the practice's settings alone (security.md §3.3, constant shape).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from portal.domain.constructs import Draft


class Kind(StrEnum):
    """How an item is answered. A scale and a number are choices drawn in a row."""

    CHOICE = "choice"
    SCALE = "scale"
    NUMBER = "number"
    MULTI = "multi"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in every language of the portal."""

    en: str
    es: str

    def in_locale(self, locale: str) -> str:
        """The text for a locale such as "en", "es" or "es_US"; anything else reads as English."""
        return self.es if locale.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0] == "es" else self.en


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that may be chosen; `value` is what is stored."""

    value: str
    text: Wording


@dataclass(frozen=True)
class OptionSet:
    """The options of an item in the order they are drawn; declining, where offered, is the last."""

    key: str
    options: tuple[Option, ...]

    @cached_property
    def by_value(self) -> Mapping[str, Option]:
        """Options by their stored value."""
        return {option.value: option for option in self.options}


@dataclass(frozen=True)
class Item:
    """One question.

    In a group `text` is the short label of one row and the group's text is the question above it.
    `sensitive`: declining is offered. `part2`: a substance item (42 CFR Part 2). `routing`: a rule reads
    it. `optional`: never counted as missing, as all free text. `limit`: code points a text may have, 0 for
    anything else. `ends`: what the lowest and the highest number mean.
    """

    key: str
    kind: Kind
    text: Wording
    help: Wording | None = None
    option_set: OptionSet | None = None
    sensitive: bool = False
    part2: bool = False
    routing: bool = False
    optional: bool = False
    group: str | None = None
    limit: int = 0
    ends: tuple[Wording, Wording] | None = None

    @property
    def options(self) -> tuple[Option, ...]:
        """Everything that may be chosen, in order; empty for a text."""
        return self.option_set.options if self.option_set else ()

    def option(self, value: str) -> Option | None:
        """The option with this stored value, or None."""
        return self.option_set.by_value.get(value) if self.option_set else None


@dataclass(frozen=True)
class Group:
    """Items that share one question and are drawn as one table."""

    key: str
    text: Wording
    help: Wording | None = None


@dataclass(frozen=True)
class Section:
    """One page of the form.

    `minutes`: what it takes most people. `draft` and `silent`: see contract.md, "Sections of the form".
    `lifelines`: the help lines stand under it for everybody, whatever was answered. `notices`: what this
    practice's settings make it say at the top.
    """

    key: str
    title: Wording
    lead: Wording
    why: Wording
    minutes: int
    draft: Draft
    silent: bool
    items: tuple[Item, ...]
    groups: tuple[Group, ...] = ()
    notices: tuple[Wording, ...] = ()
    lifelines: bool = False

    @property
    def is_sealed(self) -> bool:
        """True where a saved answer is never shown again."""
        return self.draft is Draft.SEALED

    @cached_property
    def by_key(self) -> Mapping[str, Item]:
        """Items by key."""
        return {item.key: item for item in self.items}

    @cached_property
    def counted(self) -> tuple[Item, ...]:
        """The items that progress counts: all but the optional ones."""
        return tuple(item for item in self.items if not item.optional)

    @cached_property
    def counted_keys(self) -> frozenset[str]:
        """Their keys."""
        return frozenset(item.key for item in self.counted)

    def group(self, key: str) -> Group:
        """The group with this key; KeyError when there is none."""
        for group in self.groups:
            if group.key == key:
                return group
        raise KeyError(key)

    def rows(self) -> tuple[tuple[Group | None, tuple[Item, ...]], ...]:
        """Items in the order they are drawn: neighbours of one group together, others one by one."""
        drawn: list[tuple[Group | None, tuple[Item, ...]]] = []
        for item in self.items:
            if item.group is None:
                drawn.append((None, (item,)))
            elif drawn and drawn[-1][0] is not None and drawn[-1][0].key == item.group:
                drawn[-1] = (drawn[-1][0], (*drawn[-1][1], item))
            else:
                drawn.append((self.group(item.group), (item,)))
        return tuple(drawn)

    def untouched(self, touched: Collection[str]) -> tuple[Item, ...]:
        """Counted items that were neither answered nor declined."""
        return tuple(item for item in self.counted if item.key not in touched)


class SectionProgress(NamedTuple):
    """How far one section is: counted items touched, of how many."""

    key: str
    done: int
    total: int

    @property
    def is_complete(self) -> bool:
        """Nothing that counts is untouched."""
        return self.done == self.total


@dataclass(frozen=True)
class Progress:
    """How far the whole form is; `minutes_left` is rounded up to whole minutes."""

    done: int
    total: int
    minutes_left: int
    sections: tuple[SectionProgress, ...]

    @property
    def percent(self) -> int:
        """0-100, rounded down, so that 100 means everything."""
        return 100 * self.done // self.total if self.total else 100


@dataclass(frozen=True)
class Questionnaire:
    """One version of the questionnaire in the variant that a practice's settings choose.

    `policy` is the confidentiality policy (a, b or c), `on_call` whether somebody is on call.
    """

    version: str
    policy: str
    on_call: bool
    sections: tuple[Section, ...]

    @cached_property
    def section_keys(self) -> tuple[str, ...]:
        """Keys of the sections in order."""
        return tuple(section.key for section in self.sections)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in order."""
        return tuple(item for section in self.sections for item in section.items)

    @cached_property
    def numbered(self) -> Mapping[str, tuple[str, ...]]:
        """Keys of the items `<prefix>_<number>` by prefix, in order: the parts of a score."""
        found: dict[str, tuple[str, ...]] = {}
        for item in self.items:
            prefix, _, number = item.key.rpartition("_")
            if number.isdigit():
                found[prefix] = (*found.get(prefix, ()), item.key)
        return found

    @cached_property
    def _section_by_item(self) -> Mapping[str, Section]:
        return {item.key: section for section in self.sections for item in section.items}

    def section(self, key: str) -> Section:
        """The section with this key; KeyError when there is none."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> Mapping[str, Section]:
        return {section.key: section for section in self.sections}

    def item(self, key: str) -> Item:
        """The item with this key; KeyError when it is not asked in this variant."""
        return self._section_by_item[key].by_key[key]

    def has_item(self, key: str) -> bool:
        """Whether this variant asks the item."""
        return key in self._section_by_item

    def section_of(self, item_key: str) -> Section:
        """The section that holds an item; KeyError when it is not asked in this variant."""
        return self._section_by_item[item_key]

    def next_section(self, key: str) -> Section | None:
        """The section after this one, None after the last; KeyError for an unknown key."""
        after = self.sections.index(self.section(key)) + 1
        return self.sections[after] if after < len(self.sections) else None

    def previous_section(self, key: str) -> Section | None:
        """The section before this one, None before the first; KeyError for an unknown key."""
        at = self.sections.index(self.section(key))
        return self.sections[at - 1] if at else None

    def untouched(self, touched: Mapping[str, Collection[str]]) -> dict[str, tuple[Item, ...]]:
        """Untouched items by section key, only sections with any; `touched`: item keys by section key."""
        found = {section.key: section.untouched(touched.get(section.key, ())) for section in self.sections}
        return {key: items for key, items in found.items() if items}

    def progress(self, touched: Mapping[str, Collection[str]]) -> Progress:
        """How far somebody is; `touched`: item keys by section key."""
        parts = []
        seconds = done = asked = 0
        for key, counted, total, share in self._weights:
            begun = touched.get(key)
            left = len(counted.difference(begun)) if begun else total
            seconds += _seconds(share, left, total)
            done, asked = done + total - left, asked + total
            parts.append(SectionProgress(key, total - left, total))
        return Progress(done=done, total=asked, minutes_left=-(-seconds // 60), sections=tuple(parts))

    def minutes_from(self, key: str, progress: Progress) -> int:
        """Whole minutes, rounded up, for what is untouched in this section and those after it: what was
        passed over before is no part of the way that lies ahead."""
        at = self.section_keys.index(key)
        ahead = zip(self._weights[at:], progress.sections[at:], strict=True)
        seconds = sum(_seconds(share, part.total - part.done, total) for (_, _, total, share), part in ahead)
        return -(-seconds // 60)

    @cached_property
    def _weights(self) -> tuple[tuple[str, frozenset[str], int, int], ...]:
        """What progress reads of each section: its key, the items that count, how many, and its seconds."""
        return tuple(
            (section.key, section.counted_keys, len(section.counted), 60 * section.minutes)
            for section in self.sections
        )


def _seconds(share: int, left: int, total: int) -> int:
    return share * left // total if total else 0
