"""The page of the caseload and its rows, cut once: everything but who it is, how long, and how many.

A kind of row is kept by what decides its words, the frame by who looks (language, roles) and what was asked
for. No name is ever in a cut: names are put in for one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from flask import render_template
from flask_babel import gettext as _
from markupsafe import Markup, escape

from portal.services.caseload import CaseloadPage, CaseloadRow
from portal.services.caseload_filters import PLAIN, Filters
from portal.web import context, csrf, cuts, kit
from portal.web.therapist import words
from portal.web.therapist.presenters import caseload_presenter
from portal.web.therapist.presenters.caseload_presenter import Kind


class Frame(NamedTuple):
    """What decides the page around the rows."""

    language: str
    practice: str
    roles: frozenset[str]
    has_shortcuts: bool
    filters: Filters
    is_first: bool
    has_rows: bool
    is_further: bool
    counts: tuple[str, ...]


def plain(page: CaseloadPage, filters: Filters, *, is_first: bool, has_shortcuts: bool) -> str:
    """The page as its address asks for it."""
    counts = caseload_presenter.numbers(page.counts)
    frame = Frame(
        words.locale(), context.practice().name, kit.viewer().roles, has_shortcuts, filters, is_first,
        bool(page.rows), page.after is not None, tuple(counts),
    )  # fmt: skip
    values = {
        **counts,
        "csrf": csrf.token(),
        "notices": notices(page),
        "rows": rows(page.rows, filters),
        "further": escape(further(page, filters)),
    }
    return cuts.fill(_frame(frame), values)


@lru_cache(maxsize=128)
def _frame(frame: Frame) -> cuts.Cut:
    token: Callable[[], Markup] = lambda: cuts.mark("csrf")  # noqa: E731  (the template calls it)
    return cuts.cut(
        render_template(
            "therapist/caseload.html",
            **around(frame.filters, {name: cuts.mark(name) for name in frame.counts}),
            csrf_token=token,
            notices=cuts.mark("notices"),
            rows=cuts.mark("rows") if frame.has_rows else "",
            further=cuts.mark("further") if frame.is_further else "",
            is_first=frame.is_first,
            is_search=False,
            name="",
            errors={},
            glass={},
        )
    )


def around(filters: Filters, counts: Mapping[str, str]) -> dict[str, object]:
    """What the template reads of filters and numbers, cut or not."""
    return {
        "first": "/caseload?" + urlencode(filters.as_fields()) if filters != PLAIN else "/caseload",
        "needs": caseload_presenter.needs(counts, filters),
        "filters": filters,
        "choices": caseload_presenter.choices(),
        "is_filtered": filters != PLAIN,
    }


def further(page: CaseloadPage, filters: Filters) -> str:
    """Where the list goes on; empty at its end."""
    return "/caseload?" + urlencode({**filters.as_fields(), "after": page.after}) if page.after else ""


def notices(page: CaseloadPage) -> Markup:
    """Letters that wait and outcomes that are due; mostly none."""
    if not page.letters and not page.outcomes:
        return Markup()
    drawn = render_template(
        "therapist/caseload_notices.html",
        letters=[{"id": one.id, "when": words.moment_words(one.written_at)} for one in page.letters],
        outcomes=[{"id": case_id, "when": words.day(day)} for case_id, day in page.outcomes],
    )
    return Markup(drawn)  # noqa: S704  (drawn by a template)


def rows(found: Iterable[CaseloadRow], filters: Filters = PLAIN) -> Markup:
    """The rows of the table."""
    viewer_id, language, is_closed = kit.viewer().id, words.locale(), filters.status == "closed"
    joined_by, now = _(" and "), kit.tools().now()
    drawn = [
        cuts.fill(
            _row(language, caseload_presenter.kind(row, viewer_id, is_closed=is_closed)),
            {
                "id": escape(row.id),
                "names": escape(caseload_presenter.names(row, joined_by)),
                "waiting": escape(words.waited(now - (row.at if is_closed else row.waiting_since), language)),
            },
        )
        for row in found
    ]
    return Markup("".join(drawn))  # noqa: S704  (cut from a template, filled with what was escaped)


@lru_cache(maxsize=1024)
def _row(_language: str, kind: Kind) -> cuts.Cut:
    slots = {name: cuts.mark(name) for name in ("id", "names", "waiting")}
    drawn = render_template("therapist/caseload_row.html", line=caseload_presenter.line(kind), **slots)
    return cuts.cut(drawn + "\n")
