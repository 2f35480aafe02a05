"""The forms of a case page, cut once: everything but whose case it is and what its people are called.

A form that nobody has typed into is drawn with marks where token, case, recommendation and names belong; a
request puts those in. A cut is kept by what its ``Frame`` says: no name, no answer and nothing that was typed
is ever in it. A form that was refused, and one that shows something of this case alone, is drawn as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from flask import render_template
from markupsafe import Markup, escape

from portal.domain.lint import Piece
from portal.web import context, csrf, cuts
from portal.web.therapist import words
from portal.web.therapist.presenters import form_presenter
from portal.web.therapist.presenters.case_presenter import CasePage

ACTS = (
    "interview", "clearance", "review", "release", "invitation", "appointment", "request", "fact",
    "discernment",
    "closing",
)  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """One act's form as it stands: what was typed, what is wrong with it, and where in the text."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = False
    wants_password: bool = False
    marked: tuple[Piece, ...] = ()
    #: A letter to be looked at, as the partner's own page would show it.
    letter: Mapping[str, Any] | None = None

    def value(self, name: str, default: str = "") -> str:
        """What to show in a field."""
        return self.values.get(name, default)

    def error(self, name: str) -> str:
        """The message beside a field."""
        return self.errors.get(name, "")


class Frame(NamedTuple):
    """What decides a form that nobody has typed into. ``spoken``: the languages of the case's people."""

    act: str
    language: str
    practice: tuple[str, str]
    slots: tuple[str, ...]
    spoken: tuple[str, ...]
    wants_password: bool
    is_advised: bool
    is_blocked: bool
    is_closed: bool


def drawn(page: CasePage, *, asks: bool, act: str = "", filled: Filled | None = None) -> dict[str, Markup]:
    """Every form by its act; ``filled`` is that of ``act``, ``asks`` whether a password is asked for."""
    values = _values(page)
    forms = {
        name: cuts.fill(_cut(_frame(name, page, asks)), values) for name in ACTS if _is_plain(name, page)
    }
    for name in ACTS:
        if name == act and filled is not None:
            forms[name] = _draw(name, _own(page), filled)
        elif name not in forms:
            forms[name] = _draw(name, _own(page), Filled(wants_password=asks))
    return forms


def _is_plain(act: str, page: CasePage) -> bool:
    """Whether this form shows nothing of the case but its id and names."""
    return not (page.held if act == "invitation" else act == "discernment" and page.work["discernment"])


def _frame(act: str, page: CasePage, asks: bool) -> Frame:
    practice = context.practice()
    return Frame(
        act=act,
        language=words.locale(),
        practice=(practice.name, practice.phone),
        slots=tuple(slot for slot, _name in page.slots),
        spoken=page.spoken,
        wants_password=asks,
        is_advised=page.recommendation is not None,
        is_blocked=page.is_invitation_blocked,
        is_closed=page.is_closed,
    )


def _values(page: CasePage) -> dict[str, str]:
    advice = page.recommendation
    given = {
        "csrf": csrf.token(),
        "case": page.id,
        "advice": advice["id"] if advice else "",
        **dict(page.slots),
    }
    return {key: escape(value) for key, value in given.items()}


@lru_cache(maxsize=512)
def _cut(frame: Frame) -> cuts.Cut:
    marked = {
        "id": cuts.mark("case"),
        "slots": tuple((slot, cuts.mark(slot)) for slot in frame.slots),
        "recommendation": {"id": cuts.mark("advice")} if frame.is_advised else None,
        "is_invitation_blocked": frame.is_blocked,
        "is_closed": frame.is_closed,
        "held": (),
        "work": {"discernment": None},
        **form_presenter.offered(frame.spoken),
    }
    token: Callable[[], Markup] = lambda: cuts.mark("csrf")  # noqa: E731  (the template calls it)
    filled = Filled(wants_password=frame.wants_password)
    return cuts.cut(_draw(frame.act, marked, filled, csrf_token=token))


def _own(page: CasePage) -> dict[str, Any]:
    """What a form reads of the case it is drawn for."""
    return {
        "id": page.id,
        "slots": page.slots,
        "recommendation": page.recommendation,
        "is_invitation_blocked": page.is_invitation_blocked,
        "is_closed": page.is_closed,
        "held": page.held,
        "work": page.work,
        **form_presenter.offered(page.spoken),
    }


def _draw(act: str, page: Mapping[str, Any], filled: Filled, **more: Any) -> Markup:
    html = render_template(f"therapist/forms/{act}.html", page=page, f=filled, id=f"{act}-", **more)
    return Markup(html)  # noqa: S704  (a template of ours, which escapes)
