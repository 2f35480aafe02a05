"""The page of the caseload and its rows, cut once: everything but who it is, how long, and how many.

A kind of row is kept by what decides its words, the frame by who looks (language, roles) and what was asked
for. No name is ever in a cut: names are put in for one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
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
from portal.web.therapist.presenters.caseload_presenter import Kind, Whose


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


def plain(page: CaseloadPage, filters: Filters, *, is_first: bool, has_shortcuts: bool) -> bytes:
    """The page as its address asks for it, in the bytes that are sent."""
    counts = caseload_presenter.numbers(page.counts, words.locale())
    frame = Frame(
        words.locale(), context.practice().name, kit.viewer().roles, has_shortcuts, filters, is_first,
        bool(page.rows), page.after is not None, tuple(counts), caseload_presenter.idle(counts),
    )  # fmt: skip
    told = {
        **counts,
        "csrf": csrf.token(),
        "notices": notices(page),
        "further": escape(further(page, filters)),
    }
    pieces = {name: [text.encode()] for name, text in told.items()} | {"rows": rows(page.rows, filters)}
    between, names = _frame(frame)
    whole = [between[0]]
    for name, text in zip(names, between[2::2], strict=True):
        whole += pieces[name]
        whole.append(text)
    return b"".join(whole)


@lru_cache(maxsize=256)
def _frame(frame: Frame) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Bytes of a page and, where nothing stands, the names of its marks."""
    token: Callable[[], Markup] = lambda: cuts.mark("csrf")  # noqa: E731  (the template calls it)
    drawn = render_template(
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
    return cuts.in_bytes(cuts.cut(drawn))


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
    return f"{_address(filters)}after={page.after}" if page.after else ""  # digits, dots and dashes


@lru_cache(maxsize=256)
def _address(filters: Filters) -> str:
    fields = filters.as_fields()
    return f"/caseload?{urlencode(fields)}&" if fields else "/caseload?"


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


class _Drawn(NamedTuple):
    """A row as it stands from one moment up to another: how long somebody waits changes by itself."""

    begins: datetime
    ends: datetime
    pieces: tuple[bytes, ...]


def rows(found: Iterable[CaseloadRow], filters: Filters = PLAIN) -> list[bytes]:
    """The rows of the table, in pieces: fifty rows are a few kinds, and what a kind shares is kept once."""
    viewer_id, is_closed, now = kit.viewer().id, filters.status == "closed", kit.tools().now()
    language, zone = words.locale(), context.practice().time_zone
    decided_by = {whose: (language, zone, whose, is_closed) for whose in caseload_presenter.WHOSE}
    drawn: list[bytes] = []
    for row in found:
        key = decided_by[caseload_presenter.whose(row, viewer_id)]
        held: _Drawn | None = row.drawn.get(key)
        if held is None or not held.begins <= now < held.ends:
            held = row.drawn[key] = _drawn(row, key, viewer_id, now)
        drawn += held.pieces
    return drawn


def _drawn(
    row: CaseloadRow, decided_by: tuple[str, str, Whose, bool], viewer_id: str, now: datetime
) -> _Drawn:
    language, _zone, _whose, is_closed = decided_by
    between, marks = _row(language, caseload_presenter.kind(row, viewer_id, is_closed=is_closed))
    since = row.at if is_closed else row.waiting_since
    waited, begins, ends = words.waited_until(now - since, language)
    told = {"id": row.id, "names": caseload_presenter.names(row, _(" and ")), "waiting": waited}
    values = {name: escape(text).encode() for name, text in told.items()}
    whole = list(between)
    whole[1::2] = [values[name] for name in marks]
    return _Drawn(since + begins, since + ends, tuple(whole))


@lru_cache(maxsize=1024)
def _row(_language: str, kind: Kind) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    slots = {name: cuts.mark(name) for name in ("id", "names", "waiting")}
    drawn = render_template("therapist/caseload_row.html", line=caseload_presenter.line(kind), **slots)
    return cuts.in_bytes(cuts.cut(drawn + "\n"))
