"""The caseload in words: what each row needs, what is counted above, what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.domain.urgency import SIGNED
from portal.services.caseload import CaseloadRow
from portal.services.caseload_filters import Filters
from portal.services.caseload_queries import COUNTED
from portal.web import kit
from portal.web.therapist import of_two, words

#: The rules that mean a danger to life now (clinical.md §4, R2 and its gates).
_CRISIS = frozenset({"R2"})
_CRISIS_GATES = frozenset({"call_within_24h"})
_SAFETY = frozenset({"R1", "R1b", "R3", "R4", "R5b"})


@dataclass(frozen=True)
class Line:
    """One row in words. ``marks``: (kind of badge, words), the gravest first."""

    id: str
    names: str
    urgency: tuple[str, str]
    marks: tuple[tuple[str, str], ...]
    route: str
    route_name: str
    reason: str
    next: str
    waiting: str
    whose: str


@dataclass(frozen=True)
class Need:
    """Something that is counted above the list: how many, and where they stand."""

    text: str
    count: str
    href: str
    is_here: bool
    level: str


def line(row: CaseloadRow, *, is_closed: bool = False) -> Line:
    """One case of the queue."""
    level, urgency = words.URGENCY[row.urgency]
    return Line(
        id=row.id,
        names=_names(row),
        urgency=("none", _("Case closed")) if is_closed else (level, str(urgency)),
        marks=() if is_closed else _marks(row),
        route=row.route or "",
        route_name=str(words.ROUTES[row.route]) if row.route else "",
        reason=of_two.row_words(row.rule, row.reason) if row.rule and row.reason else "",
        next=_next(row),
        waiting=words.waiting(row.at if is_closed else row.waiting_since),
        whose=_whose(row),
    )


def _marks(row: CaseloadRow) -> tuple[tuple[str, str], ...]:
    matched = frozenset(row.rules)
    found = {
        ("danger", _("Crisis")): matched & _CRISIS or frozenset(row.gates) & _CRISIS_GATES,
        ("danger", _("Safety")): matched & _SAFETY,
        ("danger", _("No safe channel: await call")): "await_call" in row.gates,
        ("warning", _("Call overdue")): row.is_overdue,
        ("info", _("New since your last look")): row.is_new,
    }
    return tuple(mark for mark, is_so in found.items() if is_so)


def needs(counts: Mapping[str, int], filters: Filters) -> list[Need]:
    """What waits, with its number, as links that filter the list."""
    found = []
    for key, count in counts.items():
        if key == "overdue":
            found.append(Need(_("Calls overdue"), _number(count), "/calls", False, "now"))
            continue
        level, text = words.URGENCY[int(key)]
        is_here = filters.urgency == int(key)
        found.append(Need(str(text), _number(count), f"/caseload?urgency={key}", is_here, level))
    order = ["0", "overdue", "1", "2", "3"]
    return [
        need for _key, need in sorted(zip(counts, found, strict=True), key=lambda one: order.index(one[0]))
    ]


def _number(count: int) -> str:
    return _("more than 99") if count >= COUNTED else str(count)


def choices() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters: (field, label, options)."""
    every = _("all")
    levels = [(str(key), str(text)) for key, (_level, text) in words.URGENCY.items()]
    return [
        ("whose", _("Whose"), [("all", every), ("mine", _("Mine")), ("unassigned", _("Not assigned"))]),
        ("urgency", _("When"), [("", every), *levels]),
        ("route", _("Route"), [("", every), *((key, str(text)) for key, text in words.ROUTES.items())]),
        ("language", _("Language"), [("", every), ("en", "English"), ("es", "Español")]),
        ("status", _("Status"), [("open", _("Open cases")), ("closed", _("Closed cases"))]),
        ("sort", _("Order"), [("urgency", _("Most urgent first")), ("waiting", _("Waiting longest")),
                              ("newest", _("Newest form first"))]),
    ]  # fmt: skip


def _whose(row: CaseloadRow) -> str:
    if row.therapist_id == kit.viewer().id:
        return _("yours")
    return _("not assigned") if row.therapist_id is None else _("a colleague's")


def _names(row: CaseloadRow) -> str:
    known = [name for name in row.names if name]
    return _(" and ").join(known) if known else _("No name yet, opened %(day)s", day=words.day(row.opened_at))


def _next(row: CaseloadRow) -> str:
    """What to do next, in a few words, from the route and what stands signed."""
    if row.route is None:
        return _("Wait for the first form")
    if row.route == "safety" and row.urgency != SIGNED:
        return _("See each person alone, by the safe channel")
    if row.is_overdue:
        return _("Make the call that is overdue")
    if row.urgency == SIGNED:
        return _("Letters and appointments")
    if row.reason == "call_first":
        return _("Call first")
    if row.reason == "partner_not_submitted":
        return _("Call whoever has sent")
    if row.reason in ("missing", "stale"):
        return _("Ask for what is missing")
    return _("Read and sign")
