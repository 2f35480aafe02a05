"""The brief on paper: the figures of the case page, shortened to two pages, for one therapist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import get_template_attribute
from flask_babel import gettext as _

from portal.services.case_views import CaseView, Side
from portal.web import context, kit
from portal.web.therapist import words
from portal.web.therapist.presenters import (
    case_presenter,
    figures_presenter,
    recommendation_presenter,
    side_presenter,
    steps_presenter,
)
from portal.web.therapist.presenters.figures_presenter import Figures, Panel, Row, Voice
from portal.web.therapist.presenters.labels import label


@dataclass(frozen=True)
class Room:
    """How much of the long lists goes onto paper: characters a text, texts a person, lines a list."""

    text: int
    texts: int
    lines: int
    #: Whether the two people begin on a page of their own.
    apart: bool = True


#: Tried in turn until the brief has two pages at most.
ROOMS: Final = (
    Room(900, 8, 20), Room(420, 5, 14), Room(420, 5, 14, apart=False), Room(220, 3, 10, apart=False),
    Room(120, 2, 6, apart=False), Room(90, 1, 3, apart=False),
)  # fmt: skip


def present(view: CaseView, room: Room = ROOMS[0]) -> dict[str, Any]:
    """What the template prints; every figure is the page's own (figures_presenter)."""
    figures = figures_presenter.present(view)
    advice = recommendation_presenter.present(view)
    return {
        "lang": words.locale(),
        "practice": context.practice().name or _("Practice"),
        "title": _("Brief: %(names)s", names=" · ".join(label(side) for side in view.sides)),
        "mark": _("Staff-internal, for one therapist. Never to be shown or handed to either partner."),
        "made": _(
            "Made on %(when)s. Kept nowhere: print anew, then destroy.",
            when=words.moment_words(kit.tools().now()),
        ),
        "words": _headings(figures),
        **_advice(view, advice, room),
        "steps": [_step(step) for step in steps_presenter.present(view)],
        "charts": [_chart(panel, figures) for panel in figures.panels],
        "scales": [_scale(row) for panel in figures.panels for row in panel.rows],
        "told": [[row.what, row.affects, row.verdict, row.accounts] for row in figures.told[: room.lines]],
        "told_lines": _told_lines(figures, room),
        "is_apart": room.apart,
        "compared": _compared(figures),
        "people": [
            _person(side, figures.voices.get(side.slot), _topics(advice, label(side), room), room)
            for side in view.sides
        ],
    }


def _headings(figures: Figures) -> dict[str, Any]:
    return {
        "steps": _("What must happen first"),
        "reasons": _("Why"),
        "flags": _("Only for you"),
        "scores": _("Side by side"),
        "chart": _(
            "Dashed line: a cut-off; thick part: beyond it. Our own questions, no norms; "
            "what each cut-off means stands in the table."
        ),
        "scale_head": [_("Scale"), figures.names["a"], figures.names["b"], _("Range"), _("Cut-offs")],
        "told": _("Who said what: acts, control, fear"),
        "told_head": [_("What"), _("Affects"), _("Told by"), _("Each account")],
        "compared": _("What each believes, hopes for and answered"),
        "private": _("Private to this person"),
    }


def _advice(view: CaseView, advice: Mapping[str, Any] | None, room: Room) -> dict[str, Any]:
    """Route and why; before there is a recommendation that nothing is known yet."""
    if advice is None:
        empty: dict[str, Any] = dict.fromkeys(("why", "next_step", "model", "signed", "self_report"), "")
        return {**empty, "route": _("No recommendation yet"), "reasons": [], "flags": []}
    reasons = [f"{one['rule']} · {one['who']}: {one['text']}" for one in advice["reasons"] + advice["also"]]
    model = advice["model"]
    return {
        "route": advice["route_name"],
        "why": advice["why"],
        "next_step": advice["next_step"],
        "model": f"{model['name']}. {model['text']}" if model else "",
        "signed": _signed(view),
        "reasons": _listed(reasons, room),
        "flags": _listed([f"{one['who']}: {one['text']}" for one in advice["flags"]], room),
        "self_report": f"{advice['self_report']} "
        + _("Ruleset %(id)s, %(when)s.", id=advice["ruleset"], when=advice["made"]),
    }


def _signed(view: CaseView) -> str:
    signed = case_presenter.signed(view)
    if signed is None:
        return ""
    state = _("Signed") if signed["is_current"] else _("Signed before something new came")
    route = str(words.ROUTES[signed["route"]])
    parts = (route, signed["model"], signed["format"], signed["by"], signed["when"])
    return f"{state}: {', '.join(part for part in parts if part)}"


def _step(step: steps_presenter.Step) -> dict[str, str]:
    state = _("Done:") if step.done else _("To do:")
    due = _("late: by %(when)s") if step.is_late else _("by %(when)s")
    return {
        "state": state,
        "text": step.text,
        "due": due % {"when": step.due} if step.due else "",
        "detail": step.detail,
    }


def _chart(panel: Panel, figures: Figures) -> dict[str, str]:
    """The page's own drawing, and what it says in words."""
    draw = get_template_attribute("components/chart.html", "panel")
    names = figures.names
    values = [
        f"{row.label}: {names['a']} {_value(row.a)}, {names['b']} {_value(row.b)}" for row in panel.rows
    ]
    return {
        "svg": str(draw(f"brief-{panel.key}", panel.title, panel.rows, names["a"], names["b"])),
        "alt": f"{panel.title}. {'; '.join(values)}.",
    }


def _scale(row: Row) -> list[str]:
    low, high = (f"{value} {end}".strip() for value, end in zip((row.low, row.high), row.ends, strict=True))
    return [row.label, _value(row.a), _value(row.b), f"{low} – {high}", row.note or "–"]


def _value(value: int | None) -> str:
    return _("not scored") if value is None else str(value)


def _told_lines(figures: Figures, room: Room) -> list[str]:
    if not figures.panels and not figures.told:
        return []
    lines = [] if figures.told else [_("Nobody reports acts, control or fear.")]
    if len(figures.told) > room.lines:
        lines.append(_more(len(figures.told) - room.lines))
    return [
        *lines,
        _("Received and done count together. Self-report, not verified; a negative answer clears nobody."),
    ]


def _compared(figures: Figures) -> list[str]:
    if figures.goals is None:
        return []
    lines = [
        f"{gap.who} "
        + _(
            "says %(said)s; the other believes %(guessed)s",
            said="–" if gap.said is None else gap.said,
            guessed="–" if gap.guessed is None else gap.guessed,
        )
        + (f" ({_('wide gap')})" if gap.is_wide else "")
        for gap in figures.gaps
    ]
    if len(figures.goals.only) > 1:
        lines.append(
            f"{_('Goals')}. {_('Both:')} {'; '.join(figures.goals.both) or _('none that both name')}"
        )
    lines += [
        f"{_('Goals')}. {_('Only %(who)s:', who=who)} {'; '.join(goals) or '–'}"
        for who, goals in figures.goals.only
    ]
    names = figures.names
    return [
        *lines,
        *(f"{question}: {names['a']} {a}; {names['b']} {b}" for question, a, b in figures.answers),
    ]


def _topics(advice: Mapping[str, Any] | None, name: str, room: Room) -> list[list[str]]:
    """What to speak about with this person alone, and what they left open."""
    kinds = {
        "topics": _("Topics for the interviews, each alone"),
        "unknown": _("Not known: left blank or for the talk"),
    }
    return [
        [f"{title}:", "; ".join(_listed(one["fields"], room))]
        for key, title in kinds.items()
        for one in (advice[key] if advice else ())
        if one["who"] == name
    ]


def _person(side: Side, voice: Voice | None, topics: list[list[str]], room: Room) -> dict[str, Any]:
    contact = side_presenter.contact(side)
    reached = " · ".join([contact["channel"], *contact["rules"]])
    lines = [[_("Safe contact") + ":", reached], *topics]
    if voice is None:
        lines.insert(0, [str(words.PARTICIPATION[side.person.participation]), ""])
        return {"name": label(side), "lines": lines, "own_words": []}
    support = f" ({_('offer individual support')})" if voice.needs_support else ""
    lines += [
        [_("Hesitations") + ":", "; ".join(voice.hesitations) or "–"],
        [_("Reflection") + ":", _("%(count)s of 6 fit", count=voice.reflection) + support],
    ]
    if voice.called:
        lines.insert(0, [_("called") + ":", voice.called])
    kept = [[question, _shortened(text, room)] for question, text in voice.own_words[: room.texts]]
    if len(voice.own_words) > room.texts:
        kept.append([_more(len(voice.own_words) - room.texts), ""])
    return {"name": label(side), "lines": lines, "own_words": kept}


def _shortened(text: str, room: Room) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= room.text else f"{flat[: room.text]}… {_('(more in the portal)')}"


def _listed(lines: Iterable[str], room: Room) -> list[str]:
    every = [*lines]
    rest = len(every) - room.lines
    return [*every[: room.lines], *([_more(rest)] if rest > 0 else [])]


def _more(count: int) -> str:
    return _("%(count)s more in the portal", count=count)
