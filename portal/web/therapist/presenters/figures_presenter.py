"""The figures of a couple, in words: the case page and the brief are both made from them.

Both partners stand beside each other here; nothing of it ever leaves for one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.domain.questionnaire import Kind, Questionnaire
from portal.domain.scales import SCALES, Scale
from portal.domain.scoring import REFLECTION_LEVEL
from portal.services import questionnaires
from portal.services.case_views import CaseView, Side
from portal.web.therapist import words
from portal.web.therapist.presenters import told_presenter
from portal.web.therapist.presenters.labels import short
from portal.web.therapist.presenters.told_presenter import ToldRow

GROUPS: Final = {"strain": _l("Strain"), "direction": _l("Direction")}
_SCALES: Final = {scale.key: scale for scale in SCALES}
#: What decides a route beside the scales, as it was answered.
_DECIDES: Final = ("first_step", "commit_months", "doubts_told", "legal_steps", "how_invited")


@dataclass(frozen=True)
class Row:
    """One scale: both values (None = not scored), cut-offs, which end is strain, what they mean."""

    key: str
    label: str
    low: int
    high: int
    a: int | None
    b: int | None
    cuts: tuple[int, ...]
    higher_is_worse: bool
    ends: tuple[str, str]
    note: str


@dataclass(frozen=True)
class Panel:
    """The scales of one kind, drawn together."""

    key: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Gap:
    """What somebody says about staying (1) or leaving (5), beside what the other believes."""

    who: str
    said: int | None
    guessed: int | None
    is_wide: bool


@dataclass(frozen=True)
class Goals:
    """What both hope for, and what only one of them names."""

    both: tuple[str, ...]
    only: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Voice:
    """One person: how they want to be called, what makes them hesitate, their own words (question, text)."""

    slot: str
    called: str
    hesitations: tuple[str, ...]
    reflection: int | None
    needs_support: bool
    own_words: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figures:
    """Everything that is counted, compared or quoted of a couple."""

    names: Mapping[str, str]
    panels: tuple[Panel, ...]
    gaps: tuple[Gap, ...]
    answers: tuple[tuple[str, str, str], ...]
    told: tuple[ToldRow, ...]
    goals: Goals | None
    voices: Mapping[str, Voice]


def present(view: CaseView) -> Figures:
    """The figures of a case; empty parts where nobody has sent anything yet."""
    sent = [side for side in view.sides if side.scores]
    return Figures(
        names={slot: _name(view, slot) for slot in "ab"},
        panels=_panels(view) if sent else (),
        gaps=tuple(_gaps(view)) if sent else (),
        answers=tuple(_answers(view)) if sent else (),
        told=told_presenter.present(view),
        goals=_goals(sent) if sent else None,
        voices={side.slot: _voice(side) for side in sent},
    )


def _name(view: CaseView, slot: str) -> str:
    side = view.side(slot)
    return slot.upper() if side is None else short(side)


def _panels(view: CaseView) -> tuple[Panel, ...]:
    return tuple(
        Panel(key, str(title), tuple(_row(view, scale) for scale in SCALES if scale.group == key))
        for key, title in GROUPS.items()
    )


def _row(view: CaseView, scale: Scale) -> Row:
    a, b = (view.side(slot) for slot in "ab")
    cuts = tuple(_level(view, scale, value) for value, _meaning in scale.cuts)
    row = _blank_row(words.locale(), scale.key, cuts)
    return replace(row, a=a.scores.get(scale.key) if a else None, b=b.scores.get(scale.key) if b else None)


@lru_cache(maxsize=512)
def _blank_row(_language: str, key: str, cuts: tuple[int, ...]) -> Row:
    """A scale in words, before anybody's score."""
    scale = _SCALES[key]
    sign = _("from %(value)s: %(meaning)s") if scale.higher_is_worse else _("up to %(value)s: %(meaning)s")
    meanings = [words.said(meaning) for _value, meaning in scale.cuts]
    told = (sign % {"value": at, "meaning": said} for at, said in zip(cuts, meanings, strict=True))
    return Row(
        key=scale.key,
        label=words.said(scale.name),
        low=scale.low,
        high=scale.high,
        a=None,
        b=None,
        cuts=cuts,
        higher_is_worse=scale.higher_is_worse,
        ends=tuple(words.said(end) for end in scale.ends) if scale.ends else ("", ""),  # type: ignore[arg-type]
        note="; ".join(told),
    )


def _level(view: CaseView, scale: Scale, value: int) -> int:
    """A cut-off; the practice may have set its own for the call about alcohol."""
    return view.alcohol_level if scale.key == "alcohol_score" and value == scale.cuts[-1][0] else value


def _gaps(view: CaseView) -> Iterable[Gap]:
    for own, other in (("a", "b"), ("b", "a")):
        side, guesser = view.side(own), view.side(other)
        if side is None or not side.scores:
            continue
        said, guessed = side.given.get("lean"), guesser.given.get("partner_lean_guess") if guesser else None
        said, guessed = _whole(said), _whole(guessed)
        is_wide = said is not None and guessed is not None and abs(said - guessed) >= 2
        yield Gap(short(side), said, guessed, is_wide)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _answers(view: CaseView) -> Iterable[tuple[str, str, str]]:
    """Answers in words, side by side: (question, A's, B's)."""
    names = {"how_invited": _("how the form came about")}
    for field in _DECIDES:
        told = [_told(view.side(slot), field) for slot in "ab"]
        yield names.get(field) or words.field_words(field), told[0], told[1]


def _told(side: Side | None, field: str) -> str:
    if side is None or not side.scores:
        return "–"
    return words.answer_words(field, side.answers.get(field))


def _goals(sent: Iterable[Side]) -> Goals:
    """Goals in the form's order: those of everybody who sent, and those that one person alone names."""
    picked = [(short(side), _picked(side, "goals")) for side in sent]
    lists = [goals for _who, goals in picked]
    both = [goal for goal in lists[0] if all(goal in others for others in lists)] if len(lists) > 1 else []
    only = [(who, tuple(goal for goal in goals if goal not in both)) for who, goals in picked]
    return Goals(tuple(both), tuple(only))


def _picked(side: Side, key: str) -> tuple[str, ...]:
    """The options somebody chose, in words and in the form's order; "none of these" is one of them."""
    asked, given = _asked(side), side.answers.get(key, ())
    if asked is None or not asked.has_item(key):
        return ()
    return tuple(words.said(option.text) for option in asked.item(key).options if option.value in given)


def _asked(side: Side) -> Questionnaire | None:
    intake = side.person.intake
    return None if intake is None else questionnaires.of(intake.questionnaire, intake.variant)


def _voice(side: Side) -> Voice:
    count = side.scores.get("reflection")
    called = [str(side.answers[key]) for key in ("chosen_name", "pronouns") if side.answers.get(key)]
    return Voice(
        slot=side.slot,
        called=", ".join(called),
        hesitations=_picked(side, "hesitation"),
        reflection=count,
        needs_support=count is not None and count >= REFLECTION_LEVEL,
        own_words=tuple(_own_words(side)),
    )


def _own_words(side: Side) -> Iterable[tuple[str, Any]]:
    """Free texts, the last section first: there people say what matters to them."""
    asked = _asked(side)
    for section in reversed(asked.sections) if asked else ():
        for item in section.items:
            text = side.answers.get(item.key)
            if item.kind is Kind.TEXT and text and item.key not in ("chosen_name", "pronouns"):
                yield words.said(item.text), text
