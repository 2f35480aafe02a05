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
    idle: frozenset[str]


def plain(page: CaseloadPage, filters: Filters, *, is_first: bool, has_shortcuts: bool) -> str:
    """The page as its address asks for it."""
    counts = caseload_presenter.numbers(page.counts)
    frame = Frame(
        words.locale(), context.practice().name, kit.viewer().roles, has_shortcuts, filters, is_first,
        bool(page.rows), page.after is not None, tuple(counts), caseload_presenter.idle(counts),
    )  # fmt: skip
    values = {
        **counts,
        "csrf": csrf.token(),
        "notices": notices(page),
        "rows": rows(page.rows, filters),
        "further": escape(further(page, filters)),
    }
    return cuts.fill(_frame(frame), values)


@lru_cache(maxsize=256)
def _frame(frame: Frame) -> cuts.Cut:
    token: Callable[[], Markup] = lambda: cuts.mark("csrf")  # noqa: E731  (the template calls it)
    return cuts.cut(
        render_template(
            "therapist/caseload.html",
            **around(frame.filters, {name: cuts.mark(name) for name in frame.counts}, frame.idle),
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


def around(filters: Filters, counts: Mapping[str, str], idle: frozenset[str]) -> dict[str, object]:
    """What the template reads of filters and numbers, cut or not; ``idle``: of what there is none."""
    return {
        "first": "/caseload?" + urlencode(filters.as_fields()) if filters != PLAIN else "/caseload",
        "needs": caseload_presenter.needs(counts, filters, idle),
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
    viewer_id, is_closed, now = kit.viewer().id, filters.status == "closed", kit.tools().now()
    language, zone = words.locale(), context.practice().time_zone
    drawn: list[str] = []
    for row in found:
        decided_by = language, zone, caseload_presenter.whose(row, viewer_id), is_closed
        around = row.drawn.get(decided_by)
        if around is None:
            around = row.drawn[decided_by] = _drawn(row, viewer_id, language, is_closed=is_closed)
        since = row.at if is_closed else row.waiting_since
        drawn += (around[0], _waiting(words.waited(now - since, language)), around[1])
    return Markup("".join(drawn))  # noqa: S704  (cut from a template, filled with what was escaped)


def _drawn(row: CaseloadRow, viewer_id: str, language: str, *, is_closed: bool) -> tuple[str, str]:
    """A row before and after how long somebody waits: the only part of it that changes by itself."""
    drawn = _row(language, caseload_presenter.kind(row, viewer_id, is_closed=is_closed))
    values = {"id": escape(row.id), "names": escape(caseload_presenter.names(row, _(" and ")))}
    before, after = cuts.around(drawn, "waiting")
    return cuts.fill(before, values), cuts.fill(after, values)


@lru_cache(maxsize=1024)
def _waiting(span: str) -> str:
    return str(escape(span))


@lru_cache(maxsize=1024)
def _row(_language: str, kind: Kind) -> cuts.Cut:
    slots = {name: cuts.mark(name) for name in ("id", "names", "waiting")}
    drawn = render_template("therapist/caseload_row.html", line=caseload_presenter.line(kind), **slots)
    return cuts.cut(drawn + "\n")
