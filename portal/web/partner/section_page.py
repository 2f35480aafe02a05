"""One section as a page: what was saved, or what was just typed, with progress and the way on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from flask import Response, make_response, render_template
from markupsafe import Markup

from portal.domain.answers import Answer, Fault
from portal.domain.questionnaire import Item, Kind, Progress, Questionnaire, Section
from portal.services import intakes, questionnaires
from portal.services.desks import Desk
from portal.web import bodies, context, csrf, kit, pieces
from portal.web.partner import cut_page
from portal.web.partner import desk as desks
from portal.web.partner import faults as words
from portal.web.partner.cut_page import Frame
from portal.web.pieces import Filling

#: A number that stands nowhere else on the bar.
_MANY: Final = 987_654
#: Begins each part of the list.
_LINE: Final = "<li>"


class Link(NamedTuple):
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
    if section.key not in desk.questionnaire.section_keys:  # from an old page: a short form does not ask it
        desk = replace(desk, variant=questionnaires.whole(desk.variant))
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


def links(desk: Desk, progress: Progress, language: str) -> tuple[Link, ...]:
    """Every section with how far it is."""
    return _links(desk.edition, desk.variant, _states(desk, progress), language)


def _states(desk: Desk, progress: Progress) -> tuple[str, ...]:
    return tuple(
        "done" if part.is_complete else "begun" if desk.places[part.key].told else "untouched"
        for part in progress.sections
    )


def _links(edition: str, variant: str, states: tuple[str, ...], language: str) -> tuple[Link, ...]:
    sections = questionnaires.of(edition, variant).sections
    return tuple(
        Link(section.key, section.title.in_locale(language), state)
        for section, state in zip(sections, states, strict=True)
    )


def _typed(item: Item, given: Sequence[str]) -> Answer:
    filled = [bodies.printable(value) for value in given if value]
    if item.kind is Kind.MULTI:
        return filled
    return filled[0] if filled else ""


def _page(desk: Desk, section: Section, filling: Filling, *, status: int = 200, note: str = "") -> Response:
    language = desks.language()
    frame, slots = _frame(desk, section, language), _slots(desk, section, language)
    questions = pieces.of_section(desk, section, language, filling)
    if not filling.errors and not note:
        return Response(cut_page.fill(frame, slots, questions), status)
    html = render_template(
        "partner/form.html",
        **cut_page.static(frame),
        version=desk.version,
        progress_block=slots[cut_page.PROGRESS],
        parts_block=slots[cut_page.PARTS],
        pieces=questions,
        errors=words.summary(section, filling.errors, language),
        note=note,
    )
    return make_response(html, status)


def _frame(desk: Desk, section: Section, language: str) -> Frame:
    practice = context.practice()
    return Frame(
        edition=desk.edition,
        variant=desk.variant,
        language=language,
        section=section.key,
        practice=(practice.name, practice.phone, practice.told(f"help_lines_{language}")),
        is_private=desk.private != "no",
        is_touched=desk.places[section.key].told != "",
    )


def _slots(desk: Desk, section: Section, language: str) -> dict[str, str]:
    progress, keys = desk.questionnaire.progress(desk.touched), desk.questionnaire.section_keys
    here = keys.index(section.key) + 1
    minutes = desk.questionnaire.minutes_from(section.key, progress)
    states = _states(desk, progress)
    return {
        cut_page.CSRF: csrf.token(),
        cut_page.VERSION: str(desk.version),
        cut_page.PROGRESS: _bar(here, len(keys), minutes, language),
        cut_page.PARTS: _parts(desk.edition, desk.variant, states, section.key, language),
    }


def _bar(number: int, total: int, minutes: int, language: str) -> Markup:
    before, after, short = _bars(number, total, language)
    return Markup(f"{before}{minutes}{after}" if minutes > 1 else short)  # noqa: S704  (drawn by a macro)


def _parts(edition: str, variant: str, states: tuple[str, ...], current: str, language: str) -> Markup:
    lists = _lists(edition, variant, current, language)
    drawn = [lists[state][at] for at, state in enumerate(states, 1)]
    return Markup(_LINE.join([lists["done"][0], *drawn]))  # noqa: S704  (drawn by a macro)


# Drawn for every state at once, as the questions are: never for the one that somebody is in (decision 0107).
# The language decides the words inside the macros, so it belongs to the key of what is kept.
@lru_cache(maxsize=256)
def _bars(number: int, total: int, _language: str) -> tuple[str, str, str]:
    """Before and after the minutes that are left, and the whole where it is one."""
    whole, short = (str(pieces.drawn_by("progress", "progress", number, total, left)) for left in (_MANY, 1))
    before, after = whole.split(str(_MANY))
    return before, after, short


@lru_cache(maxsize=256)
def _lists(edition: str, variant: str, current: str, language: str) -> dict[str, list[str]]:
    """By state: what stands before the first part, and then each part as it is in that state."""
    count = len(questionnaires.of(edition, variant).sections)
    return {
        state: str(
            pieces.drawn_by(
                "progress", "section_list", _links(edition, variant, (state,) * count, language), current
            )
        ).split(_LINE)
        for state in ("done", "begun", "untouched")
    }
