"""The questions of a section, cut once: one piece of HTML for each question and answer, then put together.

Drawing a section by its macros costs milliseconds; joining pieces costs microseconds (measures.md). A
piece is kept by questionnaire version, variant, language, item and *offered option*; what somebody typed
is never kept here, it is put into the piece of the empty text.

All pieces of a section are drawn when it is first shown to anybody. Were each drawn when somebody chooses it,
whoever chooses the same one later could tell by the time it takes that somebody had (decision 0107).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from flask import current_app
from markupsafe import Markup, escape

from portal.domain.answers import Answer
from portal.domain.questionnaire import Item, Kind, Section
from portal.services import questionnaires
from portal.services.desks import Desk

#: Stands for a typed text in a cut piece: a private-use character that no wording holds.
_SLOT = "\ue000"

BLANK, ANSWERED, HIDDEN = "blank", "answered", "hidden"


@dataclass(frozen=True)
class ItemView:
    """An item in one language, as the macros draw it."""

    key: str
    kind: str
    text: str
    help: str
    options: tuple[tuple[str, str], ...]
    declinable: bool
    group: str | None
    limit: int
    ends: tuple[str, str] | None


@dataclass(frozen=True)
class Filling:
    """What stands in a section: values to show, hidden answers, messages by item key."""

    values: Mapping[str, Answer]
    hidden: frozenset[str]
    errors: Mapping[str, str]


def of_section(desk: Desk, section: Section, language: str, filling: Filling) -> dict[str, Markup]:
    """The drawn questions of a section, by item key."""
    kept = _kept(desk.edition, desk.variant, language, section.key)
    values, drawn = filling.values, {}
    for item in section.items:
        key = item.key
        value = values.get(key)
        state = HIDDEN if key in filling.hidden else BLANK if value is None else ANSWERED
        known = None if isinstance(value, list) or key in filling.errors else kept.get((key, value, state))
        drawn[key] = _piece(kept, item, language, filling, state) if known is None else known
    return drawn


@lru_cache(maxsize=1024)
def _kept(edition: str, variant: str, language: str, key: str) -> Mapping[Any, Markup]:
    """Pieces of a section by item, offered option and state."""
    # A short form may be posted a section that it does not ask.
    section = questionnaires.of(edition, questionnaires.whole(variant)).section(key)
    return {
        (item.key, value, state): _draw(view_of(item, language), value, "", state)
        for item in section.items
        for value, state in _looks(item, shows=not section.is_sealed)
    }


def _looks(item: Item, *, shows: bool) -> Iterator[tuple[str | None, str]]:
    """Answers and states that a piece is kept for; several options at once are too many, and drawn anew."""
    yield from ((None, BLANK), (None, HIDDEN))
    if item.kind is Kind.TEXT:
        yield _SLOT, ANSWERED
    elif shows and item.kind is not Kind.MULTI:
        yield from ((option.value, ANSWERED) for option in item.options)


def _piece(kept: Mapping[Any, Markup], item: Item, language: str, filling: Filling, state: str) -> Markup:
    value = filling.values.get(item.key)
    error = filling.errors.get(item.key, "")
    if item.kind is Kind.TEXT and value is not None and not error:
        return escape(value).join(kept[item.key, _SLOT, ANSWERED].split(_SLOT))
    return _draw(view_of(item, language), value, error, state)


def _draw(item: ItemView, value: Answer | None, error: str, state: str) -> Markup:
    name, macro = ("grid", "row") if item.group else ("question", "question")
    return drawn_by(name, macro, item, value, error, state)


def drawn_by(component: str, macro: str, *values: object) -> Markup:
    """What a macro of templates/components draws; macros escape what they are given."""
    module = cast(Any, current_app.jinja_env.get_template(f"components/{component}.html").module)
    return Markup(getattr(module, macro)(*values))  # noqa: S704


def view_of(item: Item, language: str) -> ItemView:
    """The item in one language; declining, where offered, is among its options already."""
    return ItemView(
        key=item.key,
        kind=item.kind.value,
        text=item.text.in_locale(language),
        help=item.help.in_locale(language) if item.help else "",
        options=tuple((option.value, option.text.in_locale(language)) for option in item.options),
        declinable=False,
        group=item.group,
        limit=item.limit,
        ends=(item.ends[0].in_locale(language), item.ends[1].in_locale(language)) if item.ends else None,
    )
