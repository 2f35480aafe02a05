"""The caseload in words: what each row needs, what is counted above, what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, NamedTuple, get_args

from flask_babel import gettext as _

from portal.domain.urgency import SIGNED
from portal.services.caseload import CaseloadRow
from portal.services.caseload_filters import Filters
from portal.services.caseload_head import COUNTED
from portal.web.therapist import of_two, words

Whose = Literal["own", "nobody", "colleague"]
WHOSE: Final[tuple[Whose, ...]] = get_args(Whose)

#: The rules that mean a danger to life now (clinical.md §4, R2 and its gates).
_CRISIS = frozenset({"R2"})
_CRISIS_GATES = frozenset({"call_within_24h"})
_SAFETY = frozenset({"R1", "R1b", "R3", "R4", "R5b"})
#: What is counted above the list, the gravest first.
_ORDER = ("0", "overdue", "1", "2", "3")


class Kind(NamedTuple):
    """What decides the words of a row, but for who it is and how long: rows of a kind are drawn once."""

    whose: Whose
    is_closed: bool
    urgency: int
    route: str | None
    reason: str | None
    rule: str | None
    rules: tuple[str, ...]
    gates: tuple[str, ...]
    is_new: bool
    is_overdue: bool
    is_seen: bool
    lost: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One kind of row in words. ``marks``: (kind of badge, words), the gravest first."""

    urgency: tuple[str, str]
    marks: tuple[tuple[str, str], ...]
    route: str
    route_name: str
    reason: str
    next: str
    whose: str


@dataclass(frozen=True)
class Need:
    """Something that is counted above the list: how many, and where they stand."""

    text: str
    count: str
    href: str
    is_here: bool
    level: str


def whose(row: CaseloadRow, viewer_id: str) -> Whose:
    """Whose case it is to somebody."""
    if row.therapist_id is None:
        return "nobody"
    return "own" if row.therapist_id == viewer_id else "colleague"


def kind(row: CaseloadRow, viewer_id: str, *, is_closed: bool) -> Kind:
    """What kind of row this is to somebody."""
    return Kind(
        whose(row, viewer_id), is_closed, row.urgency, row.route, row.reason,
        row.rule, row.rules, row.gates, row.is_new, row.is_overdue, row.is_seen,
        row.lost,
    )  # fmt: skip


def line(row: Kind) -> Line:
    """A kind of row in words."""
    level, urgency = words.URGENCY[row.urgency]
    return Line(
        urgency=("none", _("Case closed")) if row.is_closed else (level, str(urgency)),
        marks=() if row.is_closed else _marks(row),
        route=row.route or "",
        route_name=str(words.ROUTES[row.route]) if row.route else "",
        reason=_reason(row),
        next=_("Bring the key or the backup back; ask each person apart") if row.lost else _next(row),
        whose=_whose(row),
    )


def _reason(row: Kind) -> str:
    if not (row.rule and row.reason):
        return ""
    return of_two.row_words(row.rule, row.reason, is_lost=bool(row.lost))


def names(row: CaseloadRow, joined_by: str) -> str:
    """Who it is; before anybody gave a name, when the case was opened."""
    known = [name for name in row.names if name]
    return joined_by.join(known) if known else _("No name yet, opened %(day)s", day=words.day(row.opened_at))


def _marks(row: Kind) -> tuple[tuple[str, str], ...]:
    matched = frozenset(row.rules)
    found = {
        ("danger", _("Crisis")): matched & _CRISIS or frozenset(row.gates) & _CRISIS_GATES,
        ("danger", _("Safety")): matched & _SAFETY,
        ("danger", _("Answers of A cannot be opened")): "a" in row.lost,
        ("danger", _("Answers of B cannot be opened")): "b" in row.lost,
        ("danger", _("No safe channel: await call")): "await_call" in row.gates,
        ("warning", _("Call overdue")): row.is_overdue,
        ("info", _("New since your last look")): row.is_new,
    }
    return tuple(mark for mark, is_so in found.items() if is_so)


def numbers(counts: Mapping[str, int], language: str) -> dict[str, str]:
    """How many there are of each, in words."""
    told = {key: counts[key] for key in _ORDER if key in counts}
    return {key: _many(language) if count >= COUNTED else str(count) for key, count in told.items()}


@cache
def _many(_language: str) -> str:
    """Kept: to find the texts of a request takes longer than the rest of the numbers."""
    return _("more than 99")


def idle(counts: Mapping[str, str]) -> frozenset[str]:
    """Of what there is none: it alarms nobody."""
    return frozenset(key for key, count in counts.items() if count == "0")


def needs(counts: Mapping[str, str], filters: Filters, idle: frozenset[str]) -> list[Need]:
    """What waits, with its number, as links that filter the list."""
    return [_need(key, count, filters, is_idle=key in idle) for key, count in counts.items()]


def _need(key: str, count: str, filters: Filters, *, is_idle: bool) -> Need:
    if key == "overdue":
        return Need(_("Calls overdue"), count, "/calls", False, "none" if is_idle else "now")
    level, text = words.URGENCY[int(key)]
    is_here = filters.urgency == int(key)
    return Need(str(text), count, f"/caseload?urgency={key}", is_here, "none" if is_idle else level)


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


def _whose(row: Kind) -> str:
    if row.whose == "own":
        return _("yours")
    return _("not assigned") if row.whose == "nobody" else _("a colleague's")


def _next(row: Kind) -> str:
    """What to do next, in a few words, from the route and what stands signed."""
    if row.route is None:
        return _("Wait for the first form")
    if row.route == "safety" and row.urgency != SIGNED:
        return _next_of_safety(row)
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


def _next_of_safety(row: Kind) -> str:
    if row.is_seen:
        return _("All were seen alone: clear what was settled, or sign safety")
    return _("See each person alone, by the safe channel")
