"""Where the time went, as one small SVG: who was called stands below the caller, as wide as its share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

#: One function on a stack: its room, what its box says, and its whole name.
Call = tuple[str, str, str]

COLOURS = {
    "web": "#a8cdf0", "services": "#a9dcb5", "domain": "#f3cf8a", "content": "#e6b8e0", "models": "#c9c2f2",
    "vault and store": "#f2b5a5", "library": "#dcdcd8",
}  # fmt: skip
WIDTH, ROW, DEPTH = 1000, 16, 12
#: What is narrower than this part of the whole is left out.
SLIVER = 0.004
_LETTER, _TOP = 6.1, 22


@dataclass
class Box:
    """A function under one caller: how many samples it was seen in, and whom it called."""

    count: int = 0
    below: dict[Call, Box] = field(default_factory=dict)

    def add(self, stack: Sequence[Call]) -> None:
        """Count one sample, outermost call first."""
        self.count += 1
        if stack:
            self.below.setdefault(stack[0], Box()).add(stack[1:])


def _boxes(box: Box, left: float, depth: int, scale: float) -> Iterator[tuple[Call, int, float, int]]:
    """Call, count, left edge and depth of everything that is wide enough, widest first."""
    if depth == DEPTH:
        return
    for call, inner in sorted(box.below.items(), key=lambda one: (-one[1].count, one[0])):
        if inner.count * scale >= SLIVER * WIDTH:
            yield call, inner.count, left, depth
            yield from _boxes(inner, left, depth + 1, scale)
        left += inner.count * scale


def _cut(label: str, width: float) -> str:
    """As much of a label as its box has room for; nothing rather than two letters."""
    room = int((width - 6) / _LETTER)
    if len(label) <= room:
        return label
    return f"{label[: room - 1]}…" if room >= 4 else ""


def _drawn(call: Call, left: float, top: int, width: float, share: float) -> str:
    room, label, name = call
    text = _cut(label, width)
    words = f'<text x="3" y="12">{escape(text)}</text>' if text else ""
    # An inner svg cuts off what is too long for it.
    return (
        f'<svg x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW}"><title>{escape(name)} {share:.1%}'
        f'</title><rect width="100%" height="{ROW}" fill="{COLOURS[room]}" stroke="#fff"/>{words}</svg>'
    )


def _legend(top: int) -> str:
    parts, left = [], 0.0
    for room, colour in COLOURS.items():
        parts.append(f'<rect x="{left:.0f}" y="{top}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{left + 17:.0f}" y="{top + 10}">{room}</text>')
        left += 17 + _LETTER * len(room) + 24
    return "".join(parts)


def svg(title: str, root: Box) -> str:
    """The picture; the first row is everything that ``root`` counted."""
    scale = WIDTH / max(root.count, 1)
    found = list(_boxes(root, 0.0, 0, scale))
    rows = 1 + max((depth for *_, depth in found), default=-1)
    bottom = _TOP + ROW * rows + 8
    drawn = [
        _drawn(call, left, _TOP + ROW * depth, count * scale, count / root.count)
        for call, count, left, depth in found
    ]
    height = bottom + 18
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="10" '
        f'role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="0" y="14" font-size="12">{escape(title)}</text>',
        *drawn, _legend(bottom), "</svg>\n",
    ])  # fmt: skip
