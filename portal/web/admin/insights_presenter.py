"""The practice's figures in words and shapes: charts with their tables, small cells left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from babel.dates import format_skeleton
from flask_babel import gettext as _

from portal.content import questionnaire
from portal.domain import small_cells
from portal.domain.agreement import Agreement, by_rule, kappa
from portal.domain.figures import median, within
from portal.domain.working_days import CALL_WITHIN
from portal.services.insights import InsightView
from portal.web import context
from portal.web.admin.insight_blocks import Block, Counts, bars, count_words, heat, pairs, percent
from portal.web.outcomes import REASON_CODES, ROUTES

#: Doherty, Harris & Wilde 2016, 100 couples, descriptive: paths 1, 2, 3 in per cent.
PUBLISHED: Final = (12, 41, 47)
LEANS: Final = ("1", "2", "3", "4", "5")
MONTHS: Final = 12
#: Counts of sections are rounded to this, so that two neighbours give away no small difference.
ROUNDED_TO: Final = 5


def present(view: InsightView) -> tuple[Block, ...]:
    """Every chart, in the order of a year's questions."""
    counts = view.counts
    return (
        _route_mix(counts["routes"]),
        _leans(counts["lean"]),
        _agreement(counts["reviews"]),
        _reasons(counts["reasons"]),
        _times(counts),
        _completion(counts),
        _left_at(counts["left_at"]),
        _paths(counts["paths"]),
    )


def _route_mix(counts: Counts) -> Block:
    found = pairs(counts)
    months = sorted({month for month, _route in found})[-MONTHS:]
    shown = small_cells.suppressed(
        {(month, route): found.get((month, route), 0) for month in months for route in ROUTES}
    )
    return heat(
        *("routes", _("Routes by month"), _("Route"), [_month(month) for month in months]),
        rows=[(str(name), [shown[month, key] for month in months]) for key, name in ROUTES.items()],
        note=_("Each case once, in the month of its newest recommendation; the last twelve months with any."),
    )


def _leans(counts: Counts) -> Block:
    found = pairs(counts)
    shown = small_cells.suppressed({(a, b): found.get((a, b), 0) for a in LEANS for b in LEANS})
    return heat(
        *("lean", _("Where the two partners stand"), _("Partner A"), [f"B {lean}" for lean in LEANS]),
        rows=[(f"A {lean}", [shown[lean, other] for other in LEANS]) for lean in LEANS],
        note=_("Couples of whom both sent their form. 1 firmly staying, 3 torn, 5 decided to end."),
    )


def _agreement(counts: Counts) -> Block:
    table: dict[tuple[str, str, str], int] = {}
    for key, count in counts.items():
        rule, recommended, signed = key.split("|")
        table[rule, recommended, signed] = table.get((rule, recommended, signed), 0) + count
    overall: dict[tuple[str, str], int] = {}
    for (_rule, recommended, signed), count in table.items():
        overall[recommended, signed] = overall.get((recommended, signed), 0) + count
    lines = [(_("All cases"), sum(overall.values()), kappa(overall)), *_by_rule(table)]
    shown = [(label, count, found) for label, count, found in lines if found and count >= small_cells.LEAST]
    return Block(
        id="agreement",
        title=_("Recommendation and signed review"),
        kind="forest",
        note=_(
            "Cohen's kappa with its 95 % interval: agreement beyond chance, 1 is full. By row of the table: "
            "recommended by it or not, against signed as it says or not. Agreement shows how often the "
            "suggestion was followed, not that it was right."
        ),
        drawn=[
            {"label": label, "at": found.kappa, "low": found.low, "high": found.high}
            for label, _count_, found in shown
            if found.kappa is not None
        ],
        heads=(),
        columns=[
            _("Row"), (_("Signed cases"), "num"), (_("As recommended"), "num"), (_("Kappa"), "num"),
            _("95 % interval"),
        ],
        rows=[_agreed(label, count, found) for label, count, found in shown],
    )  # fmt: skip


def _by_rule(table: Mapping[tuple[str, str, str], int]) -> list[tuple[str, int, Agreement | None]]:
    """Each row with the cases it led; of few cases nothing is told, nor of the one beside them."""
    routes = {rule: route for rule, route, _signed in table}
    led = {rule: sum(count for key, count in table.items() if key[0] == rule) for rule in routes}
    told = small_cells.suppressed(led)
    found = []
    for rule in sorted(routes):
        if told[rule] is not None:
            found.append(
                (f"{rule} · {ROUTES[routes[rule]]}", led[rule], kappa(by_rule(table, rule, routes[rule])))
            )
    return found


def _agreed(label: str, count: int, found: Agreement) -> list[Any]:
    share = f"{round(100 * found.share)} %"
    if found.kappa is None or found.low is None or found.high is None:
        return [label, count, share, "–", _("not defined: always the same answer")]
    return [label, count, share, f"{found.kappa:.2f}", f"{found.low:.2f} – {found.high:.2f}"]


def _reasons(counts: Counts) -> Block:
    shown = small_cells.suppressed({key: counts.get(key, 0) for key in REASON_CODES})
    return bars(
        *("reasons", _("Why reviews were overridden"), _("Reason")),
        rows=[(str(name), shown[key]) for key, name in REASON_CODES.items()],
        note=_("The newest signed review of each case, where it was an override."),
    )


def _times(counts: Mapping[str, Counts]) -> Block:
    lines = [
        (_("From sending to the first interview, each person"), _days(counts["call_days"])),
        (_("From the first form to the signature, each case"), _days(counts["sign_days"])),
    ]
    told = [(label, days, _within(days)) for label, days in lines]
    return Block(
        id="times",
        title=_("Time to the first interview and to the signature"),
        kind="bars",
        note=_(
            "Target: within %(days)s working days. Who has not been seen yet is not counted.",
            days=CALL_WITHIN,
        ),
        drawn=[{"label": label, "count": share, "unit": " %"} for label, _days_, share in told],
        heads=(),
        columns=[
            _("Time"),
            (_("Counted"), "num"),
            (_("Median, working days"), "num"),
            (_("Within target"), "num"),
        ],
        rows=[
            [
                label,
                count_words(_whole(days)),
                count_words(median(days) if _whole(days) else None),
                percent(share),
            ]
            for label, days, share in told
        ],
    )


def _days(counts: Counts) -> dict[int, int]:
    return {int(days): count for days, count in counts.items()}


def _whole(days: Mapping[int, int]) -> int | None:
    count = sum(days.values())
    return count if count >= small_cells.LEAST else None


def _within(days: Mapping[int, int]) -> int | None:
    """The share within target, unless few were inside or outside it."""
    count, inside = sum(days.values()), within(days, CALL_WITHIN)
    if _whole(days) is None or None in small_cells.suppressed({True: inside, False: count - inside}).values():
        return None
    return round(100 * inside / count)


def _completion(counts: Mapping[str, Counts]) -> Block:
    begun, sent = counts["forms"].get("begun", 0), counts["forms"].get("sent", 0)
    steps = [(_("Begun"), begun)]
    steps += [(title, counts["sections"].get(key, 0)) for key, title in _sections()]
    steps.append((_("Sent"), sent))
    return bars(
        *("completion", _("How far people get in the form"), _("Section")),
        rows=[(label, ROUNDED_TO * round(count / ROUNDED_TO)) for label, count in steps],
        note=_("People who answered something in a section of their first form; rounded to fives."),
    )


def _left_at(counts: Counts) -> Block:
    shown = small_cells.suppressed({key: counts.get(key, 0) for key, _title in _sections()})
    return bars(
        *("left-at", _("Where a form lies that was not sent"), _("Section")),
        rows=[(title, shown[key]) for key, title in _sections()],
        note=_("Begun and not sent, by the section that is open. Some of them are still being filled in."),
    )


def _paths(counts: Counts) -> Block:
    """The three paths beside those of the one published series."""
    names = {
        "1": _("Staying as it is"),
        "2": _("Separation, or ending it"),
        "3": _("Six months of couples therapy"),
    }
    shown = small_cells.suppressed({key: counts.get(key, 0) for key in names})
    whole = sum(counts.values())
    shares = {
        key: None if count is None or whole < small_cells.LEAST else round(100 * count / whole)
        for key, count in shown.items()
    }
    lines = list(zip(names, names.values(), PUBLISHED, strict=True))
    return Block(
        id="paths",
        title=_("Discernment: the three paths"),
        kind="bars",
        note=_(
            "Beside the 100 couples of Doherty, Harris & Wilde 2016: 12 %, 41 % and 47 %. That series is "
            "descriptive; it is no target, and says nothing about which path is right."
        ),
        drawn=[
            {"label": f"{name}{ours}", "count": count, "unit": " %"}
            for key, name, published in lines
            for ours, count in ((_(" (here)"), shares[key]), (_(" (published)"), published))
        ],
        heads=(),
        columns=[_("Path"), (_("Count"), "num"), (_("Here"), "num"), (_("Published"), "num")],
        rows=[
            [name, count_words(shown[key]), percent(shares[key]), f"{published} %"]
            for key, name, published in lines
        ],
    )


def _sections() -> list[tuple[str, str]]:
    locale = context.locale()
    return [(section.key, section.title.in_locale(locale)) for section in questionnaire.load().sections]


def _month(month: str) -> str:
    return format_skeleton("yMMM", date.fromisoformat(f"{month}-15"), locale=context.locale())
