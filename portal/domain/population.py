"""A synthetic population of couples who ask for therapy, from stated base rates.

Rates that were measured name their study; ``[d]`` marks an assumption of ours, wide on purpose. Every rate
is a range: a simulated practice draws its own inside it, so that what is not known shows in the intervals.
Nobody's answers are in it. Couples draw partners independently but for what the couple shares: what happened
between them, and where they stand together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from portal.domain.constructs import ACTS, CONTROL_KINDS
from portal.domain.couple import SLOTS
from portal.domain.couple_calm import CALM

Draw = Callable[[], float]
"""Hands out numbers from 0 to below 1; chance is handed in, the domain draws none itself."""

AS_OF: Final = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share 0-1 between ``low`` and ``high``, what it is of, and where it comes from."""

    key: str
    low: float
    high: float
    says: str
    source: str


_D: Final = "[d]"
_OWEN: Final = "Owen et al. 2012 (249 couples)"
_HARM: Final = "clinical.md §3: a third to a half"

RATES: Final[tuple[Rate, ...]] = (
    Rate("mixed", 0.19, 0.29, "one partner leans in, the other out", f"{_OWEN}: 24 %"),
    Rate("both_out", 0.08, 0.16, "both want to find out first", f"{_OWEN}: 12 %"),
    Rate("physical", 0.33, 0.50, "couples with a physical act in the past year", _HARM),
    Rate(
        "told",
        0.50,
        0.75,
        "an act between them is told by either partner",
        f"poor agreement, clinical.md §3; {_D}",
    ),
    Rate("injury", 0.06, 0.15, "of those: with an injury or another severe act", _D),
    Rate("threat", 0.10, 0.20, "of those: with a threat in the past year", _D),
    Rate("strangled", 0.02, 0.05, "of those: something round the neck, ever", _D),
    Rate("pressure", 0.03, 0.08, "couples with sexual pressure in the past year", _D),
    Rate("fear_with", 0.08, 0.20, "a partner's fear where something happened", _D),
    Rate("fear_without", 0.01, 0.03, "a partner's fear where nothing happened", _D),
    Rate("strong", 0.10, 0.25, "of those: strong fear", _D),
    Rate("consequences", 0.01, 0.03, "a partner afraid of the consequences of honest words", _D),
    Rate("control", 0.06, 0.14, "a partner who tells of one mild kind of control", _D),
    Rate("severe_control", 0.01, 0.03, "a partner who tells of a severe kind, or of several", _D),
    Rate("escalating", 0.01, 0.03, "a partner who says that it gets worse", _D),
    Rate("order", 0.005, 0.015, "couples with an order of protection in force", _D),
    Rate("child_concern", 0.01, 0.03, "a partner concerned for a child", _D),
    Rate("child_now", 0.001, 0.004, "a partner who sees a child in danger now", _D),
    Rate("suicide_some", 0.06, 0.12, "a partner with thoughts of suicide, below a method", _D),
    Rate("suicide_high", 0.003, 0.012, "a partner with a method, an intent or a plan", _D),
    Rate("alcohol", 0.03, 0.07, "a partner with untreated drinking at the level of R5c", _D),
    Rate("unstable", 0.005, 0.015, "a partner with untreated psychosis, mania, drugs or withdrawal", _D),
    Rate("forced", 0.005, 0.02, "a partner for whom something bad would happen otherwise", _D),
    Rate("pushed", 0.06, 0.14, "a partner who was pushed to come", _D),
    Rate("not_private", 0.01, 0.04, "a partner who is not alone with the form", _D),
    Rate("declines", 0.03, 0.08, "a partner who leaves a safety answer for the talk", _D),
    Rate("missing", 0.02, 0.06, "a partner who leaves a routing answer blank", _D),
    Rate("secret", 0.03, 0.08, "a partner with a present outside relationship kept secret", _D),
    Rate("not_yet", 0.12, 0.25, "the second partner has not sent yet when the couple is looked at", _D),
    Rate("refuses", 0.06, 0.14, "the second partner says no", _D),
    Rate("decided", 0.08, 0.18, "of those leaning out: firmly decided", _D),
    Rate("apart", 0.05, 0.12, "of those leaning out: living apart or filed", _D),
    Rate("commits", 0.15, 0.35, "of those leaning out: would work on it for some months", _D),
    Rate("in_no", 0.03, 0.08, "of those leaning in: would not come to a first conversation", _D),
    Rate("out_no", 0.10, 0.20, "of those leaning out: would not come to a first conversation", _D),
    Rate("own_low", 0.06, 0.14, "hardly ready to look at their own part", _D),
)
"""Every base rate of the study."""

Rates = Mapping[str, float]


def practice_rates(draw: Draw) -> Rates:
    """One practice's own rates, each somewhere in its range."""
    return {rate.key: rate.low + (rate.high - rate.low) * draw() for rate in RATES}


def couple(rates: Rates, draw: Draw) -> dict[str, Any]:
    """One couple as a couple file, on the day it is first looked at."""
    agenda = draw()
    mixed, unsure = agenda < rates["mixed"], agenda < rates["mixed"] + rates["both_out"]
    leans_out = {"a": draw() < 0.5} if mixed else {"a": unsure}
    leans_out["b"] = not leans_out["a"] if mixed else unsure
    acts = _acts(rates, draw)
    partners = {slot: _partner(rates, draw, leans_out[slot], acts) for slot in SLOTS}
    participation = {"a": "submitted", "b": _second(rates, draw)}
    if participation["b"] != "submitted":
        del partners["b"]
    return {"as_of": AS_OF.isoformat(), "participation": participation, "partners": partners}


def _second(rates: Rates, draw: Draw) -> str:
    came = draw()
    if came < rates["not_yet"]:
        return "invited"
    return "declined" if came < rates["not_yet"] + rates["refuses"] else "submitted"


def _acts(rates: Rates, draw: Draw) -> tuple[str, ...]:
    """What happened between the two in the past year, told or not."""
    found = []
    if draw() < rates["physical"]:
        found.append("physical")
        found += [act for act in ("injury", "threat", "strangled") if draw() < rates[act]]
    if draw() < rates["pressure"]:
        found.append("sexual_pressure")
    return tuple(found)


def _partner(rates: Rates, draw: Draw, leans_out: bool, acts: Sequence[str]) -> dict[str, Any]:
    told = {act: "past_year" for act in acts if draw() < rates["told"]}
    is_suffering = draw() < 0.5
    found = {
        **CALM,
        "submitted_on": (AS_OF - timedelta(days=1)).isoformat(),
        "harm_received": {**dict.fromkeys(ACTS, "none"), **(told if is_suffering else {})},
        "harm_done": {**dict.fromkeys(ACTS, "none"), **({} if is_suffering else told)},
        **_dangers(rates, draw, bool(acts)),
        **_health(rates, draw),
        **_direction(rates, draw, leans_out),
        "indices": {key: round(100 * (draw() + draw()) / 2) for key in ("gottman", "eft", "developmental")},
    }
    if draw() < rates["declines"]:
        found["fear" if draw() < 0.5 else "suicide_level"] = "declined"
    if draw() < rates["missing"]:
        found["own_change"] = None
    return found


def _dangers(rates: Rates, draw: Draw, happened: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw() < rates["fear_with" if happened else "fear_without"]:
        found["fear"] = "strong" if draw() < rates["strong"] else "some"
    kinds = draw()
    if kinds < rates["severe_control"]:
        found["control_received"] = list(CONTROL_KINDS[3:5])
    elif kinds < rates["severe_control"] + rates["control"]:
        found["control_received"] = [CONTROL_KINDS[int(draw() * 4)]]
    for key, path, value in _YES:
        if draw() < rates[key]:
            found[path] = value
    return found


def _health(rates: Rates, draw: Draw) -> dict[str, Any]:
    thoughts = draw()
    level = 3 if thoughts < rates["suicide_high"] else 1 if draw() < rates["suicide_some"] else 0
    unstable = {"psychosis_mania": "current_untreated"} if draw() < rates["unstable"] else {}
    drinks = (
        {"alcohol_score": 8 + int(draw() * 5)}
        if draw() < rates["alcohol"]
        else {"alcohol_score": int(draw() * 8)}
    )
    return {"suicide_level": level, "mood_score": int((draw() + draw()) * 5), **unstable, **drinks}


def _direction(rates: Rates, draw: Draw, leans_out: bool) -> dict[str, Any]:
    own = {"own_change": 2 if draw() < rates["own_low"] else 7, "partner_lean_guess": 1 + int(draw() * 3)}
    if not leans_out:
        first = "no" if draw() < rates["in_no"] else "yes"
        return {**own, "lean": 1 + int(draw() * 2), "first_step": first}
    decided = draw() < rates["decided"]
    commits = draw() < rates["commits"] and not decided
    return {
        **own,
        "lean": 5 if decided else 3 + int(draw() * 2),
        "decision_firmness": 9,
        "first_step": "no" if draw() < rates["out_no"] else "one_or_two",
        "commit_months": "yes" if commits else "unsure",
        "doubts_told": "partly",
        "legal_steps": "living_apart" if draw() < rates["apart"] else "none",
    }


_YES: Final[tuple[tuple[str, str, Any], ...]] = (
    ("consequences", "fear_of_consequences", True),
    ("escalating", "escalating", "yes"),
    ("order", "order_of_protection", "current"),
    ("child_concern", "child_danger", "concern"),
    ("child_now", "child_danger", "now"),
    ("pushed", "voluntary", 2),
    ("forced", "voluntary", 1),
    ("not_private", "private", "no"),
    ("secret", "affair", "current_secret"),
)
