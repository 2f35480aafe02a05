"""One section of a form that staff enter: the same questions, what was saved hidden, what was typed kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from portal.domain.answers import Answer
from portal.domain.questionnaire import Item, Kind, Section
from portal.services.desks import Desk
from portal.web import bodies, context, pieces
from portal.web.pieces import Filling


@dataclass(frozen=True)
class Link:
    """One section in the list of all parts."""

    key: str
    title: str
    state: str


@dataclass(frozen=True)
class Part:
    """A section as the page draws it. ``errors``: (item key, question and what is wrong)."""

    key: str
    title: str
    lead: str
    version: int
    number: int
    links: tuple[Link, ...]
    groups: tuple[tuple[str, str, tuple[Markup, ...]], ...]
    errors: tuple[tuple[str, str], ...]
    untouched: int
    is_private: bool
    is_last: bool


def part(desk: Desk, faults: Mapping[str, str]) -> Part:
    """The section that stands open, or the one that was posted and refused."""
    questionnaire, language = desk.questionnaire, context.locale()
    posted = bodies.first("section") if faults else ""
    key = posted if posted in questionnaire.section_keys else desk.position
    section = questionnaire.section(key)
    by_key = section.by_key
    errors = {name: text for name, text in faults.items() if name in by_key}
    drawn = pieces.of_section(desk, section, language, _filling(desk, section, errors, is_typed=bool(posted)))
    untouched = questionnaire.untouched(desk.touched)
    return Part(
        key=key,
        title=section.title.in_locale(language),
        lead=section.lead.in_locale(language),
        version=desk.version,
        number=questionnaire.section_keys.index(key) + 1,
        links=tuple(_link(desk, one, language) for one in questionnaire.section_keys),
        groups=tuple(_group(group, items, drawn, language) for group, items in section.rows()),
        errors=tuple(
            (name, f"{by_key[name].text.in_locale(language)} – {text}") for name, text in errors.items()
        ),
        untouched=sum(len(items) for items in untouched.values()),
        is_private=desk.private != "no",
        is_last=questionnaire.next_section(key) is None,
    )


def _filling(desk: Desk, section: Section, errors: Mapping[str, str], *, is_typed: bool) -> Filling:
    fields = bodies.fields() if is_typed else {}
    typed = {item.key: _typed(item, fields[item.key]) for item in section.items if item.key in fields}
    values = {key: value for key, value in typed.items() if value}
    hidden = frozenset(desk.places[section.key].touched) - set(values)
    return Filling(values, hidden, errors)


def _typed(item: Item, given: list[str]) -> Answer:
    filled = [bodies.printable(value) for value in given if value]
    if item.kind is Kind.MULTI:
        return filled
    return filled[0] if filled else ""


def _group(
    group: Any, items: Any, drawn: Mapping[str, Markup], language: str
) -> tuple[str, str, tuple[Markup, ...]]:
    title = group.text.in_locale(language) if group else ""
    text = group.help.in_locale(language) if group and group.help else ""
    return title, text, tuple(drawn[item.key] for item in items)


def _link(desk: Desk, key: str, language: str) -> Link:
    state = "begun" if desk.places[key].touched else "untouched"
    return Link(key, desk.questionnaire.section(key).title.in_locale(language), state)
