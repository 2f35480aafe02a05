"""The questionnaire's versions, read from YAML and checked whole when first asked for.

A version is a folder: `00-shared.yaml` (option sets, the words for declining) and one file a section, in
the order of the form. English and Spanish stand side by side. An intake keeps the version it was begun
with, so a version in use is never edited beyond its typing errors: copy the folder instead.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from portal.content.questionnaire.checks import check_each, check_together
from portal.content.questionnaire.schema import ItemIn, SectionIn, SharedIn
from portal.content.questionnaire.short import FILE, shortened
from portal.content.reading import ContentError, read_models
from portal.domain.constructs import DECLINED, POLICIES, Draft
from portal.domain.questionnaire import (
    Group,
    Item,
    Kind,
    Option,
    OptionSet,
    Questionnaire,
    Section,
)

CURRENT = "2026.1"
_FOLDER = Path(__file__).parent
_SHARED = "00-shared.yaml"


@cache
def versions() -> tuple[str, ...]:
    """Every version that is shipped, oldest first."""
    return tuple(sorted(folder.name for folder in _FOLDER.iterdir() if (folder / _SHARED).is_file()))


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
    return _short(version, policy, on_call) if is_short else _shipped(version, policy, on_call)


@cache
def _short(version: str, policy: str, on_call: bool) -> Questionnaire:
    return shortened(_shipped(version, policy, on_call), _FOLDER / version / FILE)


@cache
def _shipped(version: str, policy: str, on_call: bool) -> Questionnaire:
    return _build(version, *_files(version), policy, on_call=on_call)


@cache
def _files(version: str) -> tuple[SharedIn, tuple[SectionIn, ...]]:
    return read_folder(_FOLDER / version)


def read_folder(folder: Path) -> tuple[SharedIn, tuple[SectionIn, ...]]:
    """The checked files of one version; ContentError with every fault of every file.

    A file whose shape is wrong is left out of the checks between files, which then wait for it.
    """
    shared, faults = read_models([folder / _SHARED], SharedIn)
    paths = sorted(path for path in folder.glob("[0-9][0-9]-*.yaml") if path.name != _SHARED)
    sections, more = read_models(paths, SectionIn)
    faults += more
    if shared:
        faults += check_each(shared[0], sections)
    if shared and not more:
        faults += check_together(shared[0], sections)
    if faults:
        raise ContentError(faults)
    return shared[0][1], tuple(section for _, section in sections)


def _build(
    version: str, shared: SharedIn, sections: tuple[SectionIn, ...], policy: str, *, on_call: bool
) -> Questionnaire:
    builder = _Builder(shared, policy, on_call=on_call)
    return Questionnaire(version, policy, on_call, tuple(builder.section(section) for section in sections))


class _Builder:
    """Turns checked files into the domain's values for one variant; equal option sets are shared."""

    def __init__(self, shared: SharedIn, policy: str, *, on_call: bool) -> None:
        self.policy = policy
        self.on_call = on_call
        self.declined = Option(DECLINED, shared.declined.wording())
        self.sets = {
            key: tuple(option.option() for option in options) for key, options in shared.option_sets.items()
        }
        self.made: dict[str, OptionSet] = {}

    def section(self, given: SectionIn) -> Section:
        return Section(
            key=given.key,
            title=given.title.wording(),
            lead=given.lead.wording(),
            why=given.why.wording(),
            minutes=given.minutes,
            draft=Draft(given.draft),
            silent=given.silent,
            items=tuple(
                self.item(item) for item in given.items if item.when.holds(self.policy, on_call=self.on_call)
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

    def item(self, given: ItemIn) -> Item:
        return Item(
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

    def option_set(self, given: ItemIn) -> OptionSet | None:
        if given.kind == "text":
            return None
        key = f"{given.option_set or given.key}{'+declined' if given.sensitive else ''}"
        if key not in self.made:
            own = tuple(option.option() for option in given.options)
            options = self.sets[given.option_set] if given.option_set else own
            self.made[key] = OptionSet(key, (*options, self.declined) if given.sensitive else options)
        return self.made[key]
