"""The questions of a section, cut once: one piece of HTML for each question and answer, then put together.

Drawing a section by its macros costs milliseconds; joining pieces costs microseconds (measures.md). A
piece is kept by questionnaire version, variant, language, item and *chosen option*; what somebody typed
is never kept here, it is put into the piece of the empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, cast

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
        drawn[key] = _piece(desk, item, language, filling, state) if known is None else known
        if known is None and key not in filling.errors and _is_kept(item, value):
            kept[key, value, state] = drawn[key]
    return drawn


@lru_cache(maxsize=1024)
def _kept(_edition: str, _variant: str, _language: str, _section: str) -> dict[Any, Markup]:
    """Pieces of a section by item, chosen option and state, filled as they are drawn: one look-up each."""
    return {}


def _is_kept(item: Item, value: Answer | None) -> bool:
    """Whether there are no more values of this kind than options: never what somebody typed."""
    return value is None or (isinstance(value, str) and item.option(value) is not None)


def _piece(desk: Desk, item: Item, language: str, filling: Filling, state: str) -> Markup:
    value = filling.values.get(item.key)
    error = filling.errors.get(item.key, "")
    spot = _Spot(desk.edition, desk.variant, language, item.key)
    if item.kind is Kind.TEXT and value is not None and not error:
        return escape(value).join(_cut(spot, _SLOT, state).split(_SLOT))
    if error or not _is_offered(item, value):
        return _draw(view_of(item, language), value, error, state)
    return _cut(spot, tuple(value) if isinstance(value, list) else value, state)


def _is_offered(item: Item, value: Answer | None) -> bool:
    """Whether a piece may be kept for this value: one of ours, not something that was made up."""
    if isinstance(value, list):
        return all(item.option(option) is not None for option in value)
    return value is None or item.option(value) is not None


class _Spot(NamedTuple):
    edition: str
    variant: str
    language: str
    key: str


@lru_cache(maxsize=4096)
def _cut(spot: _Spot, value: str | tuple[str, ...] | None, state: str) -> Markup:
    item = questionnaires.of(spot.edition, spot.variant).item(spot.key)
    return _draw(view_of(item, spot.language), list(value) if isinstance(value, tuple) else value, "", state)


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
