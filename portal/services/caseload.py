"""The caseload: what needs this therapist now, safety first, then by waiting time.

One statement a page, whatever it holds (``caseload_queries``): cases with newest recommendation and consent
names, what is new or overdue about each, counts that go no further than 99, and the letters that wait for
approval.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from portal.domain.access import Viewer
from portal.domain.normal_forms import normalized
from portal.domain.urgency import LOST
from portal.domain.visibility import ALONE_WAITS
from portal.models import moment
from portal.services import audit, case_names, caseload_queries, caseload_rows
from portal.services.caseload_filters import PLAIN, Cursor, Filters
from portal.services.caseload_queries import PAGE
from portal.services.staff_letters import WaitingLetter
from portal.services.tools import Tools
from portal.store import Hot, is_postgres
from portal.vault import Place


def route_mark(tools: Tools, route: str) -> str:
    """By what a route is filtered: the database tells equal from different, and not which."""
    return tools.vault.digest("staff", "route", route)


@dataclass(frozen=True)
class CaseloadRow:
    """One case of the queue. ``names``: consent names of a and b, None before consent.

    ``route``, ``reason``, ``rule``, ``gates``: of the newest recommendation, None and empty before one.
    ``is_new``: a form came since this therapist last opened the case. ``at``: the time it is sorted by.
    """

    id: str
    names: tuple[str | None, str | None]
    urgency: int
    at: datetime
    waiting_since: datetime
    opened_at: datetime
    therapist_id: str | None
    route: str | None = None
    reason: str | None = None
    rule: str | None = None
    rules: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    is_new: bool = False
    is_overdue: bool = False
    #: An urgent case where each person who came was seen alone, since they last sent.
    is_seen: bool = False
    #: Slots of those of whose form something cannot be opened.
    lost: tuple[str, ...] = ()
    #: What a page made of the row, by what else decided it. It goes with the row, and with the keys.
    drawn: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def cursor(self) -> Cursor:
        """The position after this row."""
        return Cursor(self.urgency, self.at, self.id)


@dataclass(frozen=True)
class CaseloadPage:
    """Cases in the order asked for, letters for this person's approval, where to go on.

    ``counts``: how many cases of one's own or nobody's want something, by urgency ("0" to "3") and
    "overdue"; one more than 99 stands for more. ``outcomes``: (case, day) of discernments whose outcome is
    due and not noted, the oldest first.
    """

    rows: tuple[CaseloadRow, ...]
    letters: tuple[WaitingLetter, ...]
    after: Cursor | None
    counts: Mapping[str, int] = field(default_factory=dict)
    outcomes: tuple[tuple[str, date], ...] = ()


def page(
    session: Hot, tools: Tools, *, by: Viewer, after: Cursor | None = None, filters: Filters = PLAIN
) -> CaseloadPage:
    """One page of the queue and the event that it was looked at: two statements, three where a row is new."""
    values = _values(tools, by, after) | (
        {"route": route_mark(tools, filters.route)} if filters.route else {}
    )
    by_parts = is_postgres(session)
    asked = caseload_queries.driven(filters, is_first=after is None, by_parts=by_parts)
    found: dict[str, list[tuple[Any, ...]]] = {
        kind: [] for kind in ("case", "letter", "mark", "count", "outcome")
    }
    for row in asked.rows(session, values):
        found[row[0]].append(row)
    cases = caseload_queries.in_order(filters, found["case"])
    rows = _rows(tools, cases, cache(lambda: _sealed(session, cases)))
    waiting = caseload_queries.in_order(filters, found["letter"])
    letters = tuple(WaitingLetter(row[1], row[6], moment(row[3])) for row in waiting)
    marks = [Cursor(row[2], moment(row[3]), row[1]) for row in found["mark"]]
    counts = {row[1]: row[2] for row in found["count"]}
    due = sorted((row[6], row[1]) for row in found["outcome"])
    outcomes = tuple((case_id, date.fromisoformat(day)) for day, case_id in due)
    # Not the filters: how many cases of a route or urgency there are is not for the trail.
    detail: audit.Detail = {"rows": len(rows[:PAGE])}
    audit.record(session, tools, by=by, verb="caseload.viewed", subject=("staff", by.id), detail=detail)
    further = rows[PAGE - 1].cursor if len(rows) > PAGE else marks[0] if marks else None
    return CaseloadPage(rows[:PAGE], letters, further, counts, outcomes)


def search(session: Session, tools: Tools, *, name: str, by: Viewer) -> CaseloadPage:
    """The viewer's cases, open or closed, where every word of ``name`` begins a word of a partner's name.

    Opens the names of the newest thousand cases and compares them without case and accents: nothing
    in the database tells a thief who is searched for. Beyond that number, tokens are needed (security.md
    §0, "Search by name").
    """
    wanted = _folded(name)
    found = session.execute(caseload_queries.search(), _values(tools, by, None)).all()
    cases = [tuple(row[: caseload_rows.WIDTH]) for row in found]
    sealed = {key: blob for row in found for key, blob in zip(row[caseload_rows.IDS], row[-3:], strict=True)}
    hits = sorted(
        (row for row in _rows(tools, cases, lambda: sealed) if _is_hit(row, wanted)),
        key=lambda row: (row.urgency, row.waiting_since, row.id),
    )[:PAGE]
    audit.record(
        session, tools, by=by, verb="caseload.searched", subject=("staff", by.id), detail={"rows": len(hits)}
    )
    return CaseloadPage(tuple(hits), (), None)


def _is_hit(row: CaseloadRow, wanted: list[str]) -> bool:
    words = _folded(" ".join(name for name in row.names if name is not None))
    return bool(wanted) and all(any(word.startswith(part) for word in words) for part in wanted)


def _folded(text: str) -> list[str]:
    plain = normalized("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char)).replace("-", " ").split()


def _values(tools: Tools, by: Viewer, after: Cursor | None) -> dict[str, object]:
    """What the kept statements below are run with."""
    now = tools.now()
    values: dict[str, object] = {
        "viewer": by.id, "now": now, "alone_before": now - ALONE_WAITS, "today": now.date().isoformat(),
    }  # fmt: skip
    if after is not None:
        values |= {"after_urgency": after.urgency, "after_at": after.at, "after_id": after.id}
    return values


class _Advice(NamedTuple):
    """What a row tells of its newest recommendation."""

    route: str | None = None
    reason: str | None = None
    rule: str | None = None
    rules: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


_NOTHING: Final = _Advice()


#: Ciphertexts by the ids of their rows.
Sealed = Callable[[], Mapping[Any, bytes | None]]


def _rows(tools: Tools, cases: Iterable[tuple[Any, ...]], sealed: Sealed) -> tuple[CaseloadRow, ...]:
    """Rows opened, or as they were opened a while ago: known by every column. ``sealed``: by id, asked for
    when there is one that nobody knows.

    A recommendation and a consent are added and erased, never changed (but for the keys that they are under,
    and what is remembered goes with the keys): so their ids stand for what they hold.
    """
    reading = tools.reading()
    opened = reading.vault.opened
    return tuple(opened.recall_each("caseload", cases, lambda row: _row(reading, row, sealed)))


def _sealed(session: Hot, cases: list[tuple[Any, ...]]) -> dict[str, bytes]:
    return dict(caseload_rows.sealed().rows(session, caseload_rows.sealed_values(cases)))


def _row(tools: Tools, row: tuple[Any, ...], sealed: Sealed) -> CaseloadRow:
    # Taken apart at once: looked up by name, the columns of fifty rows cost as much as opening them again.
    _kind, case_id, urgency, at, waiting_since, opened_at, therapist_id, made_id, id_a, id_b, told = row
    held = {} if made_id is None and id_a is None and id_b is None else sealed()
    names = case_names.opened(tools, id_a, held.get(id_a)), case_names.opened(tools, id_b, held.get(id_b))
    route, reason, rule, rules, gates, lost = _advice(tools, made_id, held.get(made_id))
    return CaseloadRow(
        case_id, names, urgency, moment(at), moment(waiting_since), moment(opened_at), therapist_id,
        route, reason, rule, rules, gates,
        is_new=made_id is not None and bool(told & 1), is_overdue=bool(told & 2), is_seen=bool(told & 4),
        lost=lost,
    )  # fmt: skip


def _advice(tools: Tools, made_id: str | None, box: bytes | None) -> _Advice:
    """Not remembered by itself: the row is, and new advice makes a new row."""
    if made_id is None or box is None:
        return _NOTHING
    body = json.loads(tools.vault.unbox("staff", Place("recommendation", "body_box", made_id), box))
    rules, gates = tuple(body["matched_rules"]), tuple(body["gates"])
    return _Advice(body["route"], body["reason"], body["rule"], rules, gates, tuple(body.get(LOST, ())))
