"""The decision diagram of the table as SVG: the rows in their order, each with the route it leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape

from portal.domain.rules import PROTECTIVENESS, Route, Ruleset

_WIDTH: Final = 760
_ROW: Final = 36
_TOP: Final = 48
_COLOURS: Final[Mapping[Route, tuple[str, str]]] = {
    "safety": ("#7a1f1f", "#ffffff"), "hold": ("#8a5300", "#ffffff"), "consult": ("#28527a", "#ffffff"),
    "wait": ("#5c5c5c", "#ffffff"), "refresh": ("#5c5c5c", "#ffffff"), "solo": ("#5a3d7a", "#ffffff"),
    "discernment": ("#1f6b66", "#ffffff"), "couples": ("#2f6b2f", "#ffffff"),
}  # fmt: skip


def routing_picture(ruleset: Ruleset) -> str:
    """The picture; equal rulesets give equal bytes."""
    height = _TOP + _ROW * len(ruleset.rules) + 16
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        ' aria-labelledby="title" font-family="sans-serif" font-size="14">',
        f'<title id="title">Ruleset {escape(ruleset.id)}: the first row that holds sets the route</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 28, "Does the row hold? Yes: its route. No: the next row.", 'font-weight="bold"'),
        *_rows(ruleset),
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def _rows(ruleset: Ruleset) -> Iterator[str]:
    for place, rule in enumerate(ruleset.rules):
        top = _TOP + place * _ROW
        fill, ink = _COLOURS[rule.route]
        route = f"{rule.route} ({PROTECTIVENESS[rule.route]})"
        yield f'<rect x="16" y="{top}" width="390" height="28" rx="4" fill="#f2f2ee" stroke="#555555"/>'
        yield _text(26, top + 19, rule.id, 'font-weight="bold"')
        yield _text(70, top + 19, rule.reason.replace("_", " "))
        yield f'<path d="M406 {top + 14} H540 m-8 -5 l8 5 l-8 5" fill="none" stroke="#555555"/>'
        yield _text(446, top + 10, "yes" if rule.when else "else", 'font-size="12"')
        yield f'<rect x="540" y="{top}" width="204" height="28" rx="14" fill="{fill}"/>'
        yield _text(642, top + 19, route, 'text-anchor="middle"', ink)
        if rule.when:
            yield f'<path d="M211 {top + 28} v8" stroke="#555555"/>'


def _text(x: int, y: int, words: str, more: str = "", ink: str = "#222222") -> str:
    extra = f" {more}" if more else ""
    return f'<text x="{x}" y="{y}"{extra} fill="{ink}">{escape(words)}</text>'
