"""One section as a page: what was saved, or what was just typed, with progress and the way on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, make_response, render_template

from portal.domain.answers import Answer, Fault
from portal.domain.questionnaire import Item, Kind, Progress, Questionnaire, Section
from portal.services import intakes
from portal.services.desks import Desk
from portal.web import bodies, kit
from portal.web.partner import desk as desks
from portal.web.partner import faults as words
from portal.web.partner import pieces
from portal.web.partner.pieces import Filling


@dataclass(frozen=True)
class Link:
    """One section in the list of all parts."""

    key: str
    title: str
    state: str


def saved(desk: Desk) -> Response:
    """The section that stands open, as it was saved; sealed answers stay hidden."""
    section = desk.questionnaire.section(desk.position)
    values = intakes.read_draft(kit.tools(), desk, section.key)
    hidden = frozenset(desk.places[section.key].touched) - set(values)
    return _page(desk, section, Filling(values, hidden, {}))


def typed(
    desk: Desk,
    section: Section,
    fields: Mapping[str, Sequence[str]],
    *,
    status: int,
    faults: Mapping[str, Fault] | None = None,
    note: str = "",
) -> Response:
    """The section with what was just typed, after a refusal: also where its answers are sealed."""
    stored = intakes.read_draft(kit.tools(), desk, section.key)
    shown = {item.key: _typed(item, fields[item.key]) for item in section.items if item.key in fields}
    values = {**stored, **shown}
    # An empty field of a sealed section is an answer that stayed hidden, not one that was erased.
    hidden = {key for key in desk.places[section.key].touched if not values.get(key)}
    filled = {key: value for key, value in values.items() if value}
    errors = words.of_section(section, faults or {})
    return _page(desk, section, Filling(filled, frozenset(hidden), errors), status=status, note=note)


def section_of(questionnaire: Questionnaire, fields: Mapping[str, Sequence[str]], position: str) -> Section:
    """The section that a body without a good ``section`` most likely is: the one it has most items of."""
    best = max(questionnaire.sections, key=lambda section: sum(key in section.by_key for key in fields))
    return best if any(key in best.by_key for key in fields) else questionnaire.section(position)


def links(questionnaire: Questionnaire, progress: Progress, desk: Desk, language: str) -> tuple[Link, ...]:
    """Every section with how far it is."""
    return tuple(
        Link(
            part.key,
            questionnaire.section(part.key).title.in_locale(language),
            "done" if part.is_complete else "begun" if desk.places[part.key].touched else "untouched",
        )
        for part in progress.sections
    )


def _typed(item: Item, given: Sequence[str]) -> Answer:
    filled = [bodies.printable(value) for value in given if value]
    if item.kind is Kind.MULTI:
        return filled
    return filled[0] if filled else ""


def _page(desk: Desk, section: Section, filling: Filling, *, status: int = 200, note: str = "") -> Response:
    language, questionnaire = desks.language(), desk.questionnaire
    progress = questionnaire.progress(desk.touched)
    html = render_template(
        "partner/form.html",
        head=_head(section, language),
        rows=pieces.rows(desk, section, language, filling),
        errors=words.summary(section, filling.errors, language),
        note=note,
        version=desk.version,
        number=questionnaire.section_keys.index(section.key) + 1,
        total=len(questionnaire.sections),
        progress_now=progress,
        links=links(questionnaire, progress, desk, language),
        is_first=questionnaire.previous_section(section.key) is None,
        is_last=questionnaire.next_section(section.key) is None,
        is_private=desk.private != "no",
        is_silent=section.silent,
        is_sealed=section.is_sealed,
        is_touched=bool(desk.places[section.key].touched),
    )
    return make_response(html, status)


def _head(section: Section, language: str) -> dict[str, object]:
    return {
        "key": section.key,
        "title": section.title.in_locale(language),
        "lead": section.lead.in_locale(language),
        "why": section.why.in_locale(language),
        "notices": [notice.in_locale(language) for notice in section.notices],
    }
