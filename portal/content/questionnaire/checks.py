"""Whether the questionnaire's files keep the contract: every fault at once, with file and line.

Values, sections, stars and sums are those of clinical.md §2 and of contract.md, "Item keys" and "Sections
of the form", as they stand in `portal.domain.constructs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from portal.content.faults import Fault
from portal.content.questionnaire.schema import ItemIn, SectionIn, SharedIn
from portal.content.reading import Document
from portal.domain.constructs import (
    AFFAIR_UNDER_NO_SECRETS,
    ASKED_ON_CALL_ONLY,
    CONSTRUCTS,
    DECLINED,
    NONE,
    PARTS,
    POLICIES,
    SECTIONS,
    Construct,
    Parts,
)

LEAST_ITEMS = 100
VARIANTS = tuple(product(POLICIES, (True, False)))
Read = Sequence[tuple[Document, SectionIn]]
Sets = dict[str, tuple[str, ...]]


def check_each(shared: tuple[Document, SharedIn], sections: Read) -> Iterator[Fault]:
    """Faults that show in one file, given the shared option sets."""
    sets = _sets(shared[1])
    for key, values in sets.items():
        yield from _check_values(shared[0], values, "option_sets", key)
    for document, section in sections:
        for at, item in enumerate(section.items):
            for message in _item_faults(section, item, sets):
                yield document.fault(f"{item.key}: {message}", "items", at)
            yield from _check_values(document, tuple(o.value for o in item.options), "items", at)
            yield from _check_construct(document, section, at, sets)


def check_together(shared: tuple[Document, SharedIn], sections: Read) -> Iterator[Fault]:
    """Faults between files: order of the sections, doubled and missing items in every variant."""
    yield from _check_sections(shared[0], sections)
    found: dict[tuple[str, str], list[str]] = {}
    for policy, on_call in VARIANTS:
        for fault in _variant_faults(sections, policy, on_call=on_call):
            found.setdefault(fault, []).append(_variant_name(policy, on_call=on_call))
    for (key, message), where in found.items():
        only = f" ({'; '.join(where)})" if len(where) < len(VARIANTS) else ""
        yield _at_item(shared[0], sections, key).fault(f"{message}{only}")


def _sets(shared: SharedIn) -> Sets:
    return {key: tuple(option.value for option in options) for key, options in shared.option_sets.items()}


def _values(item: ItemIn, sets: Sets) -> tuple[str, ...]:
    if item.option_set:
        return sets.get(item.option_set, ())
    return tuple(option.value for option in item.options)


def _check_values(document: Document, values: tuple[str, ...], *place: str | int) -> Iterator[Fault]:
    for value in sorted({value for value in values if values.count(value) > 1}):
        yield document.fault(f"the option {value!r} stands twice", *place)
    if DECLINED in values:
        yield document.fault("declining is offered by `sensitive`, never listed", *place)


def _check_sections(shared: Document, sections: Read) -> Iterator[Fault]:
    if [section.key for _, section in sections] != [rule.key for rule in SECTIONS]:
        yield shared.fault(f"the sections must be {', '.join(rule.key for rule in SECTIONS)}, in this order")
        return
    for (document, section), rule in zip(sections, SECTIONS, strict=True):
        if section.draft != rule.draft:
            yield document.fault(f"draft must be {rule.draft}", "draft")
        if section.silent != rule.silent:
            yield document.fault(f"silent must be {str(rule.silent).lower()}", "silent")


def _item_faults(section: SectionIn, item: ItemIn, sets: Sets) -> Iterator[str]:
    if item.group and item.group not in {group.key for group in section.groups}:
        yield f"no group {item.group!r} in this section"
    if item.option_set and item.option_set not in sets:
        yield f"no option set {item.option_set!r}"
    if item.part2 != item.key.startswith(("alcohol_", "drug_")):
        yield "part2 marks the substance items and no other"
    yield from _text_faults(item) if item.kind == "text" else _choice_faults(item, sets)


def _text_faults(item: ItemIn) -> Iterator[str]:
    if item.option_set or item.options or item.sensitive or item.ends:
        yield "a text has no options and nothing to decline"
    if not item.limit:
        yield "a text needs a limit"


def _choice_faults(item: ItemIn, sets: Sets) -> Iterator[str]:
    if bool(item.option_set) == bool(item.options):
        yield "give either option_set or options"
    if item.limit:
        yield "only a text has a limit"
    if (item.kind == "number") != (item.ends is not None):
        yield "a number, and nothing else, says what its ends mean"
    if item.kind == "multi" and NONE not in _values(item, sets):
        yield "a multi-choice needs an explicit none"


def _check_construct(document: Document, section: SectionIn, at: int, sets: Sets) -> Iterator[Fault]:
    item = section.items[at]
    rule = _rule(item)
    if rule is None:
        return
    if not rule.values:
        yield document.fault(f"{item.key}: the score has no such part", "items", at)
        return
    if section.key != rule.section:
        yield document.fault(f"{item.key} belongs to the section {rule.section}", "items", at)
    if sorted(_values(item, sets)) != sorted(rule.values):
        yield document.fault(f"{item.key}: the values must be {', '.join(rule.values)}", "items", at)
    if item.sensitive != rule.sensitive:
        yield document.fault(f"{item.key}: sensitive must be {str(rule.sensitive).lower()}", "items", at)
    if (item.kind == "multi") != rule.multi:
        yield document.fault(f"{item.key}: wrong kind {item.kind}", "items", at)


def _rule(item: ItemIn) -> Construct | None:
    """The construct an item must keep to; parts of a score read as constructs of their own."""
    if item.key == "affair" and item.when.policy == ["a"]:
        return AFFAIR_UNDER_NO_SECRETS
    if item.key in CONSTRUCTS:
        return CONSTRUCTS[item.key]
    prefix, _, number = item.key.rpartition("_")
    for parts in PARTS:
        if parts.prefix == prefix and number.isdigit():
            return _part_rule(parts, int(number))
    return None


def _part_rule(parts: Parts, number: int) -> Construct:
    listed = parts.highest[number - 1 : number] or parts.highest[-1:] * parts.open_ended
    points = tuple(str(n) for n in range(sum(listed) + 1)) if listed else ()
    return Construct(parts.section, points, sensitive=parts.sensitive)


def _variant_faults(sections: Read, policy: str, *, on_call: bool) -> Iterator[tuple[str, str]]:
    """Faults of one variant: the key of the item concerned ("" for none) and what is wrong."""
    keys = [
        item.key
        for _, section in sections
        for item in section.items
        if item.when.holds(policy, on_call=on_call)
    ]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield key, f"the item {key} stands twice"
    wanted = {*CONSTRUCTS, *(key for parts in PARTS for key in parts.keys)}
    if not on_call:
        wanted -= ASKED_ON_CALL_ONLY
        for key in sorted(ASKED_ON_CALL_ONLY.intersection(keys)):
            yield key, f"the item {key} must not be asked"
    for key in sorted(wanted.difference(keys)):
        yield key, f"the item {key} is missing"
    if len(keys) < LEAST_ITEMS:
        yield "", f"{len(keys)} items, at least {LEAST_ITEMS} are asked for"


def _variant_name(policy: str, *, on_call: bool) -> str:
    return f"policy {policy} {'with' if on_call else 'without'} on-call contact"


@dataclass(frozen=True)
class _Place:
    document: Document
    steps: tuple[str | int, ...] = ()

    def fault(self, message: str) -> Fault:
        return self.document.fault(message, *self.steps)


def _at_item(shared: Document, sections: Read, key: str) -> _Place:
    """Where an item stands last, else the items of the section it belongs to, else the shared file."""
    places = [_Place(shared)]
    homes = {part: parts.section for parts in PARTS for part in parts.keys}
    homes.update({name: construct.section for name, construct in CONSTRUCTS.items()})
    places += [
        _Place(document, ("items",)) for document, section in sections if section.key == homes.get(key)
    ]
    places += [
        _Place(document, ("items", at))
        for document, section in sections
        for at, item in enumerate(section.items)
        if item.key == key
    ]
    return places[-1]
