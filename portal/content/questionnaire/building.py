"""Reads the files of the questionnaire's versions, and builds each variant of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, cast

from portal.content.faults import ContentError
from portal.content.questionnaire import FOLDER, SHARED, Variant, versions
from portal.content.questionnaire.checks import VARIANTS, check_each, check_together
from portal.content.questionnaire.schema import ItemIn, SectionIn, SharedIn
from portal.content.questionnaire.short import FILE, shortened
from portal.content.reading import read_models
from portal.domain.constructs import DECLINED, Draft
from portal.domain.questionnaire import (
    Group,
    Item,
    Kind,
    Option,
    OptionSet,
    Questionnaire,
    Section,
)


def shipped() -> dict[Variant, Questionnaire]:
    """Every variant of every version that ships. What is alike in several of them is one value."""
    built: dict[Variant, Questionnaire] = {}
    for version in versions():
        shared, sections = read_folder(FOLDER / version)
        alike: dict[object, object] = {}
        for policy, on_call in VARIANTS:
            builder = _Builder(shared, policy, on_call=on_call, alike=alike)
            whole = Questionnaire(version, policy, on_call, tuple(map(builder.section, sections)))
            built[version, policy, on_call, False] = whole
            built[version, policy, on_call, True] = shortened(whole, FOLDER / version / FILE)
    return built


def read_folder(folder: Path) -> tuple[SharedIn, tuple[SectionIn, ...]]:
    """The checked files of one version; ContentError with every fault of every file.

    A file whose shape is wrong is left out of the checks between files, which then wait for it.
    """
    shared, faults = read_models([folder / SHARED], SharedIn)
    paths = sorted(path for path in folder.glob("[0-9][0-9]-*.yaml") if path.name != SHARED)
    sections, more = read_models(paths, SectionIn)
    faults += more
    if shared:
        faults += check_each(shared[0], sections)
    if shared and not more:
        faults += check_together(shared[0], sections)
    if faults:
        raise ContentError(faults)
    return shared[0][1], tuple(section for _, section in sections)


T = TypeVar("T")


class _Builder:
    """Turns checked files into the domain's values for one variant.

    Equal option sets are shared; ``alike``: items and sections of other variants, shared too.
    """

    def __init__(self, shared: SharedIn, policy: str, *, on_call: bool, alike: dict[object, object]) -> None:
        self.alike = alike
        self.policy = policy
        self.on_call = on_call
        self.declined = Option(DECLINED, shared.declined.wording())
        self.sets = {
            key: tuple(option.option() for option in options) for key, options in shared.option_sets.items()
        }
        self.made: dict[str, OptionSet] = {}

    def section(self, given: SectionIn) -> Section:
        return self._alike(
            Section(
                key=given.key,
                title=given.title.wording(),
                lead=given.lead.wording(),
                why=given.why.wording(),
                minutes=given.minutes,
                draft=Draft(given.draft),
                silent=given.silent,
                items=tuple(
                    self.item(item)
                    for item in given.items
                    if item.when.holds(self.policy, on_call=self.on_call)
                ),
                groups=tuple(
                    Group(group.key, group.text.wording(), group.help.wording() if group.help else None)
                    for group in given.groups
                ),
                notices=tuple(
                    notice.text.wording()
                    for notice in given.notices
                    if notice.when.holds(self.policy, on_call=self.on_call)
                ),
                lifelines=given.lifelines,
            )
        )

    def item(self, given: ItemIn) -> Item:
        return self._alike(
            Item(
                key=given.key,
                kind=Kind(given.kind),
                text=given.text.wording(),
                help=given.help.wording() if given.help else None,
                option_set=self.option_set(given),
                sensitive=given.sensitive,
                part2=given.part2,
                routing=given.routing,
                optional=given.optional or given.kind == "text",
                group=given.group,
                limit=given.limit,
                ends=(given.ends.low.wording(), given.ends.high.wording()) if given.ends else None,
            )
        )

    def option_set(self, given: ItemIn) -> OptionSet | None:
        if given.kind == "text":
            return None
        key = f"{given.option_set or given.key}{'+declined' if given.sensitive else ''}"
        if key not in self.made:
            own = tuple(option.option() for option in given.options)
            options = self.sets[given.option_set] if given.option_set else own
            self.made[key] = OptionSet(key, (*options, self.declined) if given.sensitive else options)
        return self.made[key]

    def _alike(self, value: T) -> T:
        found: Any = self.alike.setdefault(value, value)
        return cast(T, found)
