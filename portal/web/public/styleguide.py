"""GET /styleguide, in development only: tokens of the stylesheet, their contrast, every component once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from flask import current_app, render_template
from flask_babel import gettext as _

from portal.services.errors import NotFound
from portal.web import guards, kit
from portal.web.public import bp

View = TypeVar("View", bound=Callable[..., Any])
GROUNDS: Final = ("paper", "surface", "sunken")
#: The least contrast of each colour against every ground (WCAG 1.4.3 for text, 1.4.11 for what is not text).
NEEDED: Final = {
    **dict.fromkeys(("ink", "muted", "accent", "deep", "second", "danger", "warning", "success"), 4.5),
    **dict.fromkeys(("edge", "focus"), 3.0),
}
_COLOUR: Final = re.compile(r"--([\w-]+):light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")
_SIZE: Final = re.compile(r"--([ts]\d):([^;}]+)")


@dataclass(frozen=True)
class Colour:
    """A token by day and by night, and its weakest contrast with a ground in each; none: nobody reads it."""

    name: str
    day: str
    night: str
    by_day: float | None = None
    by_night: float | None = None
    needed: float | None = None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return round((high + 0.05) / (low + 0.05), 2)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def colours(sheet: str) -> tuple[Colour, ...]:
    """Every colour of the stylesheet."""
    found = {name: Colour(name, day, night) for name, day, night in _COLOUR.findall(sheet)}
    return tuple(_measured(colour, found) for colour in found.values())


def _measured(colour: Colour, found: dict[str, Colour]) -> Colour:
    if colour.name not in NEEDED:
        return colour
    grounds = [found[name] for name in GROUNDS]
    return replace(
        colour,
        by_day=min(contrast(colour.day, ground.day) for ground in grounds),
        by_night=min(contrast(colour.night, ground.night) for ground in grounds),
        needed=NEEDED[colour.name],
    )


def sizes(sheet: str) -> tuple[tuple[str, str], ...]:
    """The steps of type (t) and space (s), as written for partners; staff pages set some anew."""
    return tuple(_SIZE.findall(sheet.split("}", maxsplit=1)[0]))


def _require_development() -> None:
    """Raise NotFound in production."""
    if kit.settings().is_production:
        raise NotFound


def _in_development(view: View) -> View:
    guards.public(view)
    view.access = replace(view.access, find=_require_development)  # type: ignore[attr-defined]
    return view


def _items() -> Iterator[SimpleNamespace]:
    blank = {"help": "", "declinable": False, "group": None, "limit": 0, "ends": None, "options": []}
    yes_no = [("yes", _("Yes")), ("no", _("No"))]
    tiles = [(str(number), str(number)) for number in range(11)]
    text = _("How a question looks")
    for given in (
        {"key": "choice", "kind": "choice", "options": yes_no, "declinable": True},
        {"key": "number", "kind": "number", "options": tiles, "ends": (_("not at all"), _("fully"))},
        {"key": "words", "kind": "text", "limit": 2000},
    ):
        yield SimpleNamespace(**(blank | {"text": text} | given))


def _rows() -> list[SimpleNamespace]:
    options = [("0", _("never")), ("1", _("sometimes")), ("2", _("often"))]
    return [
        SimpleNamespace(
            key=f"row_{number}", kind="scale", text=_("How a row looks"), help="", options=options,
            declinable=False, group="rows", limit=0, ends=None,
        )
        for number in (1, 2)
    ]  # fmt: skip


@bp.get("/styleguide")
@_in_development
def styleguide() -> str:
    """The whole design system on one page."""
    sheet = Path(f"{current_app.static_folder}/css/portal.css").read_text(encoding="utf-8")
    scale = SimpleNamespace(
        label=_("A scale"), low=0, high=12, a=4, b=7, cuts=(6,), higher_is_worse=True, ends=("", ""),
        note=_("where it is looked at more closely"),
    )  # fmt: skip
    return render_template(
        "styleguide/page.html",
        colours=colours(sheet),
        sizes=sizes(sheet),
        items=list(_items()),
        rows=_rows(),
        panels=[SimpleNamespace(title=_("A scale"), rows=[scale])],
    )
